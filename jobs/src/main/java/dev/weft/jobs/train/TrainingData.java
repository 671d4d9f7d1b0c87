package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.jobs.evaluate.HeadScore;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadKind;
import dev.weft.train.TrainConfig;
import dev.weft.train.TripletTable;
import dev.weft.train.ValidationConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * What all heads are trained on: the pinned inputs, and the training rows, which are read when the
 * first head needs them and kept for the others.
 *
 * <p>Used by the driver's main thread alone.
 */
final class TrainingData implements AutoCloseable {
  private final Session session;
  private final Snapshot ingest;
  private final Snapshot encode;
  private Optional<TrainingRows> rows = Optional.empty();
  private final Optional<Snapshot> mine;
  private Optional<Broadcast<byte[]>> broadcast = Optional.empty();

  TrainingData(Session session, Snapshot ingest, Snapshot encode) {
    this.session = session;
    this.ingest = ingest;
    this.encode = encode;
    TrainConfig config = session.config().train();
    boolean mined =
        config.hardNegatives() > 0 && config.heads().stream().anyMatch(TrainJob::isTrainable);
    this.mine = mined ? Optional.of(MineJob.require(session)) : Optional.empty();
  }

  /** The snapshots a head depends on. */
  List<Snapshot> inputs(HeadKind kind) {
    List<Snapshot> inputs = new ArrayList<>(List.of(ingest, encode));
    if (TrainJob.isTrainable(kind)) {
      mine.ifPresent(inputs::add);
    }
    return inputs;
  }

  /** What scores a head while it is trained; none if the settings say so. */
  Optional<HeadScore> score() {
    return switch (session.config().train().validation().on()) {
      case NONE -> Optional.empty();
      case VAL -> Optional.of(HeadScore.onVal(session, ingest, encode));
      case HOLD_OUT -> Optional.of(HeadScore.onHoldOut(session, encode, rows().heldOut()));
    };
  }

  /** Fingerprint of the encoder that made the vectors. */
  String encoder() {
    return fact("encoder", String.class);
  }

  /** Embedding width D. */
  int dimension() {
    return fact("dimension", Integer.class);
  }

  private <T> T fact(String name, Class<T> type) {
    Object value = encode.manifest().facts().get(name);
    if (!type.isInstance(value)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train on %s: its manifest has '%s' as %s of the vectors. Encode again with this"
              + " version of Weft: scripts/weft encode --force.",
          encode.path(),
          value,
          name);
    }
    return type.cast(value);
  }

  /** The training rows, without those that are held out for validation. */
  TripletTable table() {
    return rows().table();
  }

  /** The training rows and what is held out. */
  TrainingRows rows() {
    if (rows.isEmpty()) {
      ValidationConfig validation = session.config().train().validation();
      double share = validation.on() == ValidationConfig.On.HOLD_OUT ? validation.share() : 0;
      rows =
          Optional.of(
              TrainingTable.read(
                  session.spark(),
                  ingest,
                  encode,
                  dimension(),
                  session.config().train().captionForms(),
                  new HoldOut(session.config().seed(), share),
                  HardNegatives.read(
                      session.spark(), mine, session.config().train().hardNegatives())));
    }
    return rows.get();
  }

  /** The training rows as every worker gets them, once: {@link TripletTable#toBytes}. */
  Broadcast<byte[]> broadcast() {
    if (broadcast.isEmpty()) {
      broadcast =
          Optional.of(
              new JavaSparkContext(session.spark().sparkContext()).broadcast(table().toBytes()));
    }
    return broadcast.get();
  }

  @Override
  public void close() {
    broadcast.ifPresent(Broadcast::destroy);
  }
}
