package dev.weft.jobs.doctor;

import dev.weft.WeftException;
import dev.weft.encode.EncodeConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.encode.ConfiguredEncoder;
import java.util.List;

/** Opens the model folder that {@code encode.model} names, if it names one. */
final class ModelChecks {
  private static final String NAME = "model-folder";

  private ModelChecks() {}

  /** The check; none where the encoder is one that the jar holds. */
  static List<Check> of(Session session) {
    EncodeConfig config = session.config().encode();
    if (config.isStarter() || config.isTextOnly()) {
      return List.of();
    }
    try {
      ConfiguredEncoder model = ConfiguredEncoder.frozen(session);
      int width = model.dimension();
      return List.of(Check.fine(NAME, config.model(), "opens, vectors of width " + width));
    } catch (WeftException e) {
      return List.of(
          new Check(
              NAME,
              config.model(),
              Check.Outcome.ERROR,
              e.getMessage(),
              "encode, and every search by image or text, stop there",
              "encode.model: a folder as docs/encoders.md describes it"));
    }
  }
}
