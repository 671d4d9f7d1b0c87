package dev.weft.jobs.align;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.align.AlignBatches;
import dev.weft.align.AlignConfig;
import dev.weft.align.AlignModel;
import dev.weft.align.AlignProgress;
import dev.weft.align.AlignTrainer;
import dev.weft.encode.AdaptedEncoder;
import dev.weft.encode.EncodeConfig;
import dev.weft.encode.Projection;
import dev.weft.encode.StarterEncoder;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.encode.EncoderBundle;
import dev.weft.jobs.encode.ImageReader;
import dev.weft.jobs.encode.ImageVectors;
import dev.weft.jobs.encode.TextTower;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Trains the starter encoder, or with {@code encode.adapt} the adapters of a model folder, on the
 * described images of the train galleries, and measures how well it finds an image of the val
 * galleries by its description. Any other {@code encode.model} is trained already: then there is
 * nothing to do.
 *
 * <p>Publishes the bundle of {@code data-schemas/encoder-bundle.md}. Same input, seed and number of
 * slices give the same bytes.
 *
 * <pre>
 * scripts/weft align --config conf/wardrobe.yaml --set align.epochs=20
 * scripts/weft align --config conf/shop.yaml --set encode.model=/models/clip --set encode.adapt=true
 * </pre>
 */
public final class AlignJob {
  private static final int CODE_FORMAT = 1;

  /** Most images of the val galleries that the recall is measured among. */
  private static final int RECALL_IMAGES = 2_000;

  private final Session session;
  private final SparkSession spark;
  private final JavaSparkContext context;
  private final ImageReader reader;
  private final AlignConfig config;
  private final long seed;
  private final Optional<ConfiguredEncoder> frozen;
  private final AlignModel model;

