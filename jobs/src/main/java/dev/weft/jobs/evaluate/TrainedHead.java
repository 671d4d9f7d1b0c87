package dev.weft.jobs.evaluate;

import dev.weft.index.EncodedWith;
import dev.weft.jobs.Session;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadBundle;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A fusion head as the train stage published it, in a form that travels to tasks.
 *
 * @param name such as {@code gated}
 * @param place where it lies, for messages
 * @param files of its {@link HeadBundle}
 */
public record TrainedHead(String name, String place, Map<String, byte[]> files)
    implements Serializable {
  private static final String ARTEFACT = "train/";

  /** The version of a head that the session works with: the newest, if it is not pinned. */
  public static Snapshot require(Session session, String name) {
    return session.input(ARTEFACT + name);
  }

  /** Reads a snapshot of a head. */
  public static TrainedHead read(Snapshot snapshot) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (FileEntry file : snapshot.manifest().files()) {
      files.put(file.name(), snapshot.read(file.name()));
    }
    String artefact = snapshot.artefact().name();
    return new TrainedHead(
        artefact.substring(ARTEFACT.length()),
        artefact + " version " + snapshot.version(),
        HeadBundle.of(files).files());
  }

  /** The head with its parameters. */
  public HeadBundle bundle() {
    return HeadBundle.of(files);
  }

  /** What it was made with, to be compared with the vectors in use. */
  public EncodedWith encodedWith() {
    HeadBundle bundle = bundle();
    return new EncodedWith(
        "the head " + place, bundle.encoder(), bundle.architecture().dimension());
  }
}
