package dev.weft.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.ConfigException;
import dev.weft.encode.CaptionForm;
import dev.weft.encode.QueryText;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Outcomes;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.store.Table;
import dev.weft.rank.Hit;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import dev.weft.train.FusionHead;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadBundle;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateJobTest {
  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  private static Map<String, Double> metrics(StageResult result, String head) {
    return ((Map<?, ?>) result.figures().get("metrics"))
        .entrySet().stream()
            .filter(entry -> entry.getKey().equals(head))
            .map(entry -> doubles((Map<?, ?>) entry.getValue()))
            .findFirst()
            .orElseThrow();
  }

  private static Map<String, Double> doubles(Map<?, ?> values) {
    Map<String, Double> doubles = new TreeMap<>();
    values.forEach((name, value) -> doubles.put((String) name, ((Number) value).doubleValue()));
    return doubles;
  }

  /** Every candidate of every query scored one by one, as a single process would. */
  private final class Directly {
    private final Session session;
    private final Snapshot ingest;
    private final Snapshot encode;
    private final Map<String, List<Row>> read = new HashMap<>();

    Directly(Session session) {
      this.session = session;
      ingest = session.artefact("ingest").require();
      encode = session.artefact("encode").require();
    }

    /** Recall@K of one category. */
    double recall(String dataset, String category, int cutoff, String head) {
      List<Triplet> triplets =
          QuerySet.triplets(spark, ingest, dataset, "val").stream()
              .filter(triplet -> triplet.category().equals(category))
              .toList();
      return triplets.stream()
          .mapToDouble(
              triplet ->
                  ranking(triplet, head).subList(0, cutoff).contains(triplet.target().orElseThrow())
                      ? 1
                      : 0)
          .average()
          .orElseThrow();
    }

    /** CIRCO's mAP@K. */
    double meanAveragePrecision(String dataset, int cutoff, String head) {
      return QuerySet.triplets(spark, ingest, dataset, "val").stream()
          .mapToDouble(
              triplet -> {
                List<String> ranking = ranking(triplet, head);
                double sum = 0;
                int hits = 0;
                for (int i = 0; i < cutoff; i++) {
                  if (triplet.groundTruths().contains(ranking.get(i))) {
                    hits++;
                    sum += (double) hits / (i + 1);
                  }
                }
                return sum / Math.min(cutoff, triplet.groundTruths().size());
              })
          .average()
          .orElseThrow();
    }

    List<String> ranking(Triplet triplet, String head) {
      List<Hit> hits = new ArrayList<>();
      float[] query = query(triplet, head);
      for (Row row : candidates(triplet)) {
        float[] image = VectorBytes.decode(row.getAs("vector"));
        double sum = 0;
        for (int i = 0; i < image.length; i++) {
          sum += (double) query[i] * image[i];
        }
        hits.add(
            new Hit(
                new ImageKey(triplet.dataset(), triplet.category(), row.getAs("id")), (float) sum));
      }
      return hits.stream().sorted().map(hit -> hit.image().id()).toList();
    }

    private List<Row> candidates(Triplet triplet) {
      List<String> gallery =
          rows(Table.GALLERIES, ingest).stream()
              .filter(row -> row.getAs("split").equals("val") && of(row, triplet))
              .map(row -> row.<String>getAs("image"))
              .toList();
      return rows(Table.IMAGE_EMBEDDINGS, encode).stream()
          .filter(row -> of(row, triplet) && gallery.contains(row.<String>getAs("id")))
          .toList();
    }

    private static String text(Triplet triplet) {
      return QueryText.of(triplet.captions(), CaptionForm.FIRST_AND_SECOND);
    }

    private float[] query(Triplet triplet, String head) {
      float[] image =
          rows(Table.IMAGE_EMBEDDINGS, encode).stream()
              .filter(row -> of(row, triplet) && row.getAs("id").equals(triplet.reference()))
              .map(row -> VectorBytes.decode(row.getAs("vector")))
              .findFirst()
              .orElseThrow();
      float[] text =
          rows(Table.TEXT_EMBEDDINGS, encode).stream()
              .filter(row -> row.getAs("text").equals(text(triplet)))
              .map(row -> VectorBytes.decode(row.getAs("vector")))
              .findFirst()
              .orElseThrow();
      if (head.equals("text")) {
        return text;
      }
      FusionHead fusion = TrainedHead.read(TrainedHead.require(session, head)).bundle().head();
      return fusion.compose(new float[][] {image}, new float[][] {text})[0];
    }

    private boolean of(Row row, Triplet triplet) {
      return row.getAs("dataset").equals(triplet.dataset())
          && row.getAs("category").equals(triplet.category());
    }

    private List<Row> rows(Table table, Snapshot snapshot) {
      return read.computeIfAbsent(
          table.name(), name -> table.read(spark, snapshot).collectAsList());
    }
  }

  @Test
  void metricsAreThoseOfADirectComputation() {
    Session session = TinyPipeline.session();

    StageResult result = EvaluateJob.score(session);

    Directly directly = new Directly(session);
    Map<String, Double> gated = metrics(result, "gated");
    List<Double> recalls = new ArrayList<>();
    for (String category : List.of("dress", "shirt", "toptee")) {
      double recall = directly.recall("wardrobe", category, 10, "gated");
      assertThat(gated.get(category + "/R@10")).as(category).isCloseTo(recall, within(1e-9));
      recalls.add(recall);
    }
    assertThat(gated.get("R@10"))
        .isCloseTo(
            recalls.stream().mapToDouble(Double::doubleValue).average().orElseThrow(), within(1e-9))
        .isBetween(0.01, 0.99); // else the comparison would show nothing
    assertThat(metrics(result, "text").get("dress/R@10"))
        .isCloseTo(directly.recall("wardrobe", "dress", 10, "text"), within(1e-9));
    assertThat(metrics(result, "sum").get("circo/mAP@5"))
        .isCloseTo(directly.meanAveragePrecision("wardrobe-circo", 5, "sum"), within(1e-9));
    assertThat(result.figures().get("protocols"))
        .isEqualTo(List.of("wardrobe/original", "wardrobe-circo/val"));
    assertThat(result.figures().get("best_head")).isIn("sum", "gated");
    assertThat(result.figures()).doesNotContainKey("degraded");
  }

  @Test
  void rowsDoNotDependOnTheNumberOfTasks() {
    Session session = TinyPipeline.session();
    Snapshot encode = session.artefact("encode").require();
    QuerySet set =
        QuerySet.read(spark, session.artefact("ingest").require(), session.config()).get(0);
    List<TrainedHead> heads = List.of(TrainedHead.read(TrainedHead.require(session, "gated")));
    List<List<Row>> ranked = new ArrayList<>();
    for (int tasks : new int[] {1, 4}) {
      try (Ranker ranker =
          new Ranker(
              spark,
              new Embeddings(spark, encode),
              Embeddings.encodedWith(encode).width(),
              heads,
              new Ranker.Spread(3, tasks))) {
        Dataset<Row> rows =
            ranker.rank(set.protocol(), set.categories().get(0), session.config().evaluate());
        assertThat(rows.toJavaRDD().getNumPartitions()).isEqualTo(tasks);
        ranked.add(rows.orderBy("head", "query").collectAsList());
      }
    }
    assertThat(ranked.get(0)).hasSize(3 * set.categories().get(0).queries().size());
    assertThat(ranked.get(1)).isEqualTo(ranked.get(0));
  }

  @Test
  void thePageShowsTheBestHeadAndComesBackWhenItWasLost() throws IOException {
    Session session = TinyPipeline.session("run=shown", "evaluate.examples=2");
    StageResult first = EvaluateJob.run(session);
    Path page = Path.of(URI.create((String) first.figures().get("page")));
    assertThat(page).isEqualTo(TinyPipeline.root().resolve("pages/shown.html"));
    String html = Files.readString(page);
    assertThat(html)
        .contains("Is " + first.figures().get("best_head") + " better?")
        .contains("Training loss, nats")
        .contains("\"protocol\":\"wardrobe/original\"", "\"protocol\":\"wardrobe-circo/val\"")
        .contains("data:image/png;base64,")
        .contains("4 of 34 queries with the first 8 answers");
    Files.delete(page);

    StageResult second = EvaluateJob.run(session);

    assertThat(second.status()).isEqualTo(StageResult.UP_TO_DATE);
    assertThat(Files.readString(page)).isEqualTo(html);
    try (var files = Files.list(page.getParent())) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("."))).isEmpty();
    }
    assertThat(EvaluateJob.lines(second)).anyMatch(line -> line.startsWith("gated "));
  }

  @Test
  void captionsJoinedInAnotherWayAreAnotherProtocol() {
    String both = "[first-and-second, second-and-first]";
    Session session =
        TinyPipeline.sessionOn(
            folder, "encode.caption-forms=" + both, "evaluate.caption-forms=" + both);
    EncodeJob.run(session);
    Snapshot encode = session.artefact("encode").require();

    StageResult result = EvaluateJob.score(session);

    assertThat((List<?>) result.figures().get("protocols"))
        .isEqualTo(List.of("wardrobe/original+both-orders-averaged", "wardrobe-circo/val"));
    QuerySet set =
        QuerySet.read(spark, session.artefact("ingest").require(), session.config()).get(0);
    Triplet triplet = set.queries().get(0);
    List<String> texts = Question.texts(triplet, set.protocol());
    assertThat(texts).hasSize(2);
    Map<String, byte[]> vectors = new Embeddings(spark, encode).texts(texts, "a test");
    float[] one = VectorBytes.decode(vectors.get(texts.get(0)));
    float[] other = VectorBytes.decode(vectors.get(texts.get(1)));
    float[] words =
        VectorBytes.decode(Question.of(set.protocol(), triplet, Map.of(), vectors).words());
    assertThat(words).isNotEqualTo(one);
    double ratio = (one[0] + other[0]) / (double) words[0];
    double square = 0;
    for (int i = 0; i < words.length; i++) {
      assertThat((double) words[i]).isCloseTo((one[i] + other[i]) / ratio, within(1e-5));
      square += words[i] * words[i];
    }
    assertThat(square).isCloseTo(1, within(1e-5));
    assertThatThrownBy(
            () -> EvaluateJob.score(TinyPipeline.session("evaluate.caption-forms=[second]")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("evaluate.caption-forms must be among encode.caption-forms")
        .hasMessageContaining("found [second]");
  }

  @Test
  void captionsAreEscapedOnThePage() throws IOException {
    Session session = TinyPipeline.sessionOn(folder, "evaluate.examples=40");
    Snapshot ingest = session.artefact("ingest").require();
    Snapshot encode = session.artefact("encode").require();
    Dataset<Row> triplets =
        Table.TRIPLETS
            .read(spark, ingest)
            .selectExpr(
                Arrays.stream(Table.TRIPLETS.schema().fieldNames())
                    .map(
                        name ->
                            name.equals("captions")
                                ? "array('<b onclick=\"x\">red</b>', 'it''s & so') AS captions"
                                : name)
                    .toArray(String[]::new));
    Attempt attempt = session.artefact("ingest").begin("escaped");
    Table.TRIPLETS.write(triplets, attempt);
    for (Table table : List.of(Table.IMAGES, Table.GALLERIES, Table.QUARANTINE)) {
      table.write(table.read(spark, ingest), attempt);
    }
    commit(attempt, Map.of(), Table.IMAGES, Table.TRIPLETS, Table.GALLERIES, Table.QUARANTINE);
    Row text = Table.TEXT_EMBEDDINGS.read(spark, encode).first();
    Attempt vectors = session.artefact("encode").begin("escaped");
    Table.TEXT_EMBEDDINGS.write(
        spark.createDataFrame(
            List.of(
                RowFactory.create("<b onclick=\"x\">red</b> and it's & so", text.getAs("vector"))),
            Table.TEXT_EMBEDDINGS.schema()),
        vectors);
    Table.IMAGE_EMBEDDINGS.write(Table.IMAGE_EMBEDDINGS.read(spark, encode), vectors);
    commit(vectors, encode.manifest().facts(), Table.TEXT_EMBEDDINGS, Table.IMAGE_EMBEDDINGS);

    String page = (String) EvaluateJob.score(session).figures().get("page");

    String html = Files.readString(Path.of(URI.create(page)));
    assertThat(html)
        .contains("\"t\":\"\\u003cb onclick=\\\"x\\\">red\\u003c/b> and it's & so\"")
        .doesNotContain("<b onclick");
    assertThat(Pattern.compile("\"t\":\"").matcher(html).results().count())
        .isEqualTo(30 + 4); // every query of the two data sets
  }

  @Test
  void runsCompareWithoutSpark() {
    Session session = TinyPipeline.session("run=compared");
    EvaluateJob.score(session);

    EvaluatedRun run = EvaluatedRun.open(session.hadoop(), TinyPipeline.root().toString());

    Outcomes outcomes = run.outcomes().get(0);
    Comparison comparison =
        Comparison.of(
            new Comparison.Side(outcomes, "text"),
            new Comparison.Side(outcomes, "gated"),
            List.of(10, 50),
            new Comparison.Bootstrap(100, 1));
    Map<String, Double> gated = metrics(EvaluateJob.score(session), "gated");
    for (String metric : List.of("R@10", "R@50", "dress/R@10")) {
      assertThat(comparison.by(metric).orElseThrow().second())
          .as(metric)
          .isCloseTo(gated.get(metric), within(1e-12));
    }
    assertThat(run.changesTo(run)).isEmpty();
    assertThat(run.settings()).containsEntry("seed", 1).doesNotContainKey("root");
    assertThatThrownBy(
            () -> EvaluatedRun.open(session.hadoop(), TinyPipeline.root() + "@no-such-tag"))
        .hasMessageContaining("its artefact evaluate has no version or tag 'no-such-tag'");
  }

  @Test
  void aHeadOfAnotherEncoderIsRefused() {
    Session session = TinyPipeline.sessionOn(folder);
    HeadBundle stranger =
        new HeadBundle(new HeadArchitecture.Sum(32), "another-encoder", 20, new float[0]);
    Attempt attempt = session.artefact("train/sum").begin("stranger");
    stranger.files().forEach(attempt::write);
    commit(attempt, Map.of());

    assertThatThrownBy(() -> EvaluateJob.score(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot use the head train/sum version 2 with encode version 1")
        .hasMessageContaining("it was made with the encoder another-encoder (width 32)")
        .extracting(thrown -> ((WeftException) thrown).exitCode())
        .isEqualTo(ExitCode.CONFIG);
  }

  @Test
  void anAnnotationOnlyRunIsRefused() {
    Session session = TinyPipeline.sessionOn(folder);
    Snapshot encode = session.artefact("encode").require();
    Attempt attempt = session.artefact("encode").begin("texts-only");
    Table.TEXT_EMBEDDINGS.write(Table.TEXT_EMBEDDINGS.read(spark, encode), attempt);
    Table.IMAGE_EMBEDDINGS.write(
        Table.IMAGE_EMBEDDINGS.read(spark, encode).where("dataset = 'wardrobe-circo'"), attempt);
    commit(attempt, encode.manifest().facts(), Table.TEXT_EMBEDDINGS, Table.IMAGE_EMBEDDINGS);

    assertThatThrownBy(() -> EvaluateJob.score(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot evaluate wardrobe/dress: none of its")
        .hasMessageContaining("An annotation-only run")
        .extracting(thrown -> ((WeftException) thrown).exitCode())
        .isEqualTo(ExitCode.INPUT_MISSING);
  }

  @Test
  void aSplitWithoutAnswersIsRankedForASubmission() throws IOException {
    Session session = TinyPipeline.session("evaluate.splits=[val, test]");

    StageResult result = EvaluateJob.score(session);

    assertThat(result.figures().get("protocols"))
        .isEqualTo(List.of("wardrobe/original", "wardrobe-circo/val"));
    EvaluatedRun run =
        EvaluatedRun.open(
            session.hadoop(),
            TinyPipeline.root() + "@" + result.snapshot().orElseThrow().version());
    Path file = Path.of(URI.create(run.predictions("wardrobe-circo/test", "gated")));
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(2).allMatch(line -> line.startsWith("{\"query\":\""));
    assertThatThrownBy(() -> run.predictions("wardrobe-circo/test", "tirg"))
        .hasMessageContaining("Cannot export wardrobe-circo/test of tirg: evaluate version")
        .hasMessageContaining("predictions/wardrobe-circo-test-gated.jsonl");
  }

  @Test
  void aSplitWithoutTargetsIsRefused() {
    Session session = TinyPipeline.session("evaluate.splits=[test]");

    assertThatThrownBy(() -> EvaluateJob.score(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("evaluate.splits must name a split whose targets are published")
        .hasMessageContaining("found 'test'");
  }

  private static void commit(Attempt attempt, Map<String, Object> facts, Table... tables) {
    String key = new RunKey("test", Map.of("id", UUID.randomUUID().toString()), Map.of(), 1).hash();
    attempt.commit(
        new CommitRequest(
            key,
            Provenance.here(key, Map.of(), "test", 1),
            Table.schemas(tables),
            facts,
            Instant.now()));
  }
}
