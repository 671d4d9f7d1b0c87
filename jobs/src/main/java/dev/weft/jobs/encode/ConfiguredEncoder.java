package dev.weft.jobs.encode;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.BgeTextTower;
import dev.weft.encode.DualEncoder;
import dev.weft.encode.EncodeConfig;
import dev.weft.encode.ModelFiles;
import dev.weft.encode.OnnxEncoder;
import dev.weft.encode.StarterEncoder;
import dev.weft.encode.TextOnlyEncoder;
import dev.weft.index.EncodedWith;
import dev.weft.jobs.Session;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The encoder that {@code encode.model} names: the one place where it is chosen.
 *
 * <p>Used by the driver's main thread.
 */
public final class ConfiguredEncoder {
  private final String what;
  private final String fingerprint;
  private final Optional<Snapshot> align;
  private final Supplier<EncoderBundle> bundle;
  private final Supplier<Integer> dimension;

  private ConfiguredEncoder(
      String what,
      String fingerprint,
      Optional<Snapshot> align,
      Supplier<EncoderBundle> bundle,
      Supplier<Integer> dimension) {
    this.what = what;
    this.fingerprint = fingerprint;
    this.align = align;
    this.bundle = bundle;
    this.dimension = dimension;
  }

  /** The encoder, at its newest. */
  public static ConfiguredEncoder of(Session session) {
    EncodeConfig config = session.config().encode();
    if (config.isStarter()) {
      return starter(session.input("align"));
    }
    if (config.isTextOnly()) {
      return textOnly();
    }
    ConfiguredEncoder frozen = frozen(session);
    return config.adapt() ? adapted(session.input("align"), frozen) : frozen;
  }

  /** The encoder of the configured model folder, without adapters. */
  public static ConfiguredEncoder frozen(Session session) {
    EncodeConfig config = session.config().encode();
    return StarterEncoder.find(session.hadoop(), config.model())
        .map(bundle -> starter(config.model(), bundle))
        .orElseGet(() -> model(session.hadoop(), config));
  }

  /** A starter that was trained elsewhere. */
  private static ConfiguredEncoder starter(String place, Map<String, byte[]> files) {
    EncoderBundle.Source source = new EncoderBundle.Starter(place, files);
    DualEncoder encoder = source.open(1);
    EncoderBundle bundle = new EncoderBundle(encoder.fingerprint(), source);
    return new ConfiguredEncoder(
        "the encoder " + place,
        encoder.fingerprint(),
        Optional.empty(),
        () -> bundle,
        encoder::dimension);
  }

  private static ConfiguredEncoder adapted(Snapshot align, ConfiguredEncoder frozen) {
    Map<String, Object> facts = align.manifest().facts();
    if (!frozen.fingerprint.equals(facts.get("base"))) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot use the adapters of align version %d: they were trained on the encoder %s, and"
              + " encode.model with its options is %s. Set the model back, or run align again.",
          align.version(),
          facts.get("base"),
          frozen.fingerprint);
    }
    return aligned(
        align,
        () -> new EncoderBundle.Adapted(align.path().toString(), bytes(align), frozen.bundle()));
  }

  private static ConfiguredEncoder starter(Snapshot align) {
    return aligned(align, () -> new EncoderBundle.Starter(align.path().toString(), bytes(align)));
  }

  private static ConfiguredEncoder aligned(Snapshot align, Supplier<EncoderBundle.Source> source) {
    Map<String, Object> facts = align.manifest().facts();
    String fingerprint = String.valueOf(facts.get("encoder"));
    return new ConfiguredEncoder(
        "the encoder align version " + align.version(),
        fingerprint,
        Optional.of(align),
        () -> new EncoderBundle(fingerprint, source.get()),
        () -> ((Number) facts.get("dimension")).intValue());
  }

  private static Map<String, byte[]> bytes(Snapshot align) {
    Map<String, byte[]> files = new TreeMap<>();
    for (FileEntry file : align.manifest().files()) {
      files.put(file.name(), align.read(file.name()));
    }
    return files;
  }

  private static ConfiguredEncoder textOnly() {
    String fingerprint = new TextOnlyEncoder(TextTower.shared()).fingerprint();
    return new ConfiguredEncoder(
        "the encoder bge-small-en-v1.5",
        fingerprint,
        Optional.empty(),
        () -> new EncoderBundle(fingerprint, new EncoderBundle.TextOnly()),
        () -> BgeTextTower.DIMENSION);
  }

  private static ConfiguredEncoder model(Configuration hadoop, EncodeConfig config) {
    ModelFiles files = ModelFiles.of(hadoop, config.model(), config.variant());
    Path folder = files.local(hadoop, Path.of(config.modelFolder()));
    String fingerprint;
    try {
      fingerprint = OnnxEncoder.fingerprint(files, folder, config.options());
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read the model in %s: %s. Run the same command again.",
          folder,
          e.getMessage());
    }
    EncoderBundle bundle =
        new EncoderBundle(
            fingerprint,
            new EncoderBundle.Model(
                files,
                config.options(),
                config.modelFolder(),
                new SerializableConfiguration(hadoop)));
    return new ConfiguredEncoder(
        "the encoder " + files.place(),
        fingerprint,
        Optional.empty(),
        () -> bundle,
        () -> bundle.open().dimension());
  }

  /**
   * The encoder that something was made with: of the starter an older version if need be.
   *
   * @param made what was made with it
   */
  public static ConfiguredEncoder of(Session session, EncodedWith made) {
    ConfiguredEncoder latest = of(session);
    if (latest.fingerprint.equals(made.encoder())) {
      return latest;
    }
    if (latest.align.isPresent()) {
      for (Snapshot older : session.artefact("align").history()) {
        ConfiguredEncoder encoder =
            older.manifest().facts().containsKey("base")
                ? adapted(older, frozen(session))
                : starter(older);
        if (encoder.fingerprint.equals(made.encoder())) {
          return encoder;
        }
      }
    }
    EncodedWith.requireSame(
        List.of(new EncodedWith(latest.what, latest.fingerprint, latest.dimension()), made));
    throw new IllegalStateException("two encoders are equal and differ");
  }

  /** Names vectors of this encoder. */
  public String fingerprint() {
    return fingerprint;
  }

  /** D; a model is opened for it. */
  public int dimension() {
    return dimension.get();
  }

  /** The snapshot it lies in, if it lies in one. */
  public List<Snapshot> inputs() {
    return align.stream().toList();
  }

  /** Ready to be broadcast. */
  public EncoderBundle bundle() {
    return bundle.get();
  }
}
