package dev.weft.jobs.align;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.MarkedSection;
import dev.weft.config.Settings;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.ResultTable;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.WardrobeJob;
import dev.weft.jobs.train.TrainJob;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Measures what align adds on a small wardrobe: text-to-image retrieval, and composed retrieval by
 * heads trained on the vectors, over several seeds. The frozen model is a starter that was trained
 * elsewhere, on dresses alone; it stands as it is, with adapters behind it, and beside a starter
 * trained on the catalogue itself.
 *
 * <pre>scripts/bench align [SEEDS]</pre>
 */
public final class AlignBenchmark {
  private static final List<String> HEADS = List.of("sum", "gated");
  private static final List<String> COLUMNS =
      List.of("text-to-image R@1", "text-to-image R@10", "composed R@10: sum", "gated");

  private final Path folder;
  private final Map<String, Map<String, List<Double>>> values = new LinkedHashMap<>();

  private AlignBenchmark(Path folder) {
    this.folder = folder;
  }

  /**
   * @param arguments folder of the measurement, seeds, the Markdown file that takes the table
   */
  public static void main(String[] arguments) throws Exception {
    AlignBenchmark benchmark = new AlignBenchmark(Path.of(arguments[0]).toAbsolutePath());
    int seeds = Integer.parseInt(arguments[1]);
    for (int seed = 1; seed <= seeds; seed++) {
      benchmark.measure(seed);
    }
    benchmark.report(seeds, Path.of(arguments[2]));
  }

  private void measure(int seed) throws IOException {
    String frozen = "starter trained elsewhere, on dresses alone, as it is";
    String adapted = "the same with adapters";
    String starter = "starter trained on this catalogue";
    Session elsewhere =
        session(
            "elsewhere",
            seed,
            "wardrobe.folder=" + folder.resolve("elsewhere-wardrobe"),
            "wardrobe.seed=101",
            "wardrobe.images=4500",
            "ingest.datasets=" + dataset("dresses.jsonl"));
    WardrobeJob.run(elsewhere);
    describeDressesOnly(folder.resolve("elsewhere-wardrobe"));
    IngestJob.run(elsewhere);
    StageResult trained = AlignJob.run(elsewhere);
    String model =
        "encode.model=" + trained.snapshot().orElseThrow().file("encoder.json").getParent();

    Session adapters = session("adapted", seed, model, "encode.adapt=true");
    WardrobeJob.run(adapters);
    IngestJob.run(adapters);
    StageResult aligned = AlignJob.run(adapters);
    textToImage(frozen, aligned, "text_to_image_frozen");
    textToImage(adapted, aligned, "text_to_image");
    composed(adapted, adapters);

    Session plain = session("frozen", seed, model);
    IngestJob.run(plain);
    composed(frozen, plain);

    Session own = session("starter", seed);
    IngestJob.run(own);
    textToImage(starter, AlignJob.run(own), "text_to_image");
    composed(starter, own);
  }

  private static void describeDressesOnly(Path wardrobe) throws IOException {
    JsonMapper json = new JsonMapper();
    List<String> dresses = new ArrayList<>();
    for (String line : Files.readAllLines(wardrobe.resolve("descriptions.jsonl"))) {
      if (json.readTree(line).path("category").asText().equals("dress")) {
        dresses.add(line);
      }
    }
    Files.write(wardrobe.resolve("dresses.jsonl"), dresses);
  }

  private static String dataset(String descriptions) {
    return "[{name: wardrobe, layout: fashioniq, annotations: '${wardrobe.folder}', images:"
        + " '${wardrobe.folder}/images', descriptions: '${wardrobe.folder}/"
        + descriptions
        + "'}]";
  }

  private void textToImage(String encoder, StageResult aligned, String figure) {
    Map<?, ?> recall = (Map<?, ?>) aligned.figures().get(figure);
    add(encoder, COLUMNS.get(0), ((Number) recall.get("R@1")).doubleValue());
    add(encoder, COLUMNS.get(1), ((Number) recall.get("R@10")).doubleValue());
  }

  private void composed(String encoder, Session session) {
    EncodeJob.run(session);
    TrainJob.run(session);
    for (Metrics metrics : EvaluateJob.metrics(EvaluateJob.score(session))) {
      if (HEADS.contains(metrics.head())) {
        String column = COLUMNS.get(2 + HEADS.indexOf(metrics.head()));
        add(encoder, column, metrics.values().get("R@10"));
      }
    }
  }

  private void add(String encoder, String column, double value) {
    System.err.printf(Locale.ROOT, "%s, %s: %.4f%n", encoder, column, value);
    values
        .computeIfAbsent(encoder, name -> new LinkedHashMap<>())
        .computeIfAbsent(column, name -> new ArrayList<>())
        .add(value);
  }

  private Session session(String root, int seed, String... pairs) {
    List<String> all =
        List.of(
            "root=" + folder.resolve(root),
            "run=seed-" + seed,
            "seed=" + seed,
            "wardrobe.enabled=true",
            "wardrobe.folder=" + folder.resolve("wardrobe"),
            "wardrobe.images=1500",
            "wardrobe.train-triplets=1500",
            "wardrobe.val-triplets=300",
            "wardrobe.test-triplets=30",
            "wardrobe.circo-val-queries=4",
            "wardrobe.circo-test-queries=2",
            "align.epochs=30",
            "train.heads=" + HEADS,
            "ingest.datasets=" + dataset("descriptions.jsonl"));
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(Settings.ofPairs(all))
            .overriddenBy(Settings.ofPairs(List.of(pairs)));
    return new Session(
        LocalSpark.session(),
        PipelineConfig.bind(settings, "the benchmark"),
        settings,
        new Session.Options(
            false,
            new Progress(
                new PrintStream(System.err, false, StandardCharsets.UTF_8),
                false,
                System::nanoTime),
            Clock.systemUTC()));
  }

  private void report(int seeds, Path document) throws Exception {
    List<ResultTable.Line> lines = new ArrayList<>();
    values.forEach(
        (encoder, byColumn) ->
            lines.add(
                new ResultTable.Line(
                    encoder,
                    COLUMNS.stream()
                        .map(column -> Optional.ofNullable(byColumn.get(column)))
                        .map(found -> found.map(ResultTable.Cell::of))
                        .toList())));
    StringBuilder table =
        new StringBuilder("| encoder | ")
            .append(String.join(" | ", COLUMNS))
            .append(" |\n|---|---:|---:|---:|---:|\n");
    ObjectNode rows = new JsonMapper().createObjectNode();
    for (ResultTable.Line line : lines) {
      table.append("| ").append(line.head());
      ObjectNode row = rows.putObject(line.head());
      for (int i = 0; i < COLUMNS.size(); i++) {
        ResultTable.Cell cell = line.cells().get(i).orElseThrow();
        table.append(" | ").append(cell);
        row.put(COLUMNS.get(i), cell.mean());
      }
      table.append(" |\n");
    }
    table.append(
        String.format(
            Locale.ROOT,
            "%nPercent, mean ± standard error of the mean over %d seeds of align and train; 1,500"
                + " images, 1,500 training triplets, 300 queries; trained elsewhere on the dresses of"
                + " 4,500 images.%n",
            seeds));
    MarkedSection.replace(document, "bench align", table.toString());
    ObjectNode result =
        new JsonMapper().createObjectNode().put("stage", "bench-align").put("status", "done");
    result.set("rows", rows);
    System.out.println("RESULT " + new JsonMapper().writeValueAsString(result));
  }
}
