package dev.weft.jobs.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.compute.NativeBackend;
import dev.weft.config.Binder;
import dev.weft.config.ConfigException;
import dev.weft.encode.CaptionForm;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.HeadScore;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import dev.weft.train.EpochLoss;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadBundle;
import dev.weft.train.HeadKind;
import dev.weft.train.Sync;
import dev.weft.train.TextWeightSearch;
import dev.weft.train.TrainConfig;
import dev.weft.train.ValidationConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Trains the configured fusion heads on the vectors of encode. Each head is an artefact of its own,
 * {@code train/<head>}, with the files {@code head.json}, {@code params.bin} and {@code
 * history.json}; a head that is up to date is not trained again.
 *
 * <pre>scripts/weft train --config conf/wardrobe.yaml --set 'train.heads=[gated]'</pre>
 */
public final class TrainJob {
  private static final int CODE_FORMAT = 3;
  private static final String PARAMETERS = "params.bin";
  private static final ObjectWriter JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .build()
          .writerWithDefaultPrettyPrinter();

  /** Settings that no byte depends on. */
  private static final Set<String> UNIMPORTANT =
      Set.of(
          "heads",
          "reduce",
          "checkpointSteps",
          "checkpointSeconds",
          "checkpointsKept",
          "stepTimeoutSeconds");

  /** Settings that the weighted head depends on; a hold-out leaves it fewer triplets. */
  private static final Set<String> WEIGHTED =
      Set.of("logitScale", "mix", "captionForms", "seed", "validation", "validated");

  /** Settings that matter to one head only. */
  private static final Map<HeadKind, Set<String>> OF_ONE_HEAD =
      Map.of(
          HeadKind.WEIGHTED, Set.of("mix"),
          HeadKind.GATED, Set.of("gate"),
          HeadKind.COMBINER, Set.of("combiner"),
          HeadKind.ATTENTION, Set.of("attentionHeads"),
          HeadKind.TIRG, Set.of("tirgHidden"));

  private TrainJob() {}

