package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Predictions.Scored;
import dev.weft.ingest.AnnotationReader;
import dev.weft.ingest.Annotations;
import dev.weft.ingest.DataSource;
import dev.weft.ingest.GalleryImage;
import dev.weft.ingest.Layout;
import dev.weft.ingest.Triplet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against {@code scripts/golden/scores.py}, an independent computation of the definitions. */
class PredictionsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path GOLDEN = Path.of("src/test/resources/golden/scores");
  private static final Path REAL = Path.of("../../shared/data");
  private static final List<Integer> CUTOFFS = List.of(1, 10, 50);
  private static final Configuration HADOOP = new Configuration();

  @TempDir private Path folder;

  private static Annotations annotations(String dataset, Layout layout, Path folder) {
    return AnnotationReader.of(layout)
        .read(HADOOP, new DataSource(dataset, layout, folder.toString(), "", ""));
  }

  private static Scored score(String protocol, Annotations annotations, Path... files) {
    List<String> uris = new ArrayList<>();
    for (Path file : files) {
      uris.add(file.toString());
    }
    return new Predictions(Protocol.named(protocol, Map.of()), annotations)
        .score(HADOOP, uris, CUTOFFS, "mine");
  }

  private static void assertEqualTo(JsonNode expected, Metrics metrics) {
    assertThat(metrics.values().keySet()).containsAll(expected::fieldNames);
    expected
        .properties()
        .forEach(
            one ->
                assertThat(metrics.values().get(one.getKey()))
                    .as(one.getKey())
                    .isCloseTo(one.getValue().asDouble(), within(1e-9)));
  }

  private static JsonNode json(String path) throws IOException {
    return JSON.readTree(GOLDEN.resolve(path).toFile());
  }

  @Test
  void circoSubmissionScoresAsPublished() throws IOException {
    Scored scored =
        score(
            "circo/val",
            annotations("circo", Layout.CIRCO, GOLDEN.resolve("circo")),
            GOLDEN.resolve("circo/predictions.json"));

    assertThat(scored.metrics().values()).hasSize(8 + 9);
    assertEqualTo(json("circo/expected.json"), scored.metrics());
    assertThat(scored.metrics().degradedBecause())
        .containsExactly("30 queries in 200 images where the published set has 220 in 123,403");
    assertThat(scored.metrics().caption())
        .isEqualTo("circo/val: 30 queries in 200 images; ties: as in the file");
  }

  @Test
  void cirrSubmissionsScoreAsPublished() throws IOException {
    Annotations annotations = annotations("cirr", Layout.CIRR, GOLDEN.resolve("cirr"));
    Path recall = GOLDEN.resolve("cirr/recall.json");
    Path subset = GOLDEN.resolve("cirr/recall_subset.json");

    assertThat(score("cirr/val", annotations, recall, subset).metrics().values()).hasSize(7);
    assertEqualTo(
        json("cirr/expected.json"), score("cirr/val", annotations, recall, subset).metrics());
    assertEqualTo(
        json("cirr/expected.json"), score("cirr/val", annotations, subset, recall).metrics());
    assertThat(score("cirr/val", annotations, recall).metrics().values())
        .containsOnlyKeys("R@1", "R@5", "R@10", "R@50");
  }

  @Test
  void jsonLinesScoreAsPublished() throws IOException {
    Scored scored =
        score(
            "fashioniq/original",
            annotations("fashioniq", Layout.FASHIONIQ, GOLDEN.resolve("fashioniq")),
            GOLDEN.resolve("fashioniq/predictions.jsonl"));

    assertEqualTo(json("fashioniq/expected.json"), scored.metrics());
    assertThat(scored.notes()).isEmpty();
  }

  @Test
  void theReferenceIsRefusedWhereItIsRemoved() {
    Annotations annotations =
        annotations("fashioniq", Layout.FASHIONIQ, GOLDEN.resolve("fashioniq"));

    assertThatThrownBy(
            () ->
                score(
                    "fashioniq/original-noref",
                    annotations,
                    GOLDEN.resolve("fashioniq/predictions.jsonl")))
        .hasMessageContaining("by fashioniq/original-noref: there are")
        .hasMessageContaining("has its own reference")
        .hasMessageContaining("which fashioniq/original-noref removes");
    assertThatThrownBy(
            () ->
                score(
                    "fashioniq/val-union",
                    annotations,
                    GOLDEN.resolve("fashioniq/predictions.jsonl")))
        .hasMessageContaining("which is no candidate of fashioniq/val-union");
  }

  @Test
  void theReferenceIsNoCandidateWhereItIsRemoved() throws IOException {
    Path splits = Files.createDirectories(folder.resolve("image_splits"));
    Path captions = Files.createDirectories(folder.resolve("captions"));
    Files.writeString(splits.resolve("split.dress.val.json"), "[\"a\", \"b\", \"c\"]");
    Files.writeString(
        captions.resolve("cap.dress.val.json"),
        "[{\"candidate\": \"a\", \"target\": \"b\", \"captions\": [\"is red\", \"is long\"]}]");
    Annotations annotations = annotations("fashioniq", Layout.FASHIONIQ, folder);
    String line = "{\"category\": \"dress\", \"query\": \"0\", \"ranking\": ";
    Path all = Files.writeString(folder.resolve("all.jsonl"), line + "[\"c\", \"b\"]}");
    Path some = Files.writeString(folder.resolve("some.jsonl"), line + "[\"b\"]}");

    assertThat(score("fashioniq/original-noref", annotations, all).metrics().values())
        .containsEntry("R@1", 0.0)
        .containsEntry("R@10", 1.0);
    assertThatThrownBy(() -> score("fashioniq/original-noref", annotations, some))
        .hasMessageContaining("query dress/0 has 1 images in its ranking, at least 2 are needed");
    assertThatThrownBy(() -> score("fashioniq/original", annotations, all))
        .hasMessageContaining("query dress/0 has 2 images in its ranking, at least 3 are needed");
  }

  @ParameterizedTest
  @CsvSource({"circo/val, circo/annotations, CIRCO", "fashioniq/original, fashioniq, FASHIONIQ"})
  void theRealAnnotationsScoreAsPublished(String protocol, String where, Layout layout)
      throws IOException {
    assumeTrue(Files.isDirectory(REAL.resolve(where)), "skipped: there is no ../shared/data");
    String dataset = protocol.substring(0, protocol.indexOf('/'));
    Annotations annotations = annotations(dataset, layout, REAL.resolve(where));
    Path file = Files.write(folder.resolve("p.jsonl"), ruled(annotations, layout));

    Scored scored = score(protocol, annotations, file);

    assertEqualTo(json("real.json").get(protocol), scored.metrics());
    assertThat(scored.metrics().degradedBecause()).isEmpty();
    if (layout == Layout.CIRCO) {
      assertThat(scored.notes())
          .contains(
              "the annotations do not list the gallery: image ids are not checked against it");
    }
  }

  /** Predictions by the rule that {@code scripts/golden/scores.py} has under the same name. */
  private static List<String> ruled(Annotations annotations, Layout layout) {
    Map<String, List<String>> pools = new TreeMap<>();
    for (GalleryImage image : annotations.galleries()) {
      if (image.split().equals("val") && layout == Layout.FASHIONIQ) {
        pools.computeIfAbsent(image.category(), key -> new ArrayList<>()).add(image.image());
      }
    }
    List<Triplet> queries =
        annotations.triplets().stream().filter(query -> query.split().equals("val")).toList();
    if (layout == Layout.CIRCO) {
      TreeMap<Long, String> named = new TreeMap<>();
      for (Triplet query : queries) {
        named.put(Long.parseLong(query.reference()), query.reference());
        query.groundTruths().forEach(image -> named.put(Long.parseLong(image), image));
      }
      pools.put("", List.copyOf(named.values()));
    }
    List<String> lines = new ArrayList<>();
    for (Triplet query : queries) {
      int number = Integer.parseInt(query.id());
      List<String> ranking = ruled(number, pools.get(query.category()), query.groundTruths());
      ObjectNode line = JSON.createObjectNode();
      line.put("category", query.category());
      line.put("query", number);
      ArrayNode images = line.putArray("ranking");
      ranking.forEach(images::add);
      lines.add(line.toString());
    }
    return lines;
  }

  private static List<String> ruled(int number, List<String> pool, List<String> truths) {
    List<String> ranking = new ArrayList<>();
    for (int step = 0; ranking.size() < 50; step++) {
      String image = pool.get((number * 7919 + step * 10007) % pool.size());
      if (!ranking.contains(image)) {
        ranking.add(image);
      }
    }
    for (int index = 0; index < truths.size(); index++) {
      if ((number + 3 * index) % 4 != 0) {
        ranking.remove(truths.get(index));
        ranking.add((number * 31 + index * 17) % 50, truths.get(index));
      }
    }
    return ranking.subList(0, 50);
  }

  @Test
  void everyWrongEntryIsNamedWithItsPlace() throws IOException {
    ObjectNode good = (ObjectNode) json("circo/predictions.json");
    StringBuilder text = new StringBuilder("{");
    good.properties()
        .forEach(
            one -> {
              ArrayNode ranking = (ArrayNode) one.getValue().deepCopy();
              switch (one.getKey()) {
                case "3" -> ranking.set(7, ranking.get(2));
                case "4" -> ranking.remove(0);
                case "5" -> ranking.set(1, JSON.getNodeFactory().numberNode(600_001));
                case "6" -> text.append("\n\"06\": ").append(ranking).append(",");
                case "7" -> ranking.set(1, JSON.getNodeFactory().numberNode(1.5));
                default -> {}
              }
              if (!one.getKey().equals("8")) {
                text.append("\n\"").append(one.getKey()).append("\": ").append(ranking).append(",");
              }
            });
    text.append("\n\"99\": ").append(good.get("0")).append("\n}");
    Path file = Files.writeString(folder.resolve("p.json"), text);

    assertThatThrownBy(
            () ->
                score(
                    "circo/val", annotations("circo", Layout.CIRCO, GOLDEN.resolve("circo")), file))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessageStartingWith("Cannot score " + file + " by circo/val: there are 7 problems.")
        .hasMessageContaining("p.json, key 7, line 10: the value must hold image ids, found 1.5")
        .hasMessageContaining("p.json, key 6, line 9: query 6 is there a second time")
        .hasMessageContaining("p.json, key 3, line 5: query 3 has image ")
        .hasMessageContaining("twice in its ranking")
        .hasMessageContaining(
            "key 4, line 6: query 4 has 49 images in its ranking, exactly 50 are needed")
        .hasMessageContaining(
            "key 5, line 7: query 5 has image 600001 in its ranking, which is no candidate of"
                + " circo/val")
        .hasMessageContaining("key 99, line 32: query 99 is no query of circo/val")
        .hasMessageContaining("missing: 2 of 30 queries have no ranking, such as 7")
        .hasMessageContaining("Every query of circo/val needs one ranking of 50 distinct images.");
  }

  @Test
  void brokenLinesAreNamed() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("p.jsonl"),
            """
            {"query": 0, "category": "dress", "ranking": ["a"]}

            {"query"
            {"query": null}
            {"query": 1, "category": "dress", "ranking": 2}
            {"query": 1, "category": 3, "ranking": []}
            {"query": 2, "query": 3, "ranking": []}
            """);

    assertThatThrownBy(() -> scoreFashionIq(file))
        .hasMessageContaining("p.jsonl, line 3: it is no JSON")
        .hasMessageContaining("p.jsonl, line 4: query must be an id, found null")
        .hasMessageContaining("p.jsonl, line 5: ranking must be a list of image ids, found 2")
        .hasMessageContaining("p.jsonl, line 6: category must be text, found 3")
        .hasMessageContaining("p.jsonl, line 7: it is no JSON: Duplicate field 'query'")
        .hasMessageContaining("line 1: query dress/0 has 1 images in its ranking, at least 50")
        .hasMessageContaining("missing: 16 of 17 queries of dress have no ranking");
  }

  private static Scored scoreFashionIq(Path file) {
    return score(
        "fashioniq/original",
        annotations("fashioniq", Layout.FASHIONIQ, GOLDEN.resolve("fashioniq")),
        file);
  }

  @Test
  void aLineWithoutItsCategoryIsNamed() throws IOException {
    List<String> lines = Files.readAllLines(GOLDEN.resolve("fashioniq/predictions.jsonl"));
    lines.set(2, lines.get(2).replaceFirst("\"category\": *\"[a-z]+\", *", ""));
    Path file = Files.write(folder.resolve("p.jsonl"), lines);

    assertThatThrownBy(() -> scoreFashionIq(file))
        .hasMessageContaining("p.jsonl, line 3: query 7 has no category, which must be one of ")
        .hasMessageContaining("missing: 1 of ");
  }

  @Test
  void filesThatAreNoPredictionsAreRefused() throws IOException {
    Annotations cirr = annotations("cirr", Layout.CIRR, GOLDEN.resolve("cirr"));
    Path list = Files.writeString(folder.resolve("list.json"), "[1, 2]");
    Path cut = Files.writeString(folder.resolve("cut.json"), "{\"1\": [1,\n 2");
    Path headless = Files.writeString(folder.resolve("h.json"), "{\"1\": [\"a\"]}");

    assertThatThrownBy(() -> score("cirr/val", cirr, folder.resolve("none.json")))
        .hasMessageContaining("Cannot read predictions: there is no file")
        .hasMessageContaining("--predictions");
    assertThatThrownBy(() -> score("cirr/val", cirr, list))
        .hasMessageContaining("list.json: it must be JSON lines of {\"query\", \"ranking\"}");
    assertThatThrownBy(() -> score("cirr/val", cirr, cut))
        .hasMessageContaining(
            "cut.json, line 2: it is no JSON: Unexpected end-of-input: expected close marker for"
                + " Array. docs/evaluation.md");
    assertThatThrownBy(() -> score("cirr/val", cirr, headless))
        .hasMessageContaining("h.json: \"version\" must be \"rc2\", found null")
        .hasMessageContaining("\"metric\" must be \"recall\" or \"recall_subset\", found none");
  }

  @Test
  void aGroupIsRankedFromItsOwnMembers() throws IOException {
    Annotations cirr = annotations("cirr", Layout.CIRR, GOLDEN.resolve("cirr"));
    Path recall = GOLDEN.resolve("cirr/recall.json");
    ObjectNode subset = (ObjectNode) json("cirr/recall_subset.json");
    ArrayNode group = (ArrayNode) subset.get("100");
    group.set(1, group.get(0));
    ((ArrayNode) subset.get("101")).remove(0);
    ((ArrayNode) subset.get("102")).set(0, JSON.getNodeFactory().textNode("dev-1-1-img9"));
    Path file = Files.writeString(folder.resolve("s.json"), subset.toString());

    assertThatThrownBy(() -> score("cirr/val", cirr, recall, file))
        .hasMessageContaining("query 100 has image " + group.get(0).asText() + " twice")
        .hasMessageContaining("query 101 has 2 images of its image group, exactly 3 are needed")
        .hasMessageContaining("query 102 has dev-1-1-img9 in its image group, which is no member");
  }

  @Test
  void someGroupsWithoutARankingAreRefused() throws IOException {
    Annotations cirr = annotations("cirr", Layout.CIRR, GOLDEN.resolve("cirr"));
    Path recall = GOLDEN.resolve("cirr/recall.json");
    ObjectNode subset = (ObjectNode) json("cirr/recall_subset.json");
    subset.remove(List.of("103", "101"));
    Path file = Files.writeString(folder.resolve("s.json"), subset.toString());

    assertThatThrownBy(() -> score("cirr/val", cirr, recall, file))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessageContaining("recall.json, key 101, line ")
        .hasMessageContaining("2 of 25 queries have no ranking of their image group")
        .hasMessageContaining("such as query 101, and the others have one");
  }

  @Test
  void aTestSplitCannotBeScored() {
    assumeTrue(Files.isDirectory(REAL), "skipped: there is no ../shared/data");
    Annotations circo = annotations("circo", Layout.CIRCO, REAL.resolve("circo/annotations"));

    assertThatThrownBy(() -> score("circo/test", circo, GOLDEN.resolve("circo/predictions.json")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("the targets of split 'test' are not published")
        .hasMessageContaining("scripts/weft export-submission");
  }

  @Test
  void anUnknownProtocolIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> Protocol.named("fashioniq/val", Map.of("shop", Family.FASHIONIQ)))
        .hasMessageContaining("Cannot find the protocol 'fashioniq/val'")
        .hasMessageContaining("fashioniq/original, fashioniq/original-noref, fashioniq/val-union")
        .hasMessageContaining("shop/original");
  }

  @Test
  void submissionsAreTheFilesOfTheServers() throws IOException {
    Predictions circo =
        new Predictions(
            Protocol.named("mine/val", Map.of("mine", Family.CIRCO)),
            annotations("mine", Layout.CIRCO, GOLDEN.resolve("circo")));
    Map<String, byte[]> one =
        circo.submission(HADOOP, List.of(GOLDEN.resolve("circo/predictions.json").toString()));

    assertThat(one).containsOnlyKeys("mine-val.json");
    assertThat(JSON.readTree(one.get("mine-val.json"))).isEqualTo(json("circo/predictions.json"));

    Predictions cirr =
        new Predictions(
            Protocol.named("mine/val", Map.of("mine", Family.CIRR)),
            annotations("mine", Layout.CIRR, GOLDEN.resolve("cirr")));
    String recall = GOLDEN.resolve("cirr/recall.json").toString();
    Map<String, byte[]> two =
        cirr.submission(
            HADOOP, List.of(recall, GOLDEN.resolve("cirr/recall_subset.json").toString()));

    assertThat(two).containsOnlyKeys("mine-val-recall.json", "mine-val-recall_subset.json");
    assertThat(JSON.readTree(two.get("mine-val-recall.json"))).isEqualTo(json("cirr/recall.json"));
    assertThat(JSON.readTree(two.get("mine-val-recall_subset.json")))
        .isEqualTo(json("cirr/recall_subset.json"));
    assertThatThrownBy(() -> cirr.submission(HADOOP, List.of(recall)))
        .hasMessageContaining(
            "Cannot export a submission for mine/val: query 100 has no ranking of its image group");
  }

  @Test
  void aSubmissionNeedsEveryPublishedQuery() {
    Predictions circo =
        new Predictions(
            Protocol.named("circo/val", Map.of()),
            annotations("circo", Layout.CIRCO, GOLDEN.resolve("circo")));

    assertThatThrownBy(
            () ->
                circo.submission(
                    HADOOP, List.of(GOLDEN.resolve("circo/predictions.json").toString())))
        .hasMessage(
            "Cannot export a submission for circo/val: the annotations have 30 queries, and the"
                + " server expects 220. Get the published annotations again.");
  }

  @Test
  void theRealTestSplitMakesAValidSubmission() throws IOException {
    assumeTrue(Files.isDirectory(REAL), "skipped: there is no ../shared/data");
    Annotations annotations = annotations("circo", Layout.CIRCO, REAL.resolve("circo/annotations"));
    List<String> lines = new ArrayList<>();
    for (Triplet query : annotations.triplets()) {
      if (query.split().equals("test")) {
        ObjectNode line = JSON.createObjectNode();
        line.put("query", query.id());
        ArrayNode images = line.putArray("ranking");
        for (int place = 0; place < 60; place++) {
          images.add(
              String.format(Locale.ROOT, "%012d", 1 + place * 9973 + Integer.parseInt(query.id())));
        }
        lines.add(line.toString());
      }
    }
    Path file = Files.write(folder.resolve("test.jsonl"), lines);

    Map<String, byte[]> files =
        new Predictions(Protocol.named("circo/test", Map.of()), annotations)
            .submission(HADOOP, List.of(file.toString()));

    JsonNode submission = JSON.readTree(files.get("circo-test.json"));
    assertThat(submission).hasSize(800);
    for (int query = 0; query < 800; query++) {
      JsonNode images = submission.get(String.valueOf(query));
      assertThat(images).hasSize(50).allMatch(JsonNode::isIntegralNumber);
      assertThat(images.get(0).asInt()).isEqualTo(1 + query);
    }
  }
}
