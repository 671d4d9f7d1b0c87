package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetFooterTest {
  private static final int AFTER_FOOTER = 8; // its length and the magic bytes

  @TempDir private Path folder;

  /** Words, each in its own row. */
  private static final class Words extends WriteSupport<String> {
    private RecordConsumer out;

    @Override
    @SuppressWarnings("deprecation") // deprecated, and abstract still
    public WriteContext init(Configuration ignored) {
      return new WriteContext(
          MessageTypeParser.parseMessageType(
              "message words { required binary a; required binary b; optional binary c; }"),
          Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = consumer;
    }

    @Override
    public void write(String word) {
      out.startMessage();
      for (String column : List.of("a", "b", "c")) {
        int number = column.charAt(0) - 'a';
        out.startField(column, number);
        out.addBinary(Binary.fromString(word));
        out.endField(column, number);
      }
      out.endMessage();
    }
  }

  /** The bytes of a file of some words. */
  private byte[] file(String name) throws IOException {
    HashingOutput file =
        HashingOutput.create(
            new Configuration(), new org.apache.hadoop.fs.Path(folder.toString()), name);
    try (ParquetWriter<String> writer = new ParquetBuilder<>(file, new Words()).build()) {
      for (int i = 0; i < 100; i++) {
        writer.write("word " + i % 10);
      }
    }
    byte[] bytes = Files.readAllBytes(folder.resolve(name));
    assertThat(file.entry("words", 100).bytes()).isEqualTo(bytes.length);
    return bytes;
  }

  private static int footerAt(byte[] file) {
    int length = file.length - AFTER_FOOTER;
    return length - ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(length);
  }

  private static FileMetaData footer(byte[] file) throws IOException {
    int from = footerAt(file);
    return Util.readFileMetaData(new ByteArrayInputStream(file, from, file.length - from));
  }

  private static List<Encoding> encodings(ColumnChunk column) {
    return column.getMeta_data().getEncodings();
  }

  @Test
  void theEncodingsOfAFileStandInTheOrderOfTheirNumbers() throws IOException {
    for (ColumnChunk column : footer(file("a.parquet")).getRow_groups().get(0).getColumns()) {
      assertThat(encodings(column)).hasSizeGreaterThan(1).isSorted();
    }
  }

  @Test
  void inWhateverOrderTheyStoodTheBytesAreTheSame() throws IOException {
    byte[] file = file("b.parquet");
    int from = footerAt(file);
    FileMetaData footer = footer(file);
    footer
        .getRow_groups()
        .forEach(group -> group.getColumns().forEach(c -> Collections.reverse(encodings(c))));
    ByteArrayOutputStream reversed = new ByteArrayOutputStream();
    reversed.writeBytes(Arrays.copyOf(file, from));
    Util.writeFileMetaData(footer, reversed);
    reversed.writeBytes(Arrays.copyOfRange(file, file.length - AFTER_FOOTER, file.length));
    assertThat(reversed.toByteArray()).isNotEqualTo(file);

    assertThat(ParquetFooter.ordered(reversed.toByteArray())).isEqualTo(file);
    assertThat(ParquetFooter.ordered(file)).isEqualTo(file);
  }

  @Test
  void whatEndsWithoutAFooterStaysAsItIs() throws IOException {
    byte[] broken = Arrays.copyOf(file("c.parquet"), 100);

    assertThat(ParquetFooter.ordered(broken)).isEqualTo(broken);
    assertThat(ParquetFooter.ordered(new byte[3])).isEqualTo(new byte[3]);
  }
}
