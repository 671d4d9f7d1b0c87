package dev.weft.jobs.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.evaluate.Outcomes;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.store.Artefact;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * One finished evaluation, read back without Spark.
 *
 * @param hadoop settings of the file systems
 * @param root where its artefacts lie
 * @param snapshot the version
 * @param outcomes what every head answered, by protocol
 * @param settings every key of its configuration but those that only say where things lie
 */
public record EvaluatedRun(
    Configuration hadoop,
    String root,
    Snapshot snapshot,
    List<Outcomes> outcomes,
    Map<String, Object> settings) {
  static final String OUTCOMES = "outcomes.json";
  static final String SETTINGS = "settings.json";

  /** Places and names: they change nothing that is measured. */
  private static final Set<String> PLACES = Set.of("root", "run", "wardrobe.folder");

  private static final JsonMapper JSON = new JsonMapper();

  public EvaluatedRun {
    outcomes = List.copyOf(outcomes);
  }

  /**
   * Opens a run.
   *
   * @param name the root of its artefacts, with {@code @} and a version of evaluate or a tag of it
   *     where it is not the newest
   */
  public static EvaluatedRun open(Configuration hadoop, String name) {
    int at = name.lastIndexOf('@');
    boolean pinned = at > name.lastIndexOf('/');
    String root = pinned ? name.substring(0, at) : name;
    Artefact evaluate = Artefact.open(hadoop, root, "evaluate");
    Snapshot snapshot =
        pinned ? pinned(evaluate, name.substring(at + 1), name) : evaluate.require();
    return of(hadoop, root, snapshot);
  }

  /** Reads a version of evaluate under the root of a session. */
  public static EvaluatedRun of(Session session, Snapshot snapshot) {
    return of(session.hadoop(), session.config().root(), snapshot);
  }

  private static EvaluatedRun of(Configuration hadoop, String root, Snapshot snapshot) {
    return new EvaluatedRun(
        hadoop,
        root,
        snapshot,
        read(snapshot, OUTCOMES, new TypeReference<List<Outcomes>>() {}),
        read(snapshot, SETTINGS, new TypeReference<TreeMap<String, Object>>() {}));
  }

  private static Snapshot pinned(Artefact evaluate, String version, String name) {
    return (version.matches("[0-9]{1,18}")
            ? evaluate.at(Long.parseLong(version))
            : evaluate.tagged(version))
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot compare %s: its artefact evaluate has no version or tag '%s'."
                        + " 'scripts/weft status' shows those there are.",
                    name,
                    version));
  }

  private static <T> T read(Snapshot snapshot, String file, TypeReference<T> type) {
    if (snapshot.manifest().files().stream().noneMatch(entry -> entry.name().equals(file))) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot compare evaluate version %d: it has no %s, because an older Weft wrote it. Run"
              + " evaluate again with --force.",
          snapshot.version(),
          file);
    }
    try {
      return JSON.readValue(snapshot.read(file), type);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot compare evaluate version %d: its %s is not to be read: %s. It was written by"
              + " another version of Weft: run evaluate again with --force.",
          snapshot.version(),
          file,
          e.getMessage());
    }
  }

  /** The configuration of a session, key by key. */
  static Map<String, Object> settings(Session session) {
    Map<String, Object> settings = new TreeMap<>();
    for (String key : Binder.keysOf(PipelineConfig.class)) {
      if (!PLACES.contains(key)) {
        settings.put(key, session.settings().find(key).orElseThrow().value());
      }
    }
    return settings;
  }

  /** Name of the file with the rankings of a split whose answers are not published. */
  static String predictionsFile(String protocol, String head) {
    return "predictions/" + protocol.replace('/', '-') + "-" + head + ".jsonl";
  }

  /**
   * Where the rankings of a split without published answers lie, as JSON lines.
   *
   * @param protocol such as {@code circo/test}
   */
  public String predictions(String protocol, String head) {
    String name = predictionsFile(protocol, head);
    List<String> there =
        snapshot.manifest().files().stream()
            .map(FileEntry::name)
            .filter(file -> file.startsWith("predictions/"))
            .toList();
    if (!there.contains(name)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot export %s of %s: evaluate version %d of %s has %s. Add the split to"
              + " evaluate.splits, such as evaluate.splits=[val, test], and evaluate again.",
          protocol,
          head,
          snapshot.version(),
          root,
          there.isEmpty() ? "no rankings without answers" : "only " + there);
    }
    return snapshot.file(name).toString();
  }

  /** As a file of the snapshot. */
  static byte[] json(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("records of plain values are always JSON", e);
    }
  }

  /** The head it found best. */
  public String best() {
    return String.valueOf(snapshot.manifest().facts().get("best_head"));
  }

  /** Checksums of the files of an input, sorted: equal for equal content wherever it lies. */
  private Optional<List<String>> content(String artefact) {
    String attempt = snapshot.manifest().provenance().inputs().get(artefact);
    return Artefact.open(hadoop, root, artefact).history().stream()
        .filter(version -> version.manifest().attempt().equals(attempt))
        .findFirst()
        .map(
            version ->
                version.manifest().files().stream().map(FileEntry::sha256).sorted().toList());
  }

  /** What differs between two runs: settings, inputs, code; one line each. */
  public List<String> changesTo(EvaluatedRun other) {
    List<String> changes = new ArrayList<>();
    Set<String> keys = new TreeSet<>(settings.keySet());
    keys.addAll(other.settings().keySet());
    for (String key : keys) {
      String before = String.valueOf(settings.getOrDefault(key, "not set"));
      String after = String.valueOf(other.settings().getOrDefault(key, "not set"));
      if (!before.equals(after)) {
        changes.add("setting " + key + ": " + before + " -> " + after);
      }
    }
    Map<String, String> inputs = snapshot.manifest().provenance().inputs();
    Map<String, String> others = other.snapshot().manifest().provenance().inputs();
    Set<String> artefacts = new TreeSet<>(inputs.keySet());
    artefacts.addAll(others.keySet());
    for (String artefact : artefacts) {
      if (!inputs.containsKey(artefact) || !others.containsKey(artefact)) {
        changes.add(
            "input "
                + artefact
                + ": only of the "
                + (inputs.containsKey(artefact) ? "first" : "second"));
      } else if (!inputs.get(artefact).equals(others.get(artefact))) {
        Optional<List<String>> before = content(artefact);
        Optional<List<String>> after = other.content(artefact);
        if (before.isEmpty() || after.isEmpty()) {
          changes.add("input " + artefact + ": another version, of which one is vacuumed");
        } else if (!before.equals(after)) {
          changes.add("input " + artefact + ": other content");
        }
      }
    }
    String before = snapshot.manifest().provenance().codeVersion();
    String after = other.snapshot().manifest().provenance().codeVersion();
    if (!before.equals(after)) {
      changes.add("code: " + before + " -> " + after);
    }
    return changes;
  }
}
