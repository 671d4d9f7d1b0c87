package dev.weft.store;

import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * Every file of an artefact read and held against its checksum: manifests in service and retired,
 * data files, tags and run records. One flipped bit anywhere is found.
 */
public final class Verification {
  private final Artefact artefact;
  private final Set<String> data = new HashSet<>(); // a file may belong to several versions
  private final List<String> problems = new ArrayList<>();
  private int files;
  private long bytes;

  private Verification(Artefact artefact) {
    this.artefact = artefact;
  }

  /** Reads everything; takes as long as reading takes. */
  public static Verification of(Artefact artefact) {
    Verification verification = new Verification(artefact);
    verification.run();
    return verification;
  }

  /** Files that were read, the damaged ones included. */
  public int files() {
    return files;
  }

  /** Bytes of the data files among them. */
  public long bytes() {
    return bytes;
  }

  /** A paragraph for each file that is not what was written: which, why, what to do. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  private void run() {
    for (long version : artefact.versions().manifests().numbers()) {
      Optional<Snapshot> snapshot = Optional.empty();
      files++;
      try {
        snapshot = artefact.at(version);
      } catch (WeftException e) {
        problems.add(e.getMessage());
      }
      snapshot.ifPresent(this::data);
    }
    new Retired(artefact).readAll(this::read);
    artefact.tagLog().readAll(this::read);
    artefact.runFiles().forEach(path -> read(path, () -> artefact.run(path)));
  }

  private void data(Snapshot snapshot) {
    for (FileEntry entry : snapshot.manifest().files()) {
      if (data.add(entry.path())) {
        bytes += entry.bytes();
        read(artefact.path(entry), () -> snapshot.verify(entry));
      }
    }
  }

  private void read(Path path, Runnable reading) {
    files++;
    try {
      reading.run();
    } catch (WeftException e) {
      String message = e.getMessage();
      problems.add(message.contains(path.getName()) ? message : path + ": " + message);
    }
  }
}
