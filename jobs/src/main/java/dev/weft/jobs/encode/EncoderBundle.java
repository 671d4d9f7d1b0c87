package dev.weft.jobs.encode;

import dev.weft.config.ConfigException;
import dev.weft.encode.DualEncoder;
import dev.weft.encode.EncodeConfig;
import dev.weft.encode.StarterEncoder;
import dev.weft.jobs.Session;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A dual encoder on its way to the tasks: plain bytes that are broadcast, and opened once per JVM.
 * This is the one place where the configured encoder is chosen and opened.
 *
 * @param place where the bundle lies, for messages
 * @param fingerprint of the encoder
 * @param files content of each file of the bundle, by name
 */
public record EncoderBundle(String place, String fingerprint, Map<String, byte[]> files)
    implements Serializable {
  private static final String STARTER = "starter";

  private static Optional<DualEncoder> opened = Optional.empty(); // guarded by the class

  public EncoderBundle {
    files = Map.copyOf(files);
  }

  /** Whether the configured encoder is the one that align trains. */
  public static boolean isStarter(EncodeConfig config) {
    return config.model().equals(STARTER);
  }

  /** The snapshot that holds the configured encoder. */
  public static Snapshot require(Session session) {
    EncodeConfig config = session.config().encode();
    if (!isStarter(config)) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  "encode.model",
                  "must be starter, the only encoder there is yet, found '"
                      + config.model()
                      + "'")));
    }
    return session.artefact("align").require();
  }

  /** The fingerprint of the encoder in a snapshot of align, without opening it. */
  public static String fingerprint(Snapshot align) {
    return String.valueOf(align.manifest().facts().get("encoder"));
  }

  /** Reads the bundle of a snapshot of align. */
  public static EncoderBundle of(Snapshot align) {
    Map<String, byte[]> files = new TreeMap<>();
    for (FileEntry file : align.manifest().files()) {
      files.put(file.name(), align.read(file.name()));
    }
    return new EncoderBundle(align.path().toString(), fingerprint(align), files);
  }

  /**
   * The encoder, opened in this JVM if it is not yet.
   *
   * <p>The one opened before is forgotten, not closed: the text tower is shared, and tasks may be
   * using it still.
   *
   * @return safe for concurrent use; not to be closed
   */
  public DualEncoder open() {
    synchronized (EncoderBundle.class) {
      if (opened.isEmpty() || !opened.get().fingerprint().equals(fingerprint)) {
        opened = Optional.of(StarterEncoder.load(place, files::get, TextTower.shared()));
      }
      return opened.get();
    }
  }
}
