package dev.weft.jobs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.FileEntry;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {
  private static final String DDL =
      "text STRING NOT NULL COMMENT 'a text', whole INT, big BIGINT, half FLOAT, full DOUBLE,"
          + " yes BOOLEAN, vector BINARY NOT NULL, words ARRAY<STRING> NOT NULL,"
          + " scores ARRAY<FLOAT>";
  private static final Table EVERYTHING = new Table("everything", StructType.fromDDL(DDL));
  private static final String KEY = new RunKey("test", Map.of(), Map.of(), 1).hash();

  private final SparkSession spark = LocalSpark.session();

  @TempDir java.nio.file.Path root;

  @Test
  void everyTypeComesBack() {
    Row full =
        RowFactory.create(
            "größe ≤ 3",
            Integer.MIN_VALUE,
            Long.MAX_VALUE,
            -0.25f,
            1e-300,
            true,
            VectorBytes.encode(new float[] {1, -2, Float.MIN_VALUE}),
            List.of("red", ""),
            List.of(0.5f, Float.NaN));
    Row empty = RowFactory.create("", null, null, null, null, null, new byte[0], List.of(), null);

    List<Row> back =
        EVERYTHING
            .read(spark, committed(EVERYTHING, rows(EVERYTHING, full, empty)))
            .collectAsList();

    assertThat(back).hasSize(2);
    for (int column : new int[] {0, 1, 2, 3, 4, 5}) {
      assertThat(back.get(0).get(column)).isEqualTo(full.get(column));
    }
    assertThat(VectorBytes.decode(back.get(0).getAs("vector")))
        .containsExactly(1, -2, Float.MIN_VALUE);
    assertThat(back.get(0).getList(7)).isEqualTo(List.of("red", ""));
    assertThat(back.get(0).getList(8)).isEqualTo(List.of(0.5f, Float.NaN));
    for (int column : new int[] {1, 2, 3, 4, 5, 8}) {
      assertThat(back.get(1).isNullAt(column)).as("column %d", column).isTrue();
    }
    assertThat(back.get(1).getString(0)).isEmpty();
    assertThat((byte[]) back.get(1).getAs("vector")).isEmpty();
    assertThat(back.get(1).getList(7)).isEmpty();
  }

  @Test
  void manifestListsTheFilesInTheOrderOfPartitionsAndRows() {
    Snapshot snapshot = committed(Table.TEXT_EMBEDDINGS, texts(1000).repartitionByRange(3, col()));

    assertThat(snapshot.rows("text_embeddings")).isEqualTo(1000);
    assertThat(snapshot.files("text_embeddings")).hasSize(3);
    List<String> texts = new ArrayList<>();
    for (Path file : snapshot.files("text_embeddings")) {
      Dataset<Row> part = spark.read().parquet(file.toString());
      part.collectAsList().forEach(row -> texts.add(row.getString(0)));
    }
    assertThat(texts).hasSize(1000).isSorted();
    snapshot.verify();
  }

  @Test
  void equalRowsGiveEqualBytes() {
    Dataset<Row> texts = texts(100).coalesce(2);

    Snapshot one = committed("one", Table.TEXT_EMBEDDINGS, texts);
    Snapshot two = committed("two", Table.TEXT_EMBEDDINGS, texts);

    assertThat(two.manifest().files().stream().map(FileEntry::sha256))
        .isEqualTo(one.manifest().files().stream().map(FileEntry::sha256).toList());
  }

  @Test
  void tableWithoutRowsIsOneEmptyFile() {
    Snapshot snapshot = committed(Table.IMAGES, rows(Table.IMAGES));

    assertThat(snapshot.files("images")).hasSize(1);
    assertThat(Table.IMAGES.read(spark, snapshot).collectAsList()).isEmpty();
    assertThat(spark.read().parquet(snapshot.files("images").get(0).toString()).columns())
        .isEqualTo(Table.IMAGES.schema().fieldNames());
  }

  @Test
  void partitionsWithoutRowsWriteNoFile() {
    Snapshot snapshot = committed(Table.TEXT_EMBEDDINGS, texts(1).repartition(7));

    assertThat(snapshot.files("text_embeddings")).hasSize(1);
  }

  @Test
  void plainSparkFindsCommentsAndTypes() {
    Path file = committed(Table.RANKINGS, rows(Table.RANKINGS)).files("rankings").get(0);

    StructType plain = spark.read().parquet(file.toString()).schema();

    assertThat(plain.toDDL()).isEqualTo(Table.RANKINGS.schema().toDDL().replace(" NOT NULL", ""));
    assertThat(plain.apply("ranking").getComment().get())
        .isEqualTo("image ids, best first; ties by id");
  }

  @Test
  void vectorsAreCompressedWithoutDictionaryAndStatistics() throws Exception {
    Path file =
        committed(Table.TEXT_EMBEDDINGS, texts(50).coalesce(1)).files("text_embeddings").get(0);

    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(file, spark.sparkContext().hadoopConfiguration()))) {
      BlockMetaData block = reader.getFooter().getBlocks().get(0);
      ColumnChunkMetaData vector = block.getColumns().get(1);
      assertThat(vector.getPath().toDotString()).isEqualTo("vector");
      assertThat(vector.getCodec()).isEqualTo(CompressionCodecName.ZSTD);
      assertThat(vector.getEncodings()).contains(Encoding.PLAIN);
      assertThat(vector.hasDictionaryPage()).isFalse();
      assertThat(vector.getStatistics().hasNonNullValue()).isFalse();
      assertThat(reader.getFooter().getFileMetaData().getSchema().toString())
          .contains("required binary text (STRING)", "required binary vector;");
    }
  }

  @Test
  void columnsAreTakenByName() {
    Dataset<Row> swapped = texts(3).select("vector", "text");

    Snapshot snapshot = committed(Table.TEXT_EMBEDDINGS, swapped);

    assertThat(Table.TEXT_EMBEDDINGS.read(spark, snapshot).orderBy("text").first().getString(0))
        .isEqualTo("text 0000");
  }

  @Test
  void nullInARequiredColumnStopsTheJob() {
    Dataset<Row> broken =
        spark.createDataFrame(
            List.of(RowFactory.create("a", null)),
            StructType.fromDDL("text STRING, vector BINARY"));

    assertThatThrownBy(() -> Table.TEXT_EMBEDDINGS.write(broken, attempt("a")))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BUG))
        .hasMessageStartingWith(
            "Cannot write the table text_embeddings: column vector is null and must not be.");
  }

  @Test
  void nullInAListStopsTheJob() {
    Row row =
        RowFactory.create(
            "", null, null, null, null, null, new byte[0], Arrays.asList("a", null), null);

    assertThatThrownBy(() -> EVERYTHING.write(rows(EVERYTHING, row), attempt("a")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("column words has a null in its list");
  }

  @Test
  void otherColumnsAreRefused() {
    Dataset<Row> rows = spark.sql("select 'a' text, 1L vektor, 2 more");

    assertThatThrownBy(() -> Table.TEXT_EMBEDDINGS.write(rows, attempt("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot write the table text_embeddings: vector is missing, more is not in the table,"
                + " vektor is not in the table.");
    assertThatThrownBy(
            () ->
                Table.TEXT_EMBEDDINGS.write(spark.sql("select 'a' text, 1L vector"), attempt("b")))
        .hasMessageContaining("vector is BIGINT instead of BINARY");
  }

  @Test
  void tableOfAnotherSchemaIsRefused() {
    Table older = new Table("text_embeddings", StructType.fromDDL("text STRING, vector BINARY"));
    Snapshot snapshot = committed(older, rows(older));

    assertThatThrownBy(() -> Table.TEXT_EMBEDDINGS.read(spark, snapshot))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("was written with the columns [text STRING, vector BINARY]")
        .hasMessageContaining("works with [text STRING NOT NULL, vector BINARY NOT NULL]");
  }

  @Test
  void failedTasksLeaveNoEntries() {
    Dataset<Row> broken =
        texts(10).union(spark.sql("select cast(null as string), cast('x' as binary)"));
    Attempt attempt = attempt("a");

    assertThatThrownBy(() -> Table.TEXT_EMBEDDINGS.write(broken, attempt))
        .isInstanceOf(WeftException.class);

    assertThatThrownBy(() -> attempt.commit(request(Table.TEXT_EMBEDDINGS)))
        .hasMessageContaining("files were written for the tables []");
  }

  @Test
  void filesAreToldOfAsTheirTasksEndAndNoRowsAreNoFile() {
    List<FileEntry> told = new ArrayList<>();

    Table.TEXT_EMBEDDINGS.write(texts(10).repartition(4), attempt("a"), told::addAll);
    Table.TEXT_EMBEDDINGS.write(texts(0), attempt("b"), told::addAll);

    assertThat(told).hasSize(4).doesNotHaveDuplicates();
    assertThat(told.stream().mapToLong(FileEntry::rows).sum()).isEqualTo(10);
  }

  @Test
  void whoCannotTakeTheFilesEndsTheJob() {
    assertThatThrownBy(
            () ->
                Table.TEXT_EMBEDDINGS.write(
                    texts(10),
                    attempt("a"),
                    files -> {
                      throw new WeftException(ExitCode.IO, "Cannot publish %d.", files.size());
                    }))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith("Cannot publish ");
  }

  @Test
  void everyTableOfTheContractHasItsSchema() throws Exception {
    List<Table> tables =
        List.of(
            Table.IMAGES,
            Table.TRIPLETS,
            Table.GALLERIES,
            Table.QUARANTINE,
            Table.IMAGE_EMBEDDINGS,
            Table.TEXT_EMBEDDINGS,
            Table.IMAGE_VECTORS,
            Table.TEXT_VECTORS,
            Table.RANKINGS,
            Table.INDEX,
            Table.RESULTS);

    for (Table table : tables) {
      Snapshot snapshot = committed(table.name(), table, rows(table));
      assertThat(table.read(spark, snapshot).columns()).isEqualTo(table.schema().fieldNames());
    }
  }

  @Test
  void noLitterBesideTheFiles() throws Exception {
    committed(Table.TEXT_EMBEDDINGS, texts(10));

    try (Stream<java.nio.file.Path> all = Files.walk(root)) {
      assertThat(all.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".crc") || name.startsWith("."))
          .noneMatch(name -> name.equals("_SUCCESS") || name.equals("_temporary"));
    }
  }

  private static org.apache.spark.sql.Column col() {
    return org.apache.spark.sql.functions.col("text");
  }

  private Dataset<Row> texts(int count) {
    List<Row> rows =
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    RowFactory.create(
                        String.format(Locale.ROOT, "text %04d", i),
                        VectorBytes.encode(new float[] {i, 1})))
            .toList();
    return spark.createDataFrame(rows, Table.TEXT_EMBEDDINGS.schema());
  }

  private Dataset<Row> rows(Table table, Row... rows) {
    return spark.createDataFrame(List.of(rows), table.schema()).coalesce(1);
  }

  private Attempt attempt(String id) {
    return Artefact.open(spark.sparkContext().hadoopConfiguration(), root.toString(), "test")
        .begin(id);
  }

  private Snapshot committed(Table table, Dataset<Row> rows) {
    return committed("attempt", table, rows);
  }

  private Snapshot committed(String id, Table table, Dataset<Row> rows) {
    Attempt attempt = attempt(id);
    table.write(rows, attempt);
    return attempt.commit(request(table));
  }

  private static CommitRequest request(Table table) {
    return new CommitRequest(
        KEY,
        Provenance.here("", Map.of(), "test", 0),
        Table.schemas(table),
        Map.of(),
        Instant.EPOCH);
  }
}
