package dev.weft.jobs.release;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.index.IndexChange;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.search.SearchJob;
import dev.weft.jobs.store.Table;
import dev.weft.jobs.train.TrainJob;
import dev.weft.store.Artefact;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleasesTest {
  @TempDir private Path root;

  private Session session(String... pairs) {
    return TinyPipeline.sessionOn(root, pairs);
  }

  private Session again(String... pairs) {
    return TinyPipeline.sessionAgain(root, pairs);
  }

  private static void evaluateAndIndex(Session session) {
    TrainJob.run(session);
    EvaluateJob.score(session);
    IndexJob.run(session);
  }

  private StageResult search(String... pairs) {
    Session session = again(pairs);
    return SearchJob.run(session.with(List.of("search.text=a blue dress"), Map.of()));
  }

  @Test
  void searchAnswersFromTheReleaseUntilAnotherIsMade() throws IOException {
    evaluateAndIndex(session("train.heads=[gated]"));
    assertThat(search().figures()).containsEntry("index_version", 1L).doesNotContainKey("release");

    StageResult promoted = Releases.promote(again());

    assertThat(promoted.status()).isEqualTo(StageResult.DONE);
    assertThat(Releases.promote(again()).status()).isEqualTo(StageResult.UP_TO_DATE);
    assertThat(Release.of(promoted.snapshot().orElseThrow()).parts())
        .containsOnlyKeys("align", "evaluate", "index", "train/gated");

    evaluateAndIndex(again("train.heads=[gated]", "train.epochs=3"));

    assertThat(search().figures()).containsEntry("index_version", 1L).containsEntry("release", 1L);
    assertThat(search("search.from=newest").figures())
        .containsEntry("index_version", 2L)
        .doesNotContainKey("release");
    Snapshot head = composedBy("search.from=release");
    assertThat(head.version()).isEqualTo(1);
    assertThat(composedBy("search.from=newest").version()).isEqualTo(2);

    Releases.promote(again());
    assertThat(search().figures()).containsEntry("index_version", 2L).containsEntry("release", 2L);
    assertThat(composedBy("search.from=release").version()).isEqualTo(2);

    Artefact releases = again().artefact(Release.ARTEFACT);
    releases.republish(releases.at(1).orElseThrow(), Clock.systemUTC());
    assertThat(search().figures()).containsEntry("index_version", 1L).containsEntry("release", 3L);

    changeOfTheIndexIsReleased();
  }

  /** The head that answers a query of image and words, as the provenance of the answers says. */
  private Snapshot composedBy(String from) throws IOException {
    Row image =
        Table.INDEX.read(again().spark(), again().artefact("index").require()).limit(1).first();
    Path queries = root.resolve("queries.jsonl");
    Files.writeString(
        queries,
        "{\"id\": \"a\", \"image\": \"" + image.getAs("location") + "\", \"text\": \"is red\"}");
    Map<String, String> inputs =
        SearchJob.run(again(from, "search.queries=" + queries))
            .snapshot()
            .orElseThrow()
            .manifest()
            .provenance()
            .inputs();
    return again().artefact("train/gated").history().stream()
        .filter(head -> head.manifest().attempt().equals(inputs.get("train/gated")))
        .findFirst()
        .orElseThrow();
  }

  /** Version 1 of the index answers and version 2 is the newest: what users search is changed. */
  private void changeOfTheIndexIsReleased() throws IOException {
    Artefact index = again().artefact("index");
    Row gone = Table.INDEX.read(again().spark(), index.at(1).orElseThrow()).limit(1).first();
    Path keys = root.resolve("gone.jsonl");
    Files.writeString(
        keys,
        "{\"dataset\": \"%s\", \"category\": \"%s\", \"id\": \"%s\"}"
            .formatted(gone.getAs("dataset"), gone.getAs("category"), gone.getAs("id")));

    StageResult changed = new IndexChange("", "", keys.toString(), false).run(again());

    assertThat(changed.figures()).containsEntry("release", 4L);
    long count = index.at(1).orElseThrow().rows("index");
    assertThat(changed.figures()).containsEntry("count", count - 1);
    assertThat(search().figures())
        .containsEntry("release", 4L)
        .containsEntry("index_version", changed.snapshot().orElseThrow().version());
    assertThat(composedBy("search.from=release").version()).isEqualTo(1);
  }
}
