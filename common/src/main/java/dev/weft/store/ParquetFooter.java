package dev.weft.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/**
 * Makes the footers of equal files equal. Parquet's writer lists the encodings of a column in the
 * order of a hash set of enums, which is another in each process; a reader takes them for a set.
 */
final class ParquetFooter {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private ParquetFooter() {}

  /**
   * The end of a file with the encodings in the order of their numbers.
   *
   * @param end what follows the last row group: indexes, footer, its length, {@code PAR1}; where
   *     writing broke off before that it is returned as it is
   */
  static byte[] ordered(byte[] end) throws IOException {
    int length = end.length - Integer.BYTES - MAGIC.length; // without what follows the footer
    if (length < 0 || !Arrays.equals(MAGIC, Arrays.copyOfRange(end, end.length - 4, end.length))) {
      return end;
    }
    int from = length - ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).getInt(length);
    FileMetaData footer = Util.readFileMetaData(new ByteArrayInputStream(end, from, length - from));
    for (RowGroup group : footer.getRow_groups()) {
      for (ColumnChunk column : group.getColumns()) {
        Collections.sort(column.getMeta_data().getEncodings());
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(end.length);
    out.write(end, 0, from);
    Util.writeFileMetaData(footer, out);
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(bytes.putInt(out.size() - from).array());
    out.write(MAGIC);
    return out.toByteArray();
  }
}
