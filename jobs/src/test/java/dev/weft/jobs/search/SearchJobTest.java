package dev.weft.jobs.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.IndexContract;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.index.IndexChange;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchJobTest {
  private static final SparkSession SPARK = LocalSpark.session();

  @TempDir private Path folder;

  @BeforeAll
  static void index() {
    Session session = TinyPipeline.session();
    EvaluateJob.score(session);
    IndexJob.run(session);
  }

  private static List<Row> indexed() {
    Snapshot index = TinyPipeline.session().artefact("index").require();
    return Table.INDEX.read(SPARK, index).where("dataset = 'wardrobe'").collectAsList().stream()
        .sorted(Comparator.comparing(row -> row.<String>getAs("id")))
        .toList();
  }

  private static List<Map<?, ?>> results(StageResult result) {
    List<Map<?, ?>> results = new ArrayList<>();
    ((List<?>) result.figures().get("results")).forEach(one -> results.add((Map<?, ?>) one));
    return results;
  }

  private static List<Object> ids(StageResult result) {
    return results(result).stream().<Object>map(one -> one.get("id")).toList();
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  @Test
  void anImageFileFindsItselfFirst() throws IOException {
    Row image = indexed().get(3);
    Path copy = folder.resolve("my photo.png"); // a blank in the name, no id in it
    Files.copy(Path.of(URI.create(image.getAs("location"))), copy);

    StageResult result =
        SearchJob.run(TinyPipeline.session("search.image=" + quoted(copy.toString())));

    Map<?, ?> first = results(result).get(0);
    assertThat(first.get("id")).isEqualTo(image.getAs("id"));
    assertThat(((Number) first.get("score")).doubleValue()).isCloseTo(1, within(1e-5));
    assertThat(results(result)).hasSize(10);
    assertThat(SearchJob.lines(result)).hasSize(12).first().asString().startsWith("rank   score");
    assertThat(SearchJob.lines(result)).last().asString().endsWith("pages/search.html");
    assertThat(result.figures()).containsEntry("queries", 1).doesNotContainKey("head");
    String html = Files.readString(Path.of(URI.create((String) result.figures().get("page"))));
    assertThat(html).contains("my photo.png").contains("data:image/png;base64,");
  }

  @Test
  void aFileOfQueriesAnswersAsTheSingleOnes() throws IOException {
    Row image = indexed().get(5);
    String location = image.getAs("location");
    String key = "wardrobe/" + image.getAs("category") + "/" + image.getAs("id");
    Path file = folder.resolve("queries.jsonl");
    Files.writeString(
        file,
        String.join(
            "\n",
            "{\"id\": \"both\", \"image\": \"" + location + "\", \"text\": \"is red & <i>\"}",
            "{\"id\": \"words\", \"text\": \"a blue dress\"}",
            "{\"id\": \"indexed\", \"image_id\": \"" + key + "\", \"text\": \"is red & <i>\"}"));
    Path output = folder.resolve("answers");

    StageResult many =
        SearchJob.run(TinyPipeline.session("search.queries=" + file, "search.output=" + output));

    List<Row> rows = Table.RESULTS.read(SPARK, many.snapshot().orElseThrow()).collectAsList();
    assertThat(rows).hasSize(30);
    List<Object> both =
        ids(
            SearchJob.run(
                TinyPipeline.session("search.image=" + location, "search.text='is red & <i>'")));
    assertThat(of(rows, "both")).isEqualTo(both);
    assertThat(of(rows, "indexed")).isEqualTo(both);
    assertThat(of(rows, "words"))
        .isEqualTo(ids(SearchJob.run(TinyPipeline.session("search.text=a blue dress"))))
        .isNotEqualTo(both);
    assertThat(many.figures().get("head")).isIn("sum", "gated");
    assertThat(SPARK.read().parquet(output.toString()).collectAsList())
        .containsExactlyInAnyOrderElementsOf(rows);
    assertThatThrownBy(
            () ->
                SearchJob.run(
                    TinyPipeline.session("search.queries=" + file, "search.output=" + output)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("it exists already");
    assertThat(SearchJob.run(TinyPipeline.session("search.queries=" + file)).status())
        .isEqualTo(StageResult.UP_TO_DATE);

    Path table = folder.resolve("queries.parquet");
    SPARK.read().json(file.toString()).write().parquet(table.toString());
    Snapshot again =
        SearchJob.run(TinyPipeline.session("search.queries=" + table)).snapshot().orElseThrow();
    assertThat(of(Table.RESULTS.read(SPARK, again).collectAsList(), "both")).isEqualTo(both);
  }

  private static List<Object> of(List<Row> rows, String query) {
    return rows.stream()
        .filter(row -> row.getAs("query").equals(query))
        .sorted(Comparator.comparing(row -> row.<Integer>getAs("rank")))
        .<Object>map(row -> row.getAs("id"))
        .toList();
  }

  @Test
  void answersDoNotDependOnTheFilesOfTheIndex() {
    String[] query = {"search.text=a long striped shirt", "search.k=25"};
    StageResult four = SearchJob.run(TinyPipeline.session(query));
    Session one = TinyPipeline.sessionOn(folder, "index.files=1", query[0], query[1]);
    EvaluateJob.score(one);
    IndexJob.run(one);

    StageResult single = SearchJob.run(one);

    assertThat(one.artefact("index").require().files("index")).hasSize(1);
    assertThat(results(single)).hasSize(25).isEqualTo(results(four));
  }

  @Test
  void cellsThatAreAllLookedIntoAnswerAsTheWholeIndexAndChangesCount() throws IOException {
    String[] query = {"search.text=a long striped shirt", "search.k=25"};
    StageResult exact = SearchJob.run(TinyPipeline.session(query));
    Session cells =
        TinyPipeline.sessionOn(
            folder, "index.kind=ivf", "index.cells=9", "search.probes=9", query[0], query[1]);
    EvaluateJob.score(cells);
    StageResult built = IndexJob.run(cells);
    assertThat(results(SearchJob.run(cells))).isEqualTo(results(exact));

    Map<?, ?> best = results(exact).get(0);
    Path gone = folder.resolve("gone.jsonl");
    Files.writeString(
        gone,
        String.format(
            "{\"dataset\": \"%s\", \"category\": \"%s\", \"id\": \"%s\"}",
            best.get("category").equals("") ? "wardrobe-circo" : "wardrobe",
            best.get("category"),
            best.get("id")));
    StageResult changed = new IndexChange("", "", gone.toString(), false).run(cells);
    assertThat(changed.figures().get("count"))
        .isEqualTo((Long) changed.figures().get("count_before") - 1);
    assertThat(results(SearchJob.run(cells)).subList(0, 24))
        .extracting(one -> one.get("id"))
        .isEqualTo(ids(exact).subList(1, 25));
    assertThat(IndexJob.run(cells).status()).isEqualTo(StageResult.UP_TO_DATE);
    assertThat(IndexJob.run(cells).snapshot().orElseThrow().version())
        .isEqualTo(built.snapshot().orElseThrow().version() + 1);
    StageResult again = new IndexChange("", "", gone.toString(), false).run(cells);
    assertThat(again.status()).isEqualTo(StageResult.UP_TO_DATE);
    assertThat(again.figures())
        .containsEntry("unknown", 1)
        .containsEntry("count", changed.figures().get("count"));
    assertThat(again.figures().get("unknown_examples"))
        .asString()
        .contains(best.get("id").toString());
    assertThatThrownBy(() -> new IndexChange("a", "b", "", false))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot change the index: 2 changes are asked for");
  }

  @Test
  void theReferenceMayBeLeftOut() throws IOException {
    Row image = indexed().get(2);
    Path file = folder.resolve("queries.jsonl");
    String key = "wardrobe/" + image.getAs("category") + "/" + image.getAs("id");
    Files.writeString(file, "{\"id\": \"a\", \"image_id\": \"" + key + "\"}");

    StageResult with = SearchJob.run(TinyPipeline.session("search.queries=" + file));
    StageResult without =
        SearchJob.run(
            TinyPipeline.session("search.queries=" + file, "search.exclude-reference=true"));

    List<Object> all =
        of(Table.RESULTS.read(SPARK, with.snapshot().orElseThrow()).collectAsList(), "a");
    assertThat(all).first().isEqualTo(image.getAs("id"));
    assertThat(of(Table.RESULTS.read(SPARK, without.snapshot().orElseThrow()).collectAsList(), "a"))
        .doesNotContain(image.<Object>getAs("id"))
        .startsWith(all.subList(1, 9).toArray());
  }

  @Test
  void anIndexedImageIsAQueryOfItsOwn() {
    Row image = indexed().get(2);
    String id = "search.image-id=" + image.getAs("id");

    List<Object> all = ids(SearchJob.run(TinyPipeline.session(id)));

    assertThat(all).first().isEqualTo(image.getAs("id"));
    assertThat(ids(SearchJob.run(TinyPipeline.session(id, "search.exclude-reference=true"))))
        .doesNotContain(image.<Object>getAs("id"))
        .startsWith(all.subList(1, 9).toArray());
  }

  @Test
  void aFilterIsTakenBeforeRanking() {
    String[] query = {"search.text=a red dress", "search.k=25"};
    List<Object> all = ids(SearchJob.run(TinyPipeline.session(query)));
    String condition = "search.filter=" + quoted("id != '" + all.get(0) + "' OR id = 'x'");

    StageResult some = SearchJob.run(TinyPipeline.session(query[0], query[1], condition));

    assertThat(ids(some).subList(0, 24)).isEqualTo(all.subList(1, 25));
    StageResult none =
        SearchJob.run(TinyPipeline.session(query[0], "search.filter=" + quoted("id = 'x'")));
    assertThat(SearchJob.lines(none)).hasSize(2).first().asString().startsWith("no image is a");
  }

  @Test
  void aWrongFilterIsShownAsItWasWritten() {
    String condition = "search.filter=" + quoted("id = 3");
    assertThatThrownBy(
            () ->
                SearchJob.run(
                    TinyPipeline.session(
                        "search.text=a red dress", "search.category=shirt", condition)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot filter by [id = 3]: expected a 'text', as id holds, at")
        .hasMessageContaining("at character 6, before [3]");
  }

  @Test
  void aCategoryIsTakenBeforeRanking() {
    StageResult result =
        SearchJob.run(TinyPipeline.session("search.text=a red dress", "search.category=shirt"));

    assertThat(results(result)).hasSize(10).allMatch(one -> one.get("category").equals("shirt"));
    assertThatThrownBy(
            () ->
                SearchJob.run(
                    TinyPipeline.session("search.text=a red dress", "search.category=shoes")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot search the category 'shoes': the index has the categories")
        .hasMessageContaining("[, dress, shirt, toptee]");
  }

  @Test
  void thePipelineSearchesForValidationTriplets() {
    Session session = TinyPipeline.session();

    StageResult result = SearchJob.sample(session);

    assertThat(result.figures()).containsEntry("queries", 30);
    assertThat(SearchJob.sample(session).status()).isEqualTo(StageResult.UP_TO_DATE);
    List<Row> rows = Table.RESULTS.read(SPARK, result.snapshot().orElseThrow()).collectAsList();
    assertThat(rows).hasSize(300).anyMatch(row -> row.getAs("query").equals("dress/0"));
  }

  @Test
  void whatIsMissingIsSaidPlainly() throws IOException {
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session()))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("there is no query")
        .hasMessageContaining("--image photo.jpg --text 'make it blue'")
        .extracting(thrown -> ((WeftException) thrown).exitCode())
        .isEqualTo(ExitCode.USAGE);
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session("search.image=/nowhere/a.png")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("1 of the query images is not there: /nowhere/a.png");
    Path text = folder.resolve("text.png");
    Files.writeString(text, "no picture");
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session("search.image=" + text)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot search for query 0: its image file:")
        .hasMessageContaining("text.png cannot be read");
    Path file = folder.resolve("queries.jsonl");
    Files.writeString(file, "{\"image_id\": \"nobody\"}");
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session("search.queries=" + file)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("the index does not have 1 of the images that queries name: nobody");
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session("search.queries=/nowhere/q.jsonl")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read the queries /nowhere/q.jsonl: there is no such file");
    Path table = folder.resolve("queries.parquet");
    Files.writeString(table, "no Parquet");
    assertThatThrownBy(() -> SearchJob.run(TinyPipeline.session("search.queries=" + table)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("queries.parquet as Parquet: ")
        .hasMessageContaining("or JSON lines in a file of another ending");
    Path gone = folder.resolve("gone.parquet");
    assertThatThrownBy(
            () -> new IndexChange(gone.toString(), "", "", false).run(TinyPipeline.session()))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read the table " + gone + ": File " + gone)
        .hasMessageContaining("Give a Parquet file or folder, or JSON lines");
  }

  @Test
  void anIndexOfAnotherEncoderIsRefused() {
    Session session = TinyPipeline.sessionOn(folder, "search.text=a red dress");
    Snapshot index = TinyPipeline.session().artefact("index").require();
    IndexContract contract = IndexJob.contract(index);
    Attempt attempt = session.artefact("index").begin("stranger");
    Table.INDEX.write(Table.INDEX.read(SPARK, index), attempt);
    String key = new RunKey("test", Map.of(), Map.of(), 1).hash();
    attempt.commit(
        new CommitRequest(
            key,
            Provenance.here(key, Map.of(), "test", 1),
            Table.schemas(Table.INDEX),
            Map.of(
                "contract",
                Map.of(
                    "metric",
                    contract.metric(),
                    "normalised",
                    true,
                    "width",
                    32,
                    "vectorType",
                    contract.vectorType(),
                    "encoder",
                    "another-encoder",
                    "head",
                    "sum",
                    "count",
                    contract.count())),
            Instant.now()));

    assertThatThrownBy(() -> SearchJob.run(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot use the index version 1 with the encoder align version 1")
        .hasMessageContaining("it was made with the encoder another-encoder")
        .hasMessageContaining(contract.encoder());
  }
}
