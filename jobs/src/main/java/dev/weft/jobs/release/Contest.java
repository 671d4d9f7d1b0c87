package dev.weft.jobs.release;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.config.ConfigException;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Comparison.Bootstrap;
import dev.weft.evaluate.Comparison.Side;
import dev.weft.evaluate.Outcomes;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.evaluate.EvaluatedRun;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.train.TrainJob;
import dev.weft.release.FineTuneConfig;
import dev.weft.release.Verdict;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadKind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Champion against challenger, on one version of the data.
 *
 * @param work a session with ingest, encode and the encoder pinned
 * @param champion the release that holds; none yet before the first
 */
record Contest(Session work, Optional<Release> champion) {
  private static final String EVALUATE = "evaluate";
  private static final String OF_CHAMPION = "evaluate/champion";

  /**
   * How it ended.
   *
   * @param decision for the record
   * @param parts what to release; empty where the release stays as it is
   */
  record Result(Decision decision, Optional<Releases.Parts> parts) {}

  /** Trains a challenger and lets the rules decide. */
  Result train() {
    // The champion first: what cannot be compared is found before the training, and the page that
    // stays is the challenger's.
    Optional<Defender> defender = champion.map(this::defender);
    Optional<Outcomes> before = defender.map(one -> outcomes(one.evaluation()));
    Start start = new Start(work, champion.flatMap(Release::head));
    TrainJob.Trained trained = TrainJob.train(work, start.heads());
    trained.result().announced(work.progress());
    Challenger challenger = challenger(trained);
    Map<String, Object> figures = new LinkedHashMap<>(start.figures());
    figures.put("head", challenger.name());
    if (defender.isEmpty()) {
      Decision first =
          Decision.of(
              Decision.Outcome.PROMOTED, List.of("the first release: there is no champion yet"));
      return new Result(first.with(figures), Optional.of(challenger.indexed()));
    }
    figures.put("champion", head().artefact().name());
    figures.put("champion_release", champion.get().version());
    Verdict verdict = verdict(before.orElseThrow(), challenger, figures);
    if (verdict.promote()) {
      return new Result(
          Decision.of(Decision.Outcome.PROMOTED, verdict.reasons()).with(figures),
          Optional.of(challenger.indexed()));
    }
    return new Result(
        Decision.of(Decision.Outcome.REFUSED, verdict.reasons()).with(figures),
        refreshed(defender.get()));
  }

  private Snapshot head() {
    return champion.flatMap(Release::head).orElseThrow();
  }

  /** Such as {@code gated}. */
  private static String name(Snapshot head) {
    String artefact = head.artefact().name();
    return artefact.substring(artefact.indexOf('/') + 1);
  }

  /** The encoder of the vectors that a head was trained on. */
  private static String encoder(Snapshot head) {
    return String.valueOf(head.manifest().facts().get("encoder"));
  }

  /** No training: what is new becomes searchable by the head that is released. */
  Result keep() {
    String why = "no triplet, setting or encoder changed since the last decision";
    if (!work.config().fineTune().refreshIndex()) {
      return new Result(
          Decision.of(
              Decision.Outcome.REFUSED,
              List.of(why + ", and fine-tune.refresh-index is false: the release stays")),
          Optional.empty());
    }
    return refreshed(defender(champion.orElseThrow()))
        .map(
            parts ->
                new Result(
                    Decision.of(
                        Decision.Outcome.REFRESHED,
                        List.of(why + ": nothing to train; the index is made anew")),
                    Optional.of(parts)))
        .orElseGet(
            () ->
                new Result(
                    Decision.of(
                        Decision.Outcome.REFUSED,
                        List.of(why + ", and the champion's index is of these very vectors")),
                    Optional.empty()));
  }

  /**
   * The champion's head with an index of the new images; nothing where there are none, or none of
   * that is wanted.
   */
  private Optional<Releases.Parts> refreshed(Defender defender) {
    Release release = champion.orElseThrow();
    boolean indexed =
        defender
            .session()
            .input("encode")
            .manifest()
            .attempt()
            .equals(release.snapshot().manifest().facts().get(Releases.ENCODE));
    if (!work.config().fineTune().refreshIndex() || indexed) {
      return Optional.empty();
    }
    Map<String, Snapshot> pins = Map.of(EVALUATE, defender.evaluation());
    StageResult index =
        IndexJob.run(defender.session().with(List.of(), pins)).announced(work.progress());
    return Optional.of(
        new Releases.Parts(
            head(), index.snapshot().orElseThrow(), defender.evaluation(), release.part("align")));
  }

  /**
   * The best of the heads that were trained.
   *
   * @param session with the heads and their evaluation pinned
   */
  private record Challenger(Session session, Snapshot evaluation, String name) {
    Releases.Parts indexed() {
      StageResult index = IndexJob.run(session).announced(session.progress());
      return new Releases.Parts(
          session.input("train/" + name),
          index.snapshot().orElseThrow(),
          evaluation,
          ConfiguredEncoder.of(session).inputs().stream().findFirst());
    }
  }

