package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WardrobeWriterTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path REAL = Path.of("../../shared/data");

  @TempDir static Path shared;
  @TempDir Path folder;

  private static WardrobeReport report;
  private static int progress;

  @BeforeAll
  static void drawOnce() {
    AtomicInteger last = new AtomicInteger();
    report = WardrobeWriter.write(config(shared, 7), new Configuration(), last::set);
    progress = last.get();
  }

  @Test
  void countsAreThoseAskedFor() throws IOException {
    assertThat(report.drawn()).isTrue();
    assertThat(progress).isEqualTo(210);
    assertThat(pictures(shared.resolve("images"))).hasSize(150);
    assertThat(pictures(shared.resolve("circo/images"))).hasSize(60);
    Map<String, Integer> sizes = new HashMap<>();
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        String name = category.key() + "." + split.key() + ".json";
        sizes.merge(split.key(), read("captions/cap." + name).size(), Integer::sum);
        sizes.merge("of " + split.key(), read("image_splits/split." + name).size(), Integer::sum);
      }
    }
    assertThat(sizes)
        .containsOnly(
            Map.entry("train", 151),
            Map.entry("val", 30),
            Map.entry("test", 3),
            Map.entry("of train", 105),
            Map.entry("of val", 36),
            Map.entry("of test", 9));
    assertThat(read("circo/annotations/val.json")).hasSize(20);
    assertThat(read("circo/annotations/test.json")).hasSize(10);
  }

  @Test
  void splitsAreDisjointAndEveryImageExists() throws IOException {
    Set<String> seen = new HashSet<>();
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        for (String id : gallery(category, split)) {
          assertThat(id).matches("B0[0-9A-V]{8}");
          assertThat(seen.add(id)).as(id).isTrue();
          assertThat(shared.resolve("images/" + id + ".png")).isNotEmptyFile();
        }
      }
    }
    assertThat(seen).hasSize(150);
  }

  @Test
  void tripletsJoinTwoImagesOfTheirSplitOnce() throws IOException {
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        List<String> gallery = gallery(category, split);
        Set<String> pairs = new HashSet<>();
        Set<String> targets = new HashSet<>();
        for (JsonNode row : read("captions/cap." + category.key() + "." + split.key() + ".json")) {
          assertThat(row.get("captions")).hasSize(2);
          assertThat(gallery).contains(row.get("candidate").textValue());
          assertThat(row.has("target")).isEqualTo(split != Split.TEST);
          if (split != Split.TEST) {
            assertThat(gallery).contains(row.get("target").textValue());
            assertThat(pairs.add(row.get("candidate") + " " + row.get("target"))).isTrue();
            targets.add(row.get("target").textValue());
          }
        }
        assertThat(targets).hasSizeLessThan(gallery.size());
      }
    }
  }

  @Test
  void referencesAreOneToThreeChangesFromTheirTargets() {
    FashionPlan plan = new FashionPlan(config(shared, 7));
    int[] counts = new int[4];
    for (Category category : Category.values()) {
      for (FashionPlan.Pair pair : plan.pairs(category, Split.TRAIN)) {
        counts[plan.garment(pair.reference()).differences(plan.garment(pair.target())).size()]++;
      }
    }

    assertThat(counts[0]).isZero();
    assertThat(counts[1] + counts[2]).isGreaterThan(counts[3]);
    assertThat(counts[1] + counts[2] + counts[3]).isEqualTo(151);
  }

  @Test
  void smallGalleriesShowNoGarmentTwice() {
    assertThat(report.contents().valTwins()).isZero();
  }

  @Test
  void everyImageOfTheSplitsIsDescribed() throws IOException {
    Map<String, String> categories = new HashMap<>();
    for (String line : Files.readAllLines(shared.resolve("descriptions.jsonl"))) {
      JsonNode row = JSON.readTree(line);
      assertThat(row.get("text").textValue()).isNotBlank();
      categories.put(row.get("image").textValue(), row.get("category").textValue());
    }

    assertThat(categories).hasSize(150);
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        assertThat(gallery(category, split))
            .allMatch(id -> categories.get(id).equals(category.key()));
      }
    }
  }

  @Test
  void groundTruthsAreAllImagesOfTheTargetGarment() throws IOException {
    CircoPlan plan = new CircoPlan(config(shared, 7));
    Map<Integer, Garment> shown = new HashMap<>();
    for (int number = 0; number < plan.images(); number++) {
      shown.put(plan.id(number), plan.garment(number));
    }
    assertThat(shown).hasSize(60);
    int expectedId = 0;
    for (JsonNode query : read("circo/annotations/val.json")) {
      assertThat(query.get("id").intValue()).isEqualTo(expectedId++);
      Garment target = shown.get(query.get("target_img_id").intValue());
      Set<Integer> truths = new HashSet<>();
      query.get("gt_img_ids").forEach(id -> truths.add(id.intValue()));
      assertThat(truths)
          .isEqualTo(
              new HashSet<>(
                  shown.keySet().stream().filter(id -> shown.get(id).equals(target)).toList()));
      assertThat(truths.size()).isBetween(2, 6);
      assertThat(query.get("gt_img_ids").get(0)).isEqualTo(query.get("target_img_id"));
      Garment reference = shown.get(query.get("reference_img_id").intValue());
      assertThat(reference.differences(target).size()).isBetween(1, 3);
    }
    shown
        .keySet()
        .forEach(
            id ->
                assertThat(shared.resolve(String.format(Locale.ROOT, "circo/images/%012d.png", id)))
                    .isNotEmptyFile());
  }

  @Test
  void equalSeedsGiveEqualBytes() throws IOException {
    WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {});

    assertThat(contents(folder)).isEqualTo(contents(shared));
  }

  @Test
  void otherSeedsGiveOtherImagesAndTexts() throws IOException {
    WardrobeWriter.write(config(folder, 8), new Configuration(), drawn -> {});

    Map<String, String> other = contents(folder);
    Map<String, String> first = contents(shared);
    assertThat(other.get("descriptions.jsonl")).isNotEqualTo(first.get("descriptions.jsonl"));
    other.keySet().retainAll(first.keySet());
    other.keySet().removeIf(name -> !name.startsWith("images/"));
    assertThat(other).isEmpty();
  }

  @Test
  void aWardrobeThatIsThereIsNotDrawnAgain() {
    AtomicInteger calls = new AtomicInteger();

    WardrobeReport again =
        WardrobeWriter.write(
            config(shared, 7), new Configuration(), drawn -> calls.incrementAndGet());

    assertThat(again).isEqualTo(new WardrobeReport(false, report.folder(), report.contents()));
    assertThat(calls).hasValue(0);
  }

  @Test
  void anotherWardrobeIsNotOverwritten() {
    assertThatThrownBy(
            () -> WardrobeWriter.write(config(shared, 9), new Configuration(), drawn -> {}))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageStartingWith("Cannot draw the wardrobe into file:")
        .hasMessageContaining("another wardrobe is there, drawn with seed 7 instead of 9.")
        .hasMessageEndingWith("Set wardrobe.folder to another folder, or delete this one.");
  }

  @Test
  void filesOfSomebodyElseAreNotTouched() throws IOException {
    Files.writeString(folder.resolve("thesis.txt"), "mine");

    assertThatThrownBy(
            () -> WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("the folder holds files that are no wardrobe, such as thesis.txt.")
        .hasMessageEndingWith("Set wardrobe.folder to an empty or new folder.");
    assertThat(folder).isDirectoryContaining("glob:**/thesis.txt");
  }

  @Test
  void anInterruptedDrawingIsFinished() throws IOException {
    assertThatThrownBy(
            () -> WardrobeWriter.write(config(folder, 7), new Configuration(), stopAt(9)))
        .hasStackTraceContaining("power cut");
    assertThat(folder.resolve("wardrobe.json")).doesNotExist();
    Files.write(pictures(folder.resolve("images")).get(0), new byte[3]);

    WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {});

    assertThat(contents(folder)).isEqualTo(contents(shared));
  }

  @Test
  void anInterruptionWhileMarkingIsFinished() throws IOException {
    Files.writeString(folder.resolve("wardrobe.unfinished.json"), "");
    Files.writeString(folder.resolve("wardrobe.json"), "{\"set");

    WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {});

    assertThat(contents(folder)).isEqualTo(contents(shared));
  }

  @Test
  void aMarkerThatWeftDidNotWriteIsReported() throws IOException {
    Files.writeString(folder.resolve("wardrobe.json"), "oak, 2 doors");

    assertThatThrownBy(
            () -> WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith("Cannot tell which wardrobe lies in file:")
        .hasMessageContaining("its wardrobe.json is not what Weft wrote.");
  }

  @Test
  void anInterruptedDrawingOfOtherSettingsLeavesNothingBehind() throws IOException {
    assertThatThrownBy(
            () -> WardrobeWriter.write(config(folder, 8), new Configuration(), stopAt(9)))
        .hasStackTraceContaining("power cut");

    WardrobeWriter.write(config(folder, 7), new Configuration(), drawn -> {});

    assertThat(contents(folder)).isEqualTo(contents(shared));
  }

  @Test
  void tooManyTripletsForTheImagesAreRefused() {
    WardrobeConfig greedy =
        new WardrobeConfig(true, folder.toString(), 64, 120, 30, 30, 3000, 0, 0, 100, 7);

    assertThatThrownBy(() -> WardrobeWriter.write(greedy, new Configuration(), drawn -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageMatching(
            "Cannot draw 1000 dress triplets of test: among its 2 images only 1 pairs differ in 1 to"
                + " 3 attributes. Lower wardrobe.test-triplets \\(now 3000\\) or raise"
                + " wardrobe.images \\(now 120\\).");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void tooManyQueriesForTheImagesAreRefused() {
    WardrobeConfig greedy =
        new WardrobeConfig(true, folder.toString(), 64, 120, 3, 3, 3, 9000, 0, 100, 7);

    assertThatThrownBy(() -> WardrobeWriter.write(greedy, new Configuration(), drawn -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith("Cannot draw 3000 CIRCO queries of dress: its ")
        .hasMessageContaining("Lower wardrobe.circo-val-queries (now 9000)");
  }

  @Test
  void layoutsEqualThoseOfFashionIq() throws IOException {
    assumeThat(REAL).as("the real annotations are not at ../shared/data").isDirectory();
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        String captions = "captions/cap." + category.key() + "." + split.key() + ".json";
        String images = "image_splits/split." + category.key() + "." + split.key() + ".json";
        assertThat(layout(read(captions).get(0)))
            .isEqualTo(
                layout(JSON.readTree(REAL.resolve("fashioniq").resolve(captions).toFile()).get(0)));
        assertThat(layout(read(images).get(0)))
            .isEqualTo(
                layout(JSON.readTree(REAL.resolve("fashioniq").resolve(images).toFile()).get(0)));
      }
    }
  }

  @Test
  void layoutsEqualThoseOfCirco() throws IOException {
    assumeThat(REAL).as("the real annotations are not at ../shared/data").isDirectory();
    JsonNode val = JSON.readTree(REAL.resolve("circo/annotations/val.json").toFile());
    JsonNode test = JSON.readTree(REAL.resolve("circo/annotations/test.json").toFile());
    Set<String> tags = new HashSet<>();
    val.forEach(query -> query.get("semantic_aspects").forEach(tag -> tags.add(tag.textValue())));

    assertThat(layout(read("circo/annotations/val.json").get(0))).isEqualTo(layout(val.get(0)));
    assertThat(layout(read("circo/annotations/test.json").get(0))).isEqualTo(layout(test.get(0)));
    for (Aspect aspect : Aspect.values()) {
      assertThat(tags).contains(aspect.tag());
    }
  }

  @Test
  void aWardrobeGrowsInPlaceIntoTheOneDrawnAtOnce(@TempDir Path folder) throws IOException {
    WardrobeReport half = WardrobeWriter.write(delivered(folder, 50), new Configuration(), n -> {});
    Map<String, String> before = contents(folder);
    assertThat(half.contents().images()).isBetween(90, 105); // half of the 70 % that train
    assertThat(half.contents().trainTriplets()).isBetween(10, 100);

    assertThatThrownBy(
            () -> WardrobeWriter.write(delivered(folder, 40), new Configuration(), n -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("drawn with delivered-percent 50 instead of 40");
    WardrobeReport whole =
        WardrobeWriter.write(delivered(folder, 100), new Configuration(), n -> {});

    assertThat(whole.drawn()).isTrue();
    assertThat(contents(folder)).isEqualTo(contents(shared));
    before.keySet().removeIf(name -> !name.endsWith(".png"));
    assertThat(contents(folder)).containsAllEntriesOf(before);
  }

  private static WardrobeConfig delivered(Path folder, int percent) {
    return new WardrobeConfig(true, folder.toString(), 64, 150, 151, 30, 3, 20, 10, percent, 7);
  }

  private static WardrobeConfig config(Path folder, long seed) {
    return new WardrobeConfig(true, folder.toString(), 64, 150, 151, 30, 3, 20, 10, 100, seed);
  }

  private static IntConsumer stopAt(int image) {
    return drawn -> {
      if (drawn == image) {
        throw new IllegalStateException("power cut");
      }
    };
  }

  private static JsonNode read(String name) throws IOException {
    return JSON.readTree(shared.resolve(name).toFile());
  }

  private static List<String> gallery(Category category, Split split) throws IOException {
    List<String> ids = new ArrayList<>();
    read("image_splits/split." + category.key() + "." + split.key() + ".json")
        .forEach(id -> ids.add(id.textValue()));
    return ids;
  }

  private static List<Path> pictures(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.filter(file -> file.toString().endsWith(".png")).toList();
    }
  }

  /** Every file of a folder by name, its bytes as text. */
  private static Map<String, String> contents(Path of) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(of)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(
            of.relativize(file).toString(),
            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  /** Keys in their order with the types of their values. */
  private static String layout(JsonNode node) {
    if (node.isObject()) {
      StringBuilder keys = new StringBuilder();
      node.properties().forEach(f -> keys.append(f.getKey()).append(layout(f.getValue())));
      return "{" + keys + "}";
    }
    if (node.isArray()) {
      return "[" + layout(node.get(0)) + "]";
    }
    return ":" + node.getNodeType() + " ";
  }
}
