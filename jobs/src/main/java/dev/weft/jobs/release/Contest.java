package dev.weft.jobs.release;

import dev.weft.ExitCode;
import dev.weft.WeftException;
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
import dev.weft.jobs.evaluate.TrainedHead;
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
    Start start = new Start(work, champion.flatMap(Release::head));
    Map<HeadKind, Snapshot> starts = start.heads();
    TrainJob.Trained trained = TrainJob.train(work, starts);
    trained.result().announced(work.progress());
    Map<String, Object> figures = new LinkedHashMap<>(start.figures());
    if (champion.isEmpty()) {
      Challenger challenger = challenger(trained);
      figures.put("head", challenger.name());
      Decision first =
          Decision.of(
              Decision.Outcome.PROMOTED, List.of("the first release: there is no champion yet"));
      return new Result(first.with(figures), Optional.of(challenger.indexed()));
    }
    // The champion first: the page that stays is the challenger's.
    Snapshot ofChampion = evaluateChampion(champion.get());
    Challenger challenger = challenger(trained);
    figures.put("head", challenger.name());
    figures.put("champion", champion.get().head().orElseThrow().artefact().name());
    figures.put("champion_release", champion.get().version());
    Verdict verdict = verdict(ofChampion, challenger, figures);
    if (verdict.promote()) {
      return new Result(
          Decision.of(Decision.Outcome.PROMOTED, verdict.reasons()).with(figures),
          Optional.of(challenger.indexed()));
    }
    return new Result(
        Decision.of(Decision.Outcome.REFUSED, verdict.reasons()).with(figures),
        refreshed(ofChampion));
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
    Snapshot evaluation = evaluateChampion(champion.orElseThrow());
    return refreshed(evaluation)
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
                        List.of(
                            why
                                + ", and the champion's index is of these very vectors, or of another encoder")),
                    Optional.empty()));
  }

  /**
   * The champion's head with an index of the new images; nothing where its vectors are of another
   * encoder, or none of that is wanted.
   */
  private Optional<Releases.Parts> refreshed(Snapshot ofChampion) {
    Release release = champion.orElseThrow();
    Snapshot head = release.head().orElseThrow();
    Snapshot encode = work.input("encode");
    boolean sameEncoder =
        TrainedHead.read(head).bundle().encoder().equals(encode.manifest().facts().get("encoder"));
    boolean indexed =
        encode
            .manifest()
            .attempt()
            .equals(release.snapshot().manifest().facts().get(Releases.ENCODE));
    if (!work.config().fineTune().refreshIndex() || !sameEncoder || indexed) {
      return Optional.empty();
    }
    Map<String, Snapshot> pins = Map.of(head.artefact().name(), head, EVALUATE, ofChampion);
    StageResult index = IndexJob.run(work.with(List.of(), pins)).announced(work.progress());
    return Optional.of(
        new Releases.Parts(
            head, index.snapshot().orElseThrow(), ofChampion, release.part("align")));
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

  /** The released head on the data of this run, in the vectors of its own encoder. */
  private Snapshot evaluateChampion(Release release) {
    Snapshot head = release.head().orElseThrow();
    String name = head.artefact().name();
    Map<String, Snapshot> pins = new HashMap<>(Map.of(name, head));
    String encoder = TrainedHead.read(head).bundle().encoder();
    if (!encoder.equals(work.input("encode").manifest().facts().get("encoder"))) {
      pins.put("encode", encodedByChampion(release, encoder));
    }
    Session session =
        work.with(List.of("train.heads=[" + name.substring(name.indexOf('/') + 1) + "]"), pins);
    return EvaluateJob.score(session, OF_CHAMPION)
        .announced(session.progress())
        .snapshot()
        .orElseThrow();
  }

  private Snapshot encodedByChampion(Release release, String encoder) {
    Session session =
        work.with(
            List.of(), release.part("align").map(align -> Map.of("align", align)).orElse(Map.of()));
    String found = ConfiguredEncoder.of(session).fingerprint();
    if (!found.equals(encoder)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot compare the challenger with release %d: its head was trained on vectors of the"
              + " encoder %s, and encode.model with its options gives %s, so it cannot answer the same"
              + " queries. Set encode.model back, or release the new one by hand: scripts/weft"
              + " pipeline, then scripts/weft promote.",
          release.version(),
          encoder,
          found);
    }
    return EncodeJob.run(session).announced(session.progress()).snapshot().orElseThrow();
  }

  private Verdict verdict(Snapshot ofChampion, Challenger challenger, Map<String, Object> figures) {
    FineTuneConfig rules = work.config().fineTune();
    EvaluatedRun before = EvaluatedRun.of(work, ofChampion);
    EvaluatedRun after = EvaluatedRun.of(work, challenger.evaluation());
    Outcomes one = outcomes(before, rules.protocol());
    Outcomes other = outcomes(after, one.protocol());
    Comparison comparison =
        Comparison.of(
            new Side(one, before.best()),
            new Side(other, challenger.name()),
            work.config().evaluate().cutoffs(),
            new Bootstrap(rules.resamples(), work.config().seed(), rules.confidence()));
    Verdict verdict = Verdict.of(comparison, rules.metric(one.family()), rules);
    figures.put("protocol", comparison.protocol());
    figures.put("metric", verdict.metric());
    figures.put("differences", comparison.named());
    return verdict;
  }

  private static Outcomes outcomes(EvaluatedRun run, String protocol) {
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
        heads.put(TrainedHead.read(head).bundle().architecture().kind(), head);
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