  private AlignJob(Session session, ImageReader reader, Optional<ConfiguredEncoder> frozen) {
    this.session = session;
    this.spark = session.spark();
    this.context = new JavaSparkContext(spark.sparkContext());
    this.reader = reader;
    this.config = session.config().align();
    this.seed = session.config().seed();
    this.frozen = frozen;
    this.model =
        frozen.isPresent()
            ? new AlignModel.Adapters(frozen.get().dimension(), config.logitScale())
            : new AlignModel.Starter(config);
  }

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    EncodeConfig encode = session.config().encode();
    if (!encode.isStarter() && !encode.adapt()) {
      return new StageResult(
          "align", StageResult.UP_TO_DATE, Optional.empty(), 0, Map.of("skipped", true));
    }
    Snapshot ingest = session.input("ingest");
    Map<String, Object> settings = Stage.settings(session.config().align());
    settings.put("seed", session.config().seed());
    Optional<ConfiguredEncoder> frozen =
        encode.adapt() ? Optional.of(ConfiguredEncoder.frozen(session)) : Optional.empty();
    frozen.ifPresent(base -> settings.put("base", base.fingerprint()));
    return new Stage("align", "align", settings, List.of(ingest), List.of(), CODE_FORMAT)
        .run(session, attempt -> write(session, ingest, frozen, attempt));
  }

  private static Map<String, Object> write(
      Session session, Snapshot ingest, Optional<ConfiguredEncoder> frozen, Attempt attempt) {
    JavaSparkContext context = new JavaSparkContext(session.spark().sparkContext());
    try (ImageReader reader = ImageReader.of(context, session.config().ingest())) {
      return new AlignJob(session, reader, frozen).write(ingest, attempt);
    } finally {
      context.setJobDescription(null);
    }
  }

  private Map<String, Object> write(Snapshot ingest, Attempt attempt) {
    context.setJobDescription("choose the images of align");
    List<DescribedImage> train =
        DescribedImage.of(spark, ingest, "train", config.maxImages(), seed);
    List<DescribedImage> val = DescribedImage.of(spark, ingest, "val", RECALL_IMAGES, seed);
    if (train.isEmpty()) {
      requireImages(ingest);
    }
    AlignTrainer trainer = new AlignTrainer(config, model, train.size(), seed);
    List<String> descriptions =
        TrainingReader.descriptions(Stream.concat(train.stream(), val.stream()));
    requireFit(train.size(), descriptions.size());

    int batch = session.config().encode().batchSize();
    Optional<Broadcast<EncoderBundle>> shared =
        frozen.map(base -> context.broadcast(base.bundle()));
    TrainingReader training = new TrainingReader(context, reader, config, model, shared, batch);
    context.setJobDescription("encode descriptions");
    Map<String, float[]> vectors = training.vectors(descriptions);
    context.setJobDescription("read the images of align");
    BroadcastRows rows = training.rows(attempt.id(), train, vectors, seed);
    context.setJobDescription(null); // the many short jobs of the steps share one bar
    List<AlignProgress> steps = new ArrayList<>();
    float[] parameters = train(trainer, rows, steps);

    Projection projection = model.layout().projection(parameters);
    EncoderBundle encoder = publish(parameters, projection, attempt);

    AlignProgress last = steps.get(steps.size() - 1);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("encoder", encoder.fingerprint());
    figures.put("dimension", projection.dimension());
    frozen.ifPresent(base -> figures.put("base", base.fingerprint()));
    figures.put("images", train.size());
    figures.put("steps", last.steps());
    figures.put("loss", lossOfLastEpoch(steps));
    figures.put("logit_scale", last.logitScale());
    context.setJobDescription("measure text-to-image recall");
    if (frozen.isPresent()) {
      Projection identity = model.layout().projection(model.initial(seed));
      figures.put("text_to_image_frozen", recall(frozen.get().bundle(), val, vectors, identity));
    }
    figures.put("text_to_image", recall(encoder, val, vectors, projection));
    shared.ifPresent(Broadcast::destroy);
    return figures;
  }

  private void requireFit(int images, int texts) {
    long heap = Runtime.getRuntime().maxMemory();
    if (frozen.isPresent()) {
      BroadcastRows.requireFit(frozen.get().dimension(), images, texts, heap);
    } else {
      BroadcastRows.requireFit(config, images, texts, heap);
    }
  }

  /** Says what is missing where there is no training image at all. */
  private void requireImages(Snapshot ingest) {
    if (Table.IMAGES.read(spark, ingest).filter("location is not null").isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot align: ingest read no image file (%s). Set ingest.images=read, name the folder of"
              + " the images in ingest.datasets, and run ingest again.",
          ingest.path());
    }
  }

  private float[] train(AlignTrainer trainer, BroadcastRows rows, List<AlignProgress> steps) {
    int slices = config.partitions() > 0 ? config.partitions() : session.executors();
    AlignBatches batches =
        new AlignBatches(rows.pictures().length, config.maxImages(), config.batchSize(), seed);
    session.progress().begin("align", (long) config.epochs() * batches.steps());
    try (SparkWorkers workers = new SparkWorkers(context, rows, slices)) {
      return trainer.train(
          workers,
          step -> {
            steps.add(step);
            session.progress().at(step.step(), remark(step));
          });
    } finally {
      session.progress().end();
    }
  }

  private static String remark(AlignProgress step) {
    return String.format(
        Locale.ROOT,
        "epoch %d, loss %.3f, scale %.1f",
        step.epoch() + 1,
        step.loss(),
        step.logitScale());
  }

  private double lossOfLastEpoch(List<AlignProgress> steps) {
    return steps.stream()
        .filter(step -> step.epoch() == config.epochs() - 1)
        .mapToDouble(AlignProgress::loss)
        .average()
        .orElseThrow();
  }

  /** Writes the files of the trained encoder. */
  private EncoderBundle publish(float[] parameters, Projection projection, Attempt attempt) {
    String place = attempt.folder().toString();
    float[] image = model.layout().image(parameters);
    if (frozen.isPresent()) {
      EncoderBundle base = frozen.get().bundle();
      AdaptedEncoder encoder =
          new AdaptedEncoder(
              base.open(), new Projection(projection.dimension(), image), projection);
      encoder.save().forEach(attempt::write);
      return new EncoderBundle(
          encoder.fingerprint(), new EncoderBundle.Adapted(place, encoder.save(), base));
    }
    StarterEncoder encoder =
        new StarterEncoder(
            config.shape(), config.preprocessing(), image, projection, TextTower.shared());
    encoder.save().forEach(attempt::write);
    return new EncoderBundle(
        encoder.fingerprint(), new EncoderBundle.Starter(place, encoder.save()));
  }

  /** Recall over the val galleries; empty where none of their images is described. */
  private Map<String, Double> recall(
      EncoderBundle bundle,
      List<DescribedImage> val,
      Map<String, float[]> vectors,
      Projection projection) {
    if (val.isEmpty()) {
      return Map.of();
    }
    Broadcast<EncoderBundle> shared = context.broadcast(bundle);
    try {
      ImageVectors encoding =
          new ImageVectors(reader, shared, session.config().encode().batchSize());
      Map<String, Double> recall = TextToImage.recall(context, val, encoding, vectors, projection);
      session
          .progress()
          .say("  text-to-image recall among " + val.size() + " val images: " + recall);
      return recall;
    } finally {
      shared.destroy();
    }
  }
}