  private Challenger challenger(TrainJob.Trained trained) {
    Map<String, Snapshot> heads = new HashMap<>();
    trained.heads().forEach(head -> heads.put(head.artefact().name(), head));
    Session session = work.with(List.of(), heads);
    Snapshot evaluation =
        EvaluateJob.score(session).announced(session.progress()).snapshot().orElseThrow();
    String best = String.valueOf(evaluation.manifest().facts().get("best_head"));
    return new Challenger(session.with(List.of(), Map.of(EVALUATE, evaluation)), evaluation, best);
  }

  /**
   * The released head on the data of this run.
   *
   * @param session with the head, and the encoder and the vectors that it was made for, pinned
   */
  private record Defender(Session session, Snapshot evaluation) {}

  private Defender defender(Release release) {
    Snapshot head = head();
    Map<String, Snapshot> pins = new HashMap<>(Map.of(head.artefact().name(), head));
    String encoder = encoder(head);
    if (!encoder.equals(work.input("encode").manifest().facts().get("encoder"))) {
      release.part("align").ifPresent(align -> pins.put("align", align));
      pins.put("encode", encoded(work.with(List.of(), pins), encoder));
    }
    Session session = work.with(List.of("train.heads=[" + name(head) + "]"), pins);
    return new Defender(
        session,
        EvaluateJob.score(session, OF_CHAMPION)
            .announced(work.progress())
            .snapshot()
            .orElseThrow());
  }

  private Snapshot encoded(Session session, String encoder) {
    String found = ConfiguredEncoder.of(session).fingerprint();
    if (!found.equals(encoder)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot compare the challenger with release %d: its head was trained on vectors of the"
              + " encoder %s, and encode.model with its options gives %s, so it cannot answer the"
              + " same queries. Set encode.model back, or release the new one by hand: scripts/weft"
              + " pipeline, then scripts/weft promote.",
          champion.orElseThrow().version(),
          encoder,
          found);
    }
    return EncodeJob.run(session).announced(session.progress()).snapshot().orElseThrow();
  }

  private Verdict verdict(Outcomes before, Challenger challenger, Map<String, Object> figures) {
    FineTuneConfig rules = work.config().fineTune();
    Comparison comparison =
        Comparison.of(
            new Side(before, name(head())),
            new Side(outcomes(challenger.evaluation(), before.protocol()), challenger.name()),
            work.config().evaluate().cutoffs(),
            new Bootstrap(rules.resamples(), work.config().seed(), rules.confidence()));
    Verdict verdict = Verdict.of(comparison, rules.metric(before.family()), rules);
    figures.put("protocol", comparison.protocol());
    figures.put("metric", verdict.metric());
    figures.put("differences", comparison.named());
    return verdict;
  }

  private Outcomes outcomes(Snapshot ofChampion) {
    return outcomes(ofChampion, work.config().fineTune().protocol());
  }

  private Outcomes outcomes(Snapshot evaluation, String protocol) {
    EvaluatedRun run = EvaluatedRun.of(work, evaluation);
    return run.outcomes().stream()
        .filter(one -> protocol.isBlank() || one.protocol().equals(protocol))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigException(
                    "the configuration",
                    List.of(
                        new ConfigException.Problem(
                            "fine-tune.protocol",
                            "must be one of "
                                + run.outcomes().stream().map(Outcomes::protocol).toList()
                                + " or '', found '"
                                + protocol
                                + "'"))));
  }

  /** Where the heads of a run start. */
  private static final class Start {
    private final Map<HeadKind, Snapshot> heads = new HashMap<>();
    private String from = "scratch";

    Start(Session work, Optional<Snapshot> champion) {
      FineTuneConfig config = work.config().fineTune();
      if (champion.isEmpty() || config.start() == FineTuneConfig.Start.SCRATCH) {
        return;
      }
      Snapshot head = champion.get();
      Optional<String> unfit = TrainJob.unfit(work, head);
      if (unfit.isEmpty()) {
        work.config().train().heads().stream()
            .filter(kind -> Binder.kebab(kind).equals(name(head)))
            .forEach(kind -> heads.put(kind, head));
        from = head.artefact().name() + " version " + head.version();
        return;
      }
      if (config.ifUnfit() == FineTuneConfig.IfUnfit.FAIL) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot start the training at the released head: %s. Set train.* and encode.* as that"
                + " head was made, fine-tune.start to scratch, or fine-tune.if-unfit to scratch.",
            unfit.get());
      }
      from = "scratch: " + unfit.get();
      work.progress().say("training starts from scratch: " + unfit.get());
    }

    Map<HeadKind, Snapshot> heads() {
      return heads;
    }

    Map<String, Object> figures() {
      return Map.of("start", from);
    }
  }
}
