package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.compute.Workers;
import dev.weft.ingest.ImageKey;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorIndexTest {
  private static final Configuration HADOOP = new Configuration();
  private static final int WIDTH = 40;
  private static final int COUNT = 6000; // more than a block of rows
  private static final int K = 12;

  private static final List<float[]> VECTORS =
      Samples.clustered(new SplittableRandom(3), COUNT, WIDTH, 60);
  private static final List<Probe> PROBES = probes();

  @TempDir private Path folder;

  private static List<Probe> probes() {
    List<Probe> probes = new ArrayList<>();
    for (float[] vector : Samples.clustered(new SplittableRandom(4), 230, WIDTH, 9)) {
      probes.add(Probe.of(vector));
    }
    for (int row = 0; row < 100; row++) { // its twin ties with it
      probes.add(
          new Probe(
              VECTORS.get(row),
              Set.of(Samples.key(row + 1), Samples.key(COUNT + 7)),
              Optional.empty()));
    }
    return probes;
  }

  private static List<IndexRow> rows() {
    return IntStream.range(0, COUNT).mapToObj(row -> Samples.row(row, VECTORS.get(row))).toList();
  }

  private Snapshot index(int cells, int probes) {
    Artefact artefact = Artefact.open(HADOOP, folder.toString(), "index");
    IndexEditor editor = new IndexEditor(HADOOP, artefact, 1700, Samples.CLOCK);
    try (Workers workers = new Workers(2)) {
      Cells trained = cells == 1 ? Cells.one(WIDTH) : Cells.train(VECTORS, cells, 4, 1, workers);
      IndexLayout layout = new IndexLayout(cells, probes, 0.9, 0.9, 1, "a test");
      return editor.create(
          "a" + cells, Samples.PRICED, Samples.contract(WIDTH), layout, trained, rows());
    }
  }

  private static VectorIndex open(Snapshot snapshot) {
    return VectorIndex.open(HADOOP, snapshot, VectorIndex.Scope.all(), 2);
  }

  private static List<List<Hit>> expected(List<IndexRow> rows) {
    return expected(rows, PROBES, K);
  }

  private static List<List<Hit>> expected(List<IndexRow> rows, List<Probe> probes, int depth) {
    Gallery.Builder builder = Gallery.builder(WIDTH);
    rows.forEach(row -> builder.add(row.key(), row.vector()));
    try (Gallery gallery = builder.build()) {
      return ExactSearch.rank(gallery, probes, depth).stream().map(Ranking::hits).toList();
    }
  }

  @Test
  void allCellsGiveTheExactAnswerTiesIncluded() {
    try (VectorIndex one = open(index(1, 1));
        VectorIndex many = open(index(50, 2))) {
      assertThat(one.search(PROBES, K, 1)).isEqualTo(expected(rows()));
      assertThat(many.search(PROBES, K, 50)).isEqualTo(expected(rows()));
      assertThat(many.search(PROBES, 2 * COUNT, 50).get(0)).hasSize(COUNT);
    }
  }

  /** A vector of equal lengths in all directions: its code loses nothing. */
  private static float[] signs(SplittableRandom random) {
    float[] vector = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      vector[i] = (random.nextBoolean() ? 1 : -1) / (float) Math.sqrt(WIDTH);
    }
    return vector;
  }

  private void bestAre(List<float[]> vectors, List<float[]> queries) {
    List<IndexRow> rows =
        IntStream.range(0, COUNT).mapToObj(row -> Samples.row(row, vectors.get(row))).toList();
    List<Probe> probes = queries.stream().map(Probe::of).toList();
    Snapshot snapshot =
        new IndexEditor(
                HADOOP, Artefact.open(HADOOP, folder.toString(), "index"), COUNT, Samples.CLOCK)
            .create(
                "best",
                Samples.PRICED,
                Samples.contract(WIDTH),
                new IndexLayout(1, 1, 1, 1, 1, "a test"),
                Cells.one(WIDTH),
                rows);
    for (VectorIndex.Scope scope :
        List.of(VectorIndex.Scope.all(), VectorIndex.Scope.all().vectorsInFiles())) {
      try (VectorIndex index = VectorIndex.open(HADOOP, snapshot, scope, 2)) {
        assertThat(index.search(probes, 1, 1)).isEqualTo(expected(rows, probes, 1));
      }
    }
  }

  @Test
  void whatTheCodesOfQueriesLoseRulesNoBestRowOut() {
    SplittableRandom random = new SplittableRandom(6);

    bestAre(
        Stream.generate(() -> signs(random)).limit(COUNT).toList(),
        Stream.generate(() -> Samples.unit(random, WIDTH)).limit(300).toList());
  }

  @Test
  void whatTheCodesOfRowsLoseRulesNoBestRowOut() {
    SplittableRandom random = new SplittableRandom(7);

    bestAre(
        Stream.generate(() -> Samples.unit(random, WIDTH)).limit(COUNT).toList(),
        Stream.generate(() -> signs(random)).limit(300).toList());
  }

  @Test
  void fewQueriesAndManyHaveTheSameAnswers() {
    try (VectorIndex index = open(index(50, 2))) {
      assertThat(index.search(PROBES.subList(0, 70), K, 50))
          .isEqualTo(index.search(PROBES, K, 50).subList(0, 70));
    }
  }

  @Test
  void aFewCellsFindMostAndEveryScoreIsTrue() {
    try (VectorIndex index = open(index(50, 6))) {
      List<List<Hit>> truth = expected(rows());
      List<List<Hit>> found = index.search(PROBES, K, Optional.empty());

      int right = 0;
      for (int query = 0; query < truth.size(); query++) {
        assertThat(found.get(query)).isSorted();
        right += (int) found.get(query).stream().filter(truth.get(query)::contains).count();
      }
      assertThat((double) right / (K * truth.size())).isBetween(0.8, 0.9999);
    }
  }

  @Test
  void theMergedAnswersOfPartsAreTheAnswerOfTheWhole() {
    Snapshot snapshot = index(50, 3);
    Cells cells = IndexLayout.cells(snapshot);
    Set<Integer> probed = VectorIndex.probed(cells, PROBES.stream().map(Probe::vector).toList(), 3);
    List<List<List<Hit>>> parts = new ArrayList<>();
    int files = snapshot.files("index").size();
    assertThat(files).isEqualTo(4);
    for (Set<Integer> some : List.of(Set.of(0, 2), Set.of(1), Set.of(3))) {
      VectorIndex.Scope scope = new VectorIndex.Scope(Optional.of(some), Optional.of(probed));
      try (VectorIndex part = VectorIndex.open(HADOOP, snapshot, scope, 1)) {
        parts.add(part.search(PROBES, K, 3));
      }
    }
    try (VectorIndex whole = open(snapshot)) {
      List<List<Hit>> answers = whole.search(PROBES, K, 3);
      for (int query = 0; query < answers.size(); query++) {
        int number = query;
        assertThat(Hit.merge(parts.stream().map(part -> part.get(number)).toList(), K))
            .isEqualTo(answers.get(query));
      }
    }
  }

  @Test
  void vectorsLeftInTheFilesGiveTheSameAnswersInAQuarterOfTheMemory() {
    Snapshot snapshot = index(50, 6);
    VectorIndex.Scope scope = VectorIndex.Scope.all().vectorsInFiles();
    VectorIndex.Scope half = new VectorIndex.Scope(Optional.of(Set.of(0, 3)), Optional.empty());
    VectorIndex.Scope cells =
        new VectorIndex.Scope(Optional.of(Set.of(1, 2)), Optional.of(Set.of(21, 30)));
    try (VectorIndex memory = open(snapshot);
        VectorIndex files = VectorIndex.open(HADOOP, snapshot, scope, 2)) {
      assertThat(files.search(PROBES, K, 50)).isEqualTo(memory.search(PROBES, K, 50));
      assertThat(files.search(PROBES, K, Optional.empty()))
          .isEqualTo(memory.search(PROBES, K, Optional.empty()));
      assertThat(files.search(PROBES, 2 * COUNT, 50))
          .isEqualTo(memory.search(PROBES, 2 * COUNT, 50));
      assertThat(files.vector(Samples.key(77)).orElseThrow()).isEqualTo(VECTORS.get(77));
      assertThat(memory.bytes() - files.bytes()).isGreaterThan(COUNT * (4L * WIDTH - 8));
    }
    for (VectorIndex.Scope part : List.of(half, cells)) {
      try (VectorIndex memory = VectorIndex.open(HADOOP, snapshot, part, 2);
          VectorIndex files = VectorIndex.open(HADOOP, snapshot, part.vectorsInFiles(), 2)) {
        assertThat(files.size()).isPositive();
        assertThat(files.search(PROBES, K, 50)).isEqualTo(memory.search(PROBES, K, 50));
      }
    }
  }

  /** Random bytes get no shorter, so their pages have the lengths of plain ones, or nearly. */
  @ParameterizedTest
  @CsvSource({
    "SNAPPY, false, PARQUET_1_0, 9",
    "UNCOMPRESSED, true, PARQUET_1_0, 99",
    "UNCOMPRESSED, false, PARQUET_2_0, 1",
  })
  void vectorsThatCannotBeReadSinglyAreRefused(
      CompressionCodecName codec, boolean dictionary, WriterVersion version, int count)
      throws IOException {
    MessageType schema =
        new MessageType("index", Types.required(PrimitiveTypeName.BINARY).named("vector"));
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(folder.toString(), "a.parquet");
    SplittableRandom random = new SplittableRandom(8);
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(HadoopOutputFile.fromPath(file, HADOOP))
            .withType(schema)
            .withCompressionCodec(codec)
            .withDictionaryEncoding(dictionary)
            .withWriterVersion(version)
            .build()) {
      for (int i = 0; i < count; i++) {
        byte[] value = new byte[8];
        (dictionary ? new SplittableRandom(i % 2) : random).nextBytes(value);
        Binary vector = Binary.fromConstantByteArray(value);
        writer.write(new SimpleGroupFactory(schema).newGroup().append("vector", vector));
      }
    }
    IndexFileReader reader = new IndexFileReader(HADOOP, file);

    assertThatThrownBy(() -> reader.places(reader.parts().get(0), "vector", 8))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(
            "Cannot leave the vectors of the index in its files: the column vector")
        .hasMessageContaining("a.parquet is compressed or encoded")
        .hasMessageContaining("change-index --compact");
  }

  @Test
  void aProbeReadsItsCellsOnly() {
    Snapshot snapshot = index(50, 1);
    VectorIndex.Scope scope = new VectorIndex.Scope(Optional.empty(), Optional.of(Set.of(7, 30)));
    try (VectorIndex part = VectorIndex.open(HADOOP, snapshot, scope, 2)) {
      assertThat(part.size()).isBetween(1, COUNT / 5);
      assertThat(part.bytes()).isLessThan(COUNT / 5 * (5L * WIDTH + 200));
    }
  }

  @Test
  void aFilterChoosesCandidatesBeforeTheyAreRanked() {
    try (VectorIndex index = open(index(50, 2))) {
      Filter filter = index.filter("category = 'dress' AND (price < 20 OR price IS NULL)");
      List<IndexRow> passing =
          rows().stream()
              .filter(row -> row.key().category().equals("dress"))
              .filter(
                  row ->
                      !row.attributes().containsKey("price")
                          || (Double) row.attributes().get("price") < 20)
              .toList();

      assertThat(index.count(filter)).isEqualTo(passing.size());
      assertThat(index.search(PROBES, K, filter, 50)).isEqualTo(expected(passing));
      assertThat(index.search(PROBES, K, Optional.of(filter))).allMatch(hits -> hits.size() == K);
      assertThat(index.search(PROBES, K, index.filter("price > 1000"), 50)).allMatch(List::isEmpty);
    }
  }

  @Test
  void manyThreadsAskAtOnce() {
    try (VectorIndex index = open(index(50, 4))) {
      List<List<Hit>> alone = index.search(PROBES, K, Optional.empty());
      assertThat(
              IntStream.range(0, 24)
                  .parallel()
                  .mapToObj(any -> index.search(PROBES, K, Optional.empty())))
          .allMatch(alone::equals);
    }
  }

  @Test
  void itKnowsWhereAnImageIs() {
    try (VectorIndex index = open(index(50, 4))) {
      assertThat(index.location(Samples.key(77))).contains("file:/images/77.png");
      assertThat(index.vector(Samples.key(77)).orElseThrow()).isEqualTo(VECTORS.get(77));
      assertThat(index.location(new ImageKey("shop", "dress", "id-77"))).isEmpty();
    }
  }

  @Test
  void aQueryOfAnotherEncoderIsRefused() {
    try (VectorIndex index = open(index(1, 1))) {
      assertThatThrownBy(() -> index.search(List.of(Probe.of(new float[3])), K, 1))
          .isInstanceOf(WeftException.class)
          .hasMessageContaining("Cannot search for query 0: its vector has 3 values")
          .hasMessageContaining("those of the index have 40");
    }
  }

  @Test
  void aRowThatIsNoUnitVectorIsRefused() {
    assertThatThrownBy(() -> Samples.row(1, new float[] {2, 0}))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot index the image shop/shirt/id-1")
        .hasMessageContaining("has the length 2.000000");
  }
}
