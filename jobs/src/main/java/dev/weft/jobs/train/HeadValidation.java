package dev.weft.jobs.train;

import dev.weft.jobs.Session;
import dev.weft.jobs.evaluate.HeadScore;
import dev.weft.train.Checkpoint;
import dev.weft.train.EpochScore;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadBundle;
import dev.weft.train.ValidationConfig;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Validates the states of a head as the settings say, and says what the head was chosen by. */
final class HeadValidation implements AutoCloseable {
  private final Session session;
  private final TrainingData data;
  private final HeadArchitecture.Trainable architecture;
  private final ValidationConfig config;
  private final Optional<HeadScore> scoring;

  HeadValidation(Session session, TrainingData data, HeadArchitecture.Trainable architecture) {
    this.session = session;
    this.data = data;
    this.architecture = architecture;
    this.config = session.config().train().validation();
    this.scoring = data.score();
  }

  /** The score of a state. */
  double score(Checkpoint state) {
    HeadScore by = scoring.orElseThrow();
    double score = by.score(HeadBundle.of(architecture, data.encoder(), state));
    boolean best = state.bestScore().map(EpochScore::score).orElse(-1.0) < score;
    session
        .progress()
        .say(
            String.format(
                Locale.ROOT,
                "  epoch %d: %s %.4f on %s%s",
                state.history().size(),
                by.metric(),
                score,
                by.protocols(),
                best ? ", the best so far" : ""));
    return score;
  }

  /**
   * What the manifest says: a number measured on data that a head was selected on is no measure of
   * it, so their name goes with the head.
   */
  Map<String, Object> figures(Checkpoint end) {
    Map<String, Object> figures = new LinkedHashMap<>();
    if (scoring.isEmpty()) {
      return figures;
    }
    HeadScore by = scoring.get();
    EpochScore best = end.bestScore().orElseThrow();
    boolean chosen = config.select() == ValidationConfig.Select.BEST;
    EpochScore own = chosen ? best : end.scores().get(end.scores().size() - 1);
    figures.put(config.selects() ? "selected_on" : "validated_on", by.protocols());
    figures.put("validation_metric", by.metric());
    figures.put("validation_score", own.score());
    figures.put("epoch", own.epoch());
    figures.put("best_epoch", best.epoch());
    if (config.on() == ValidationConfig.On.HOLD_OUT) {
      figures.put("held_out", data.rows().heldOut().size());
      figures.put("left_out", data.rows().leftOut());
    }
    return figures;
  }

  @Override
  public void close() {
    scoring.ifPresent(HeadScore::close);
  }
}
