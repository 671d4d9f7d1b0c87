package dev.weft.jobs.release;

import dev.weft.index.EncodedWith;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.index.IndexJob;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * The releases of a root: committing one makes an index, its head and its encoder answer together.
 *
 * @param session what to work with
 */
public record Releases(Session session) {
  private static final int CODE_FORMAT = 1;
  private static final String NOTE = "why.txt";

  /** The fact that names the vectors its index was made of, by their attempt. */
  static final String ENCODE = "encode";

  /**
   * What a release is made of.
   *
   * @param head the fusion head
   * @param index the index that was built for it
   * @param evaluation what spoke for the head
   * @param encoder where it lies, if it lies in the store
   */
  record Parts(Snapshot head, Snapshot index, Snapshot evaluation, Optional<Snapshot> encoder) {
    /** Checks that they fit each other. */
    Parts {
      EncodedWith.requireSame(
          List.of(IndexJob.encodedWith(index), TrainedHead.read(head).encodedWith()));
    }

    /** What a manifest says of the vectors. */
    Map<String, Object> facts() {
      return Map.of(ENCODE, evaluation.manifest().provenance().inputs().get(ENCODE));
    }

    List<Snapshot> all() {
      List<Snapshot> all = new ArrayList<>(List.of(head, index, evaluation));
      encoder.ifPresent(all::add);
      return all;
    }
  }

  /**
   * Releases the newest index with the head and the encoder that fit it, whatever their score.
   *
   * <pre>scripts/weft promote --config conf/wardrobe.yaml</pre>
   */
  public static StageResult promote(Session session) {
    long start = session.clock().millis();
    Snapshot index = session.input("index");
    Releases releases = new Releases(session);
    Optional<Release> current = session.release();
    Parts parts =
        new Parts(
            TrainedHead.require(session, IndexJob.contract(index).head()),
            index,
            session.input("evaluate"),
            ConfiguredEncoder.of(session, IndexJob.encodedWith(index)).inputs().stream()
                .findFirst());
    if (current.isPresent() && current.get().parts().equals(releases.versions(parts))) {
      return releases.result(StageResult.UP_TO_DATE, current.get(), start);
    }
    Stage stage = releases.stage(Map.of("by", "hand"), parts);
    Attempt attempt = session.artefact(Release.ARTEFACT).begin(UUID.randomUUID().toString());
    Release made =
        releases.commit(
            attempt,
            stage.commitRequest(session, parts.facts()),
            parts.all(),
            current,
            "promoted by hand");
    return releases.result(StageResult.DONE, made, start);
  }

  /**
   * The index was changed: releases the change with the head and encoder of the current release, if
   * there is one.
   */
  public Optional<Release> withIndex(Snapshot changed) {
    Optional<Release> current = session.release();
    String index = changed.artefact().name();
    if (current.isEmpty()
        || Long.valueOf(changed.version()).equals(current.get().parts().get(index))) {
      return current;
    }
    List<Snapshot> parts = new ArrayList<>(current.get().requireParts());
    parts.removeIf(part -> part.artefact().name().equals(index));
    parts.add(changed);
    Stage stage = new Stage("release", Release.ARTEFACT, Map.of(), parts, List.of(), CODE_FORMAT);
    Map<String, Object> facts = new LinkedHashMap<>(current.get().snapshot().manifest().facts());
    Attempt attempt = session.artefact(Release.ARTEFACT).begin(UUID.randomUUID().toString());
    return Optional.of(
        commit(
            attempt, stage.commitRequest(session, facts), parts, current, "the index was changed"));
  }

  private Stage stage(Map<String, Object> settings, Parts parts) {
    return new Stage("release", Release.ARTEFACT, settings, parts.all(), List.of(), CODE_FORMAT);
  }

  /**
   * Commits a release.
   *
   * @param attempt begun before anybody looked whether the run key is published already
   * @param request run key and facts
   * @param parts what it names
   * @param over the release it follows; if another holds by now, the commit is refused
   * @param why what to say about it, for people
   */
  Release commit(
      Attempt attempt,
      CommitRequest request,
      List<Snapshot> parts,
      Optional<Release> over,
      String why) {
    Map<String, Object> facts = new LinkedHashMap<>(request.facts());
    Map.Entry<String, Object> named = Release.fact(parts);
    facts.put(named.getKey(), named.getValue());
    attempt.write(NOTE, (why + "\n").getBytes(StandardCharsets.UTF_8));
    Release release =
        Release.of(
            attempt.commit(
                new CommitRequest(
                    request.runKey(),
                    request.provenance(),
                    request.schemas(),
                    facts,
                    request.time(),
                    OptionalLong.of(over.map(Release::version).orElse(0L)))));
    release.requireParts(); // vacuum may have been at it
    return release;
  }

  private Map<String, Long> versions(Parts parts) {
    Map<String, Long> versions = new LinkedHashMap<>();
    parts.all().forEach(part -> versions.put(part.artefact().name(), part.version()));
    return versions;
  }

  private StageResult result(String status, Release release, long start) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("parts", release.parts());
    return new StageResult(
        "promote",
        status,
        Optional.of(release.snapshot()),
        (session.clock().millis() - start) / 1000.0,
        figures);
  }

  /** The index that changes apply to: the released one, brought to the top where it is not. */
  public static Snapshot indexToChange(Session session) {
    Artefact index = session.artefact("index");
    return session
        .release()
        .flatMap(release -> release.part("index"))
        .map(released -> index.republish(released, session.clock()))
        .orElseGet(index::require);
  }
}