  /**
   * What a training gave.
   *
   * @param result of the stage
   * @param heads one per {@code train.heads}, in order
   */
  public record Trained(StageResult result, List<Snapshot> heads) {
    public Trained {
      heads = List.copyOf(heads);
    }
  }

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    return train(session, Map.of()).result();
  }

  /**
   * Runs the stage in the given session.
   *
   * @param starts heads of an earlier training at whose parameters a head begins; the others begin
   *     at random ones
   */
  public static Trained train(Session session, Map<HeadKind, Snapshot> starts) {
    long start = session.clock().millis();
    requireEncodedForms(session.config());
    Snapshot ingest = session.input("ingest");
    Snapshot encode = session.input("encode");
    Map<String, Object> heads = new LinkedHashMap<>();
    List<Snapshot> trained = new ArrayList<>();
    boolean upToDate = true;
    try (TrainingData data = new TrainingData(session, ingest, encode)) {
      for (HeadKind kind : session.config().train().heads()) {
        StageResult result = run(session, data, kind, Optional.ofNullable(starts.get(kind)));
        result.snapshot().ifPresent(trained::add);
        upToDate &= result.status().equals(StageResult.UP_TO_DATE);
        heads.put(Binder.kebab(kind), figures(result));
      }
    }
    StageResult result =
        new StageResult(
            "train",
            upToDate ? StageResult.UP_TO_DATE : StageResult.DONE,
            Optional.empty(),
            (session.clock().millis() - start) / 1000.0,
            Map.of("heads", heads));
    return new Trained(result, trained);
  }

  /** Why a training of this session cannot begin at a head; empty if it can. */
  public static Optional<String> unfit(Session session, Snapshot head) {
    TrainConfig config = session.config().train();
    HeadBundle bundle = TrainedHead.read(head).bundle();
    HeadKind kind = bundle.architecture().kind();
    String what = head.artefact().name() + " version " + head.version();
    if (!isTrainable(kind)) {
      return Optional.of(what + " has no parameters to start at");
    }
    if (!config.heads().contains(kind)) {
      return Optional.of(
          what + " is none of train.heads " + config.heads().stream().map(Binder::kebab).toList());
    }
    Map<String, Object> encode = session.input("encode").manifest().facts();
    if (!bundle.encoder().equals(encode.get("encoder"))) {
      return Optional.of(
          what
              + " was trained on vectors of the encoder "
              + bundle.encoder()
              + ", and these are of "
              + encode.get("encoder"));
    }
    HeadArchitecture wanted = config.trainable(kind, bundle.architecture().dimension());
    return wanted.equals(bundle.architecture())
        ? Optional.empty()
        : Optional.of(what + " is " + bundle.architecture() + ", and train.* asks for " + wanted);
  }

  /** Settings of a training that any byte of a head depends on. */
  public static Map<String, Object> settings(TrainConfig config) {
    Map<String, Object> settings = Stage.settings(config);
    settings.keySet().removeAll(UNIMPORTANT);
    return settings;
  }

  private static void requireEncodedForms(PipelineConfig config) {
    List<CaptionForm> encoded = config.encode().captionForms();
    List<CaptionForm> wanted = config.train().captionForms();
    if (!encoded.containsAll(wanted)) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  "train.caption-forms",
                  "must be among encode.caption-forms ("
                      + names(encoded)
                      + "), found "
                      + names(wanted))));
    }
  }

  private static List<String> names(List<CaptionForm> forms) {
    return forms.stream().map(Binder::kebab).toList();
  }

  private static StageResult run(
      Session session, TrainingData data, HeadKind kind, Optional<Snapshot> start) {
    List<Snapshot> inputs = new ArrayList<>(data.inputs(kind));
    start.ifPresent(inputs::add);
    Stage stage =
        new Stage(
            "train",
            "train/" + Binder.kebab(kind),
            settings(session, kind),
            inputs,
            List.of(),
            CODE_FORMAT);
    StageResult result =
        stage.run(session, attempt -> write(session, stage, data, kind, start, attempt));
    if (result.status().equals(StageResult.DONE) && isTrainable(kind)) {
      new Checkpoints(session, stage).supersede();
    }
    result.snapshot().ifPresent(head -> TrainMetrics.current().published(head.version()));
    return result;
  }

  /** What the bytes of a head depend on; a setting that is not named here matters to all heads. */
  private static Map<String, Object> settings(Session session, HeadKind kind) {
    PipelineConfig config = session.config();
    Map<String, Object> settings = settings(config.train());
    if (config.train().sync() == Sync.EVERY_STEP) {
      settings.remove("localSteps");
    }
    settings.put("seed", config.seed());
    switch (config.train().validation().on()) {
      case NONE -> settings.remove("validation");
      case VAL -> settings.put("validated", HeadScore.settings(session));
      case HOLD_OUT -> settings.put("validated", "hold-out");
    }
    switch (kind) {
      case SUM -> settings.keySet().retainAll(Set.of("logitScale"));
      case WEIGHTED -> {
        settings.keySet().retainAll(WEIGHTED);
        if (config.train().validation().on() != ValidationConfig.On.HOLD_OUT) {
          settings.keySet().removeAll(Set.of("validation", "validated"));
        }
      }
      case GATED, COMBINER, ATTENTION, TIRG ->
          OF_ONE_HEAD.forEach(
              (head, names) -> {
                if (head != kind) {
                  settings.keySet().removeAll(names);
                }
              });
    }
    settings.put("head", Binder.kebab(kind));
    return settings;
  }

  static boolean isTrainable(HeadKind kind) {
    return kind != HeadKind.SUM && kind != HeadKind.WEIGHTED;
  }

  /** Trains one head and writes its files; returns its figures. */
  private static Map<String, Object> write(
      Session session,
      Stage stage,
      TrainingData data,
      HeadKind kind,
      Optional<Snapshot> start,
      Attempt attempt) {
    NativeBackend.load();
    TrainConfig config = session.config().train();
    return switch (kind) {
      case SUM ->
          write(
              untrained(data, config, new HeadArchitecture.Sum(data.dimension())),
              List.of(),
              Map.of("steps", 0),
              attempt);
      case WEIGHTED -> {
        HeadArchitecture.Weighted weighted =
            TextWeightSearch.search(data.table(), config.mix(), session.config().seed());
        yield write(
            untrained(data, config, weighted),
            List.of(),
            Map.of(
                "steps", 0,
                "triplets", data.table().rows(),
                "text_weight", weighted.textWeight()),
            attempt);
      }
      case GATED, COMBINER, ATTENTION, TIRG -> {
        HeadTraining.Trained trained =
            new HeadTraining(session, stage, data, start).train(kind, attempt.id());
        if (!trained.end().scores().isEmpty()) {
          attempt.write("validation.json", json(trained.end().scores()));
        }
        yield write(
            HeadBundle.of(trained.architecture(), data.encoder(), trained.end().chosen()),
            trained.end().history(),
            trained.figures(),
            attempt);
      }
    };
  }

  private static HeadBundle untrained(
      TrainingData data, TrainConfig config, HeadArchitecture architecture) {
    return new HeadBundle(architecture, data.encoder(), config.logitScale(), new float[0]);
  }

  private static Map<String, Object> write(
      HeadBundle head, List<EpochLoss> history, Map<String, Object> training, Attempt attempt) {
    Map<String, byte[]> files = new LinkedHashMap<>(head.files());
    files.put("history.json", json(history));
    files.forEach(attempt::write);
    Map<String, Object> figures = new LinkedHashMap<>(training);
    figures.put("logit_scale", head.logitScale());
    figures.put("parameters", head.parameters().length);
    figures.put("parameters_sha256", DigestUtils.sha256Hex(files.get(PARAMETERS)));
    figures.put("encoder", head.encoder());
    return figures;
  }

  private static byte[] json(List<?> records) {
    try {
      return JSON.writeValueAsBytes(records);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of numbers are always JSON", e);
    }
  }

  /** The figures of one head, with where it is. */
  private static Map<String, Object> figures(StageResult head) {
    Map<String, Object> figures = head.fields();
    figures.remove("stage");
    return figures;
  }
}
