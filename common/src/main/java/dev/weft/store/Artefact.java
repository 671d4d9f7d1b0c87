package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named sequence of snapshots under a root: the output of one stage, over time.
 *
 * <pre>
 *   Artefact encode = Artefact.open(hadoop, root, "encode");
 *   Snapshot input = Artefact.open(hadoop, root, "ingest").require();
 *   Attempt attempt = encode.begin(attemptId);
 *   ... write files, attempt.add(...) ...
 *   Snapshot output = attempt.commit(new CommitRequest(runKey, provenance, schemas, facts, now));
 * </pre>
 *
 * <p>All methods throw {@link WeftException}: {@link ExitCode#IO} where the file system fails or a
 * file is damaged. Objects have no state of their own; every call looks at the store.
 */
public final class Artefact {
  private static final Logger LOG = LoggerFactory.getLogger(Artefact.class);

  /** What Spark would take for a pattern when it is given a path to read. */
  private static final String PATTERN_SIGNS = "{}[]*?\\";

  private static final String VERSIONS = "_versions";
  private static final String RUNS = "_runs";
  private static final String DATA = "data";

  private final FileSystem files;
  private final Writers writers;
  private final Path root;
  private final Path folder;
  private final String name;

  /** Finds the safe way to create a file; asked only by writers, for readers need none. */
  @FunctionalInterface
  interface Writers {
    ExclusiveCreate open() throws IOException;
  }

  Artefact(FileSystem files, Writers writers, Path root, String name) {
    Names.checkRelative(name);
    if (Arrays.asList(name.split("/", -1)).contains(DATA)) {
      throw new IllegalArgumentException(
          "Cannot use '" + name + "' as the name of an artefact: 'data' is where its files lie.");
    }
    this.files = files;
    this.writers = writers;
    this.root = root;
    this.folder = new Path(root, name);
    this.name = name;
  }

  /**
   * Opens an artefact, whether or not it has versions yet.
   *
   * @param hadoop settings of the file systems
   * @param root the folder of all artefacts, a path or URI
   * @param name such as {@code ingest} or {@code train/gated}; the first part is the command that
   *     makes it
   */
  public static Artefact open(Configuration hadoop, String root, String name) {
    Path path = root(root);
    try {
      FileSystem files = Storage.of(hadoop, path);
      Path qualified = files.makeQualified(path);
      return new Artefact(
          files, () -> ExclusiveCreate.on(files, qualified, hadoop), qualified, name);
    } catch (IOException e) {
      throw Storage.failed(e, "open the root %s", root);
    }
  }

  /** All artefacts under a root that have versions or run records, in the order of their names. */
  public static List<Artefact> all(Configuration hadoop, String root) {
    Path path = root(root);
    List<String> names = new ArrayList<>();
    try {
      collect(Storage.of(hadoop, path), path, "", names);
    } catch (IOException e) {
      throw Storage.failed(e, "list the root %s", root);
    }
    return names.stream().distinct().sorted().map(name -> open(hadoop, root, name)).toList();
  }

  private static void collect(FileSystem files, Path folder, String name, List<String> names)
      throws IOException {
    for (FileStatus child : Storage.list(files, folder)) {
      String part = child.getPath().getName();
      if ((part.equals(VERSIONS) || part.equals(RUNS)) && !name.isEmpty()) {
        names.add(name);
      } else if (child.isDirectory() && !part.equals(DATA) && Names.isOne(part)) {
        collect(files, child.getPath(), name.isEmpty() ? part : name + "/" + part, names);
      }
    }
  }

  private static Path root(String root) {
    if (root.isBlank() || root.chars().anyMatch(sign -> PATTERN_SIGNS.indexOf(sign) >= 0)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot use '%s' as root: it must be a path or URI without any of %s. Set another root.",
          root,
          PATTERN_SIGNS);
    }
    return new Path(root);
  }

  /** The name it was opened by. */
  public String name() {
    return name;
  }

  /** Where everything of the artefact lies. */
  public Path folder() {
    return folder;
  }

  /** The newest version. */
  public Optional<Snapshot> latest() {
    while (true) {
      long newest = versions().newest();
      if (newest == 0) {
        return Optional.empty();
      }
      Optional<Snapshot> latest = at(newest);
      if (latest.isPresent()) {
        return latest;
      }
      // Committed over and vacuumed since we looked: there is a newer one.
    }
  }

  /** The newest version; where there is none, says which command makes one. */
  public Snapshot require() {
    return latest()
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot read %s: nothing has been committed under %s yet. Make it first: %s.",
                    name,
                    folder,
                    command()));
  }

  /** A certain version, if it exists. */
  public Optional<Snapshot> at(long version) {
    return versions().read(version).map(manifest -> new Snapshot(this, manifest));
  }

  /** The numbers of all versions, newest first, whether or not their manifests can be read. */
  public List<Long> versionNumbers() {
    return List.copyOf(versions().manifests().numbers().descendingSet());
  }

  /** All versions, newest first. */
  public List<Snapshot> history() {
    return versions().all().stream().map(manifest -> new Snapshot(this, manifest)).toList();
  }

  /**
   * The newest version with a run key: if it is the latest, the stage is up to date; if it is an
   * older one, {@link #republish} brings it back without any work.
   */
  public Optional<Snapshot> withRunKey(String runKey) {
    return history().stream()
        .filter(snapshot -> snapshot.manifest().runKey().equals(runKey))
        .findFirst();
  }

  /**
   * The version a tag points at; empty if it points at none. Once there is a release, {@code prod}
   * is the version that the current one names.
   */
  public Optional<Snapshot> tagged(String tag) {
    Optional<Release> release =
        tag.equals(Release.TAG) ? Release.current(this) : Optional.<Release>empty();
    if (release.isPresent()) {
      return name.equals(Release.ARTEFACT)
          ? Optional.of(release.get().snapshot())
          : release.get().part(name);
    }
    OptionalLong version = tagLog().version(tag);
    if (version.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(existing(version.getAsLong(), "read the tag " + tag));
  }

  /** All tags and the versions they point at. */
  public Map<String, Long> tags() {
    Map<String, Long> tags = new TreeMap<>(tagLog().all());
    Release.current(this)
        .ifPresent(
            release -> {
              tags.remove(Release.TAG);
              release.versionOf(name).ifPresent(version -> tags.put(Release.TAG, version));
            });
    return tags;
  }

  /**
   * The versions that vacuum spares whatever their age: tagged, or named by a release.
   *
   * @param known releases by their number, to which those that had to be read are added
   */
  Set<Long> held(Map<Long, Release> known) {
    Set<Long> held = new HashSet<>(tags().values());
    held.addAll(Release.named(this, known));
    return held;
  }

  /**
   * Points a tag at a version, whatever it pointed at before. Tagged versions are safe from vacuum.
   *
   * @param tag such as {@code candidate}; {@code prod} only where there is no release yet
   * @param version an existing version
   * @param clock what time it is
   */
  public void tag(String tag, long version, Clock clock) {
    Names.checkOne("a tag", tag);
    if (tag.equals(Release.TAG)) {
      Release.current(this)
          .ifPresent(
              release -> {
                throw new WeftException(
                    ExitCode.CONFIG,
                    "Cannot set the tag prod of %s: it follows the current release, number %d, so"
                        + " that head and index change together. Change the release: scripts/weft"
                        + " promote, or roll-back release N.",
                    name,
                    release.version());
              });
    }
    existing(version, "set the tag " + tag);
    tagLog().set(writer(), tag, version, clock);
    existing(version, "set the tag " + tag); // vacuum may have been at it
  }

  private Snapshot existing(long version, String act) {
    return at(version)
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot %s: %s has no version %d; there are %s. Choose one of these.",
                    act,
                    name,
                    version,
                    versions().manifests().numbers()));
  }

  /**
   * Begins an output.
   *
   * @param attemptId unique among all attempts ever; letters, digits, '.', '-' and '_'
   */
  public Attempt begin(String attemptId) {
    Names.checkOne("an attempt", attemptId);
    Attempt attempt = new Attempt(this, attemptId, versions().newest(), writer());
    try {
      if (files.exists(attempt.folder())) {
        throw new IllegalArgumentException(
            "Cannot begin the attempt '" + attemptId + "': " + attempt.folder() + " exists.");
      }
    } catch (IOException e) {
      throw Storage.failed(e, "look at %s", attempt.folder());
    }
    return attempt;
  }

  /**
   * Makes an older version the newest again: a new number for the same files, attempt and run key.
   * This is how one rolls back, and how a run that was done before is not done again. The latest
   * version is returned as it is.
   */
  public Snapshot republish(Snapshot older, Clock clock) {
    long newest = versions().newest();
    if (older.version() == newest) {
      return older;
    }
    Manifest manifest = older.manifest();
    checkPresent(manifest.files());
    if (name.equals(Release.ARTEFACT)) {
      Release.of(older).requireParts();
    }
    return new Snapshot(
        this,
        versions()
            .publish(
                writer(),
                newest,
                OptionalLong.empty(),
                manifest.runKey(),
                version -> manifest.as(version, clock.instant())));
  }

  /**
   * Writes how far an attempt came, in the place of what was written about it before: whatever dies
   * meanwhile, one or the other is there.
   */
  public void record(RunRecord run) {
    Path path = new Path(new Path(runsFolder(), run.runKey()), run.attempt() + ".json");
    try {
      writer().replace(path, run.toBytes());
    } catch (IOException e) {
      throw Storage.failed(e, "write %s", path);
    }
  }

  /** The records of all runs, the last begun first. */
  public List<RunRecord> runs() {
    List<RunRecord> runs = new ArrayList<>();
    for (Path path : runFiles()) {
      try {
        runs.add(run(path));
      } catch (WeftException e) {
        // A damaged disk: nothing depends on it.
        LOG.warn("Ignoring a run record. {}", e.getMessage());
      }
    }
    runs.sort(Comparator.comparing(RunRecord::started).reversed());
    return runs;
  }

  /** The command that makes this artefact. */
  String command() {
    int slash = name.indexOf('/');
    return "scripts/weft " + (slash < 0 ? name : name.substring(0, slash));
  }

  /** Another artefact under the same root. */
  Artefact sibling(String other) {
    return new Artefact(files, writers, root, other);
  }

  FileSystem files() {
    return files;
  }

  Path data() {
    return new Path(folder, DATA);
  }

  Path path(FileEntry entry) {
    return new Path(data(), entry.path());
  }

  /** The path of a data file as manifests state it. */
  String relative(Path file) {
    return data().toUri().relativize(file.toUri()).getPath();
  }

  /** Where files are created exclusively. */
  List<Path> exclusiveFolders() {
    List<Path> folders = new ArrayList<>(List.of(versions().manifests().folder(), retired()));
    tagLog().all().keySet().forEach(tag -> folders.add(new Path(tagLog().folder(), tag)));
    return folders;
  }

  Path retired() {
    return new Path(folder, "_retired");
  }

  Versions versions() {
    return new Versions(name, new NumberedFiles(files, new Path(folder, VERSIONS)));
  }

  Tags tagLog() {
    return new Tags(files, new Path(folder, "_tags"));
  }

  ExclusiveCreate writer() {
    try {
      return writers.open();
    } catch (IOException e) {
      throw Storage.failed(e, "write to %s", folder);
    }
  }

  /** Fails unless every file is there with its stated length. */
  void checkPresent(List<FileEntry> entries) {
    Map<Path, Map<String, Long>> lengths = new HashMap<>(); // by folder and name
    for (FileEntry entry : entries) {
      Path path = path(entry);
      Long found = lengths.computeIfAbsent(path.getParent(), this::lengths).get(path.getName());
      if (found == null || found != entry.bytes()) {
        throw new WeftException(
            ExitCode.IO,
            "Cannot commit %s: %s was written with %d bytes and now %s. Check who else cleans up"
                + " there, then run the same command again.",
            name,
            path,
            entry.bytes(),
            found == null ? "is gone" : "has " + found);
      }
    }
  }

  private Map<String, Long> lengths(Path place) {
    Map<String, Long> lengths = new HashMap<>();
    try {
      for (FileStatus file : Storage.list(files, place)) {
        lengths.put(file.getPath().getName(), file.getLen());
      }
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", place);
    }
    return lengths;
  }

  /** Where the records of runs lie. */
  List<Path> runFiles() {
    try {
      return Storage.listDeep(files, runsFolder()).stream()
          .map(FileStatus::getPath)
          .filter(path -> !path.getName().startsWith(ExclusiveCreate.TEMPORARY_PREFIX))
          .toList();
    } catch (IOException e) {
      throw Storage.failed(e, "list the run records in %s", runsFolder());
    }
  }

  /** One run record. */
  RunRecord run(Path path) {
    try {
      byte[] content = Storage.read(files, path).orElse(new byte[0]);
      return RunRecord.parse(content, path.toString());
    } catch (IOException e) {
      throw Storage.failed(e, "read %s", path);
    }
  }

  Path runsFolder() {
    return new Path(folder, RUNS);
  }
}
