package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.Protocol;
import dev.weft.evaluate.ResultTable;
import dev.weft.ingest.DataSource;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.evaluate.PageFile;
import dev.weft.jobs.evaluate.RunTable;
import dev.weft.jobs.train.TrainJob;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Preset;
import dev.weft.train.HeadKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Trains and scores every fusion head in each of its forms on one cache of embeddings, over several
 * seeds, and writes one table per protocol: mean and standard error, the best head first.
 *
 * <p>The embeddings are those of the configured root, made first where they are missing. Heads and
 * evaluations go under {@code <root>/leaderboard}, so the published ones stay as they are; what is
 * there already is not done again.
 *
 * <pre>scripts/weft leaderboard --config conf/wardrobe.yaml --seeds 1,2,3</pre>
 *
 * @param seeds of the training, each once
 * @param protocol the only one to score by; all that the configuration gives where empty
 */
record Leaderboard(List<Long> seeds, Optional<String> protocol) {
  Leaderboard {
    if (seeds.isEmpty() || Set.copyOf(seeds).size() != seeds.size()) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot make a leaderboard of the seeds %s: give at least one, each once.",
          seeds);
    }
  }

  /** Heads trained together, each in one of its forms. */
  private enum Pass {
    FIRST(Mix.LINEAR, Gate.VECTOR, Preset.SMALL),
    SECOND(Mix.SLERP, Gate.SCALAR, Preset.FULL);

    private final Mix mix;
    private final Gate gate;
    private final Preset combiner;

    Pass(Mix mix, Gate gate, Preset combiner) {
      this.mix = mix;
      this.gate = gate;
      this.combiner = combiner;
    }

    /** The second time, those that have a second form. */
    private List<HeadKind> heads() {
      return this == FIRST
          ? List.of(HeadKind.values())
          : List.of(HeadKind.WEIGHTED, HeadKind.GATED, HeadKind.COMBINER);
    }

    List<String> settings() {
      return List.of(
          "train.heads=" + heads().stream().map(Binder::kebab).toList(),
          "train.mix=" + Binder.kebab(mix),
          "train.gate=" + Binder.kebab(gate),
          "train.combiner=" + Binder.kebab(combiner));
    }

    /** What the table calls a head; nothing for what another pass shows. */
    Optional<String> label(String head) {
      for (HeadKind kind : heads()) {
        if (Binder.kebab(kind).equals(head)) {
          return Optional.of(
              switch (kind) {
                case WEIGHTED -> head + ", " + Binder.kebab(mix);
                case GATED -> head + ", " + Binder.kebab(gate);
                case COMBINER -> head + ", " + Binder.kebab(combiner);
                case SUM, ATTENTION, TIRG -> head;
              });
        }
      }
      return this == FIRST ? Optional.of(head) : Optional.empty(); // baselines
    }
  }

  /**
   * What came of it.
   *
   * @param markdown the tables, and how they were made
   * @param runs one per seed: head to metric to value, under the names of the {@code RESULT} line
   *     of evaluate
   * @param how how they were made
   * @param fields of the {@code RESULT} line
   */
  record Made(
      String markdown,
      List<Map<String, Map<String, Double>>> runs,
      String how,
      Map<String, Object> fields) {

    /** One table of some metrics, whatever their protocol: what the README shows. */
    String summary(List<String> columns) {
      return RunTable.of(runs, columns).markdown() + "\n" + how;
    }
  }

  /** Runs everything in the given session. */
  Made run(Session session) {
    long start = session.clock().millis();
    List<String> scored = scoredBy(session);
    for (Function<Session, StageResult> stage : PipelineJob.toVectors(session)) {
      var unused = stage.apply(session);
    }
    List<Metrics> metrics = new ArrayList<>();
    List<Map<String, Map<String, Double>>> runs = new ArrayList<>();
    List<String> pages = new ArrayList<>();
    boolean upToDate = true;
    for (long seed : seeds) {
      Map<String, Map<String, Double>> run = new LinkedHashMap<>();
      runs.add(run);
      for (Pass pass : Pass.values()) {
        session
            .progress()
            .say(
                String.format(
                    Locale.ROOT, "seed %d: %s", seed, String.join(", ", pass.settings())));
        Session apart = apart(session, seed, pass, scored);
        upToDate &= TrainJob.run(apart).status().equals(StageResult.UP_TO_DATE);
        StageResult result = EvaluateJob.score(apart);
        upToDate &= result.status().equals(StageResult.UP_TO_DATE);
        pages.add(String.valueOf(result.figures().get("page")));
        for (Metrics one : EvaluateJob.metrics(result)) {
          pass.label(one.head()).map(one::under).ifPresent(metrics::add);
        }
        EvaluateJob.named(result)
            .forEach((head, values) -> pass.label(head).ifPresent(label -> run.put(label, values)));
      }
    }
    List<ResultTable> tables = tables(metrics);
    tables.forEach(table -> table.terminal().lines().forEach(session.progress()::say));
    String page = session.config().run() + "-leaderboard.md";
    String how = how(session);
    String markdown = markdown(tables, how, pages);
    byte[] text = ("# Leaderboard\n\n" + markdown).getBytes(StandardCharsets.UTF_8);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", "leaderboard");
    fields.put("status", upToDate ? StageResult.UP_TO_DATE : StageResult.DONE);
    fields.put("seconds", (session.clock().millis() - start) / 1000.0);
    fields.put("seeds", seeds);
    fields.put("table", PageFile.publish(session, page, text));
    fields.put("pages", pages);
    fields.put("metrics", figures(tables));
    return new Made(markdown, runs, how, fields);
  }

  /** Settings that the protocol asks for. */
  private List<String> scoredBy(Session session) {
    if (protocol.isEmpty()) {
      return List.of();
    }
    Map<String, Family> own =
        session.config().ingest().datasets().stream()
            .collect(Collectors.toMap(DataSource::name, source -> Family.of(source.layout())));
    Protocol named = Protocol.named(protocol.get(), own);
    if (!own.containsKey(named.dataset())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot make a leaderboard of %s: ingest.datasets has %s. Name a protocol of one of them,"
              + " or add the data set.",
          named,
          own.keySet().stream().sorted().toList());
    }
    return List.of(
        "evaluate.cohort=" + Binder.kebab(named.cohort()),
        "evaluate.caption-forms=" + named.captions().stream().map(Binder::kebab).toList(),
        "evaluate.splits=[" + named.split() + "]");
  }

  /** Where heads and evaluations of one seed and pass go, on the embeddings of the session. */
  private static Session apart(Session session, long seed, Pass pass, List<String> scored) {
    Map<String, Snapshot> shared = new HashMap<>();
    for (String name : List.of("ingest", "encode", "mine")) {
      session.artefact(name).latest().ifPresent(snapshot -> shared.put(name, snapshot));
    }
    List<String> pairs =
        Stream.of(
                List.of(
                    "seed=" + seed,
                    "run=" + name(seed, pass),
                    "root=" + session.config().root() + "/leaderboard/" + name(seed, pass)),
                pass.settings(),
                scored)
            .flatMap(List::stream)
            .toList();
    return session.with(pairs, shared);
  }

  private static String name(long seed, Pass pass) {
    return String.format(Locale.ROOT, "seed-%d-%s", seed, pass.name().toLowerCase(Locale.ROOT));
  }

  private List<ResultTable> tables(List<Metrics> metrics) {
    Map<String, List<Metrics>> byProtocol =
        metrics.stream()
            .filter(one -> protocol.isEmpty() || protocol.get().equals(one.protocol()))
            .collect(
                Collectors.groupingBy(Metrics::protocol, LinkedHashMap::new, Collectors.toList()));
    return byProtocol.values().stream()
        .map(
            scored -> {
              Map<String, Double> means =
                  scored.stream()
                      .collect(
                          Collectors.groupingBy(
                              Metrics::head, Collectors.averagingDouble(Metrics::selectionScore)));
              List<Metrics> bestFirst =
                  scored.stream()
                      .sorted(
                          Comparator.<Metrics>comparingDouble(one -> -means.get(one.head()))
                              .thenComparing(Metrics::head))
                      .toList();
              List<String> columns =
                  scored.get(0).values().keySet().stream()
                      .filter(name -> !name.startsWith("semantic/"))
                      .toList();
              return ResultTable.of(bestFirst, columns);
            })
        .toList();
  }

  private static String markdown(List<ResultTable> tables, String how, List<String> pages) {
    StringBuilder text = new StringBuilder();
    tables.forEach(table -> text.append(table.markdown()).append('\n'));
    return text.append(how)
        .append(
            String.format(
                Locale.ROOT,
                "\nLearning curves and every query: %s.\n",
                pages.stream()
                    .map(page -> page.substring(page.indexOf("/leaderboard/")))
                    .map(
                        page ->
                            "[" + page.substring(page.lastIndexOf('/') + 1) + "](.." + page + ")")
                    .collect(Collectors.joining(", "))))
        .toString();
  }

  private String how(Session session) {
    Snapshot encode = session.artefact("encode").require();
    return String.format(
        Locale.ROOT,
        "Every head was trained on the same embeddings (encode version %d of the encoder %s),"
            + " %d epochs with batches of %d; seeds of the training: %s. The standard errors"
            + " say how far these seeds differ, and nothing of other encoders or data.\n",
        encode.version(),
        encode.manifest().facts().get("encoder"),
        session.config().train().epochs(),
        session.config().train().batchSize(),
        seeds.stream().map(String::valueOf).collect(Collectors.joining(", ")));
  }

  /** Caption to head to metric to its mean and standard error. */
  private static Map<String, Object> figures(List<ResultTable> tables) {
    Map<String, Object> figures = new LinkedHashMap<>();
    for (ResultTable table : tables) {
      Map<String, Object> heads = new LinkedHashMap<>();
      for (ResultTable.Line line : table.lines()) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int column = 0; column < table.columns().size(); column++) {
          String name = table.columns().get(column);
          line.cells()
              .get(column)
              .ifPresent(
                  cell -> {
                    values.put(name, cell.mean());
                    cell.standardError()
                        .ifPresent(error -> values.put(name + " standard error", error));
                  });
        }
        heads.put(line.head(), values);
      }
      figures.put(table.caption(), heads);
    }
    return figures;
  }
}
