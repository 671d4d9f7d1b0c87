package dev.weft.jobs.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.encode.EncoderBundle;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.store.FileEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignJobTest {
  private static String[] small(String pair) {
    return new String[] {"align.max-images=64", "align.epochs=1", pair};
  }

  private static List<String> hashes(StageResult result) {
    return result.snapshot().orElseThrow().manifest().files().stream()
        .map(FileEntry::sha256)
        .sorted()
        .toList();
  }

  @Test
  void equalSeedsGiveEqualBytes() {
    StageResult one = AlignJob.run(TinyWardrobe.session(small("align.partitions=2")));
    StageResult two = AlignJob.run(TinyWardrobe.forced(small("align.partitions=2")));
    StageResult other = AlignJob.run(TinyWardrobe.session(small("seed=2")));

    assertThat(one.status()).isEqualTo(StageResult.DONE);
    assertThat(two.snapshot().orElseThrow().manifest().attempt())
        .isNotEqualTo(one.snapshot().orElseThrow().manifest().attempt());
    assertThat(hashes(one)).hasSize(3).isEqualTo(hashes(two));
    assertThat(hashes(other)).doesNotContainAnyElementsOf(hashes(one));
  }

  @Test
  void theSlicesOfABatchChangeRoundingOnly() {
    StageResult one = AlignJob.run(TinyWardrobe.session(small("align.partitions=1")));
    StageResult three = AlignJob.run(TinyWardrobe.session(small("align.partitions=3")));

    assertThat((double) three.figures().get("loss"))
        .isCloseTo((double) one.figures().get("loss"), within(1e-4));
  }

  @Test
  void theSnapshotHoldsTheEncoderThatItsFactsName() {
    Session session = TinyWardrobe.session();
    StageResult result = AlignJob.run(session);

    EncoderBundle bundle = ConfiguredEncoder.of(session).bundle();

    assertThat(bundle.open().fingerprint()).isEqualTo(result.figures().get("encoder"));
    assertThat(bundle.open().dimension()).isEqualTo(result.figures().get("dimension"));
    assertThat(result.figures().get("text_to_image"))
        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Double.class))
        .containsOnlyKeys("R@1", "R@10", "R@50")
        .allSatisfy((name, recall) -> assertThat(recall).isBetween(0.0, 1.0));
    assertThat(AlignJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  @Test
  void noMoreImagesAreUsedThanAllowed() {
    assertThat(AlignJob.run(TinyWardrobe.session("align.max-images=40")).figures())
        .containsEntry("images", 40);
  }

  @Test
  void aTrainedModelNeedsNoAlignment() {
    StageResult result =
        AlignJob.run(TinyWardrobe.session("encode.model=hdfs:///models/fashionclip"));

    assertThat(result.snapshot()).isEmpty();
    assertThat(result.figures()).isEqualTo(Map.of("skipped", true));
  }

  @Test
  void withoutImageFilesItSaysWhatToDo(@TempDir Path folder) {
    Session session = TinyWardrobe.sessionOn(folder, "ingest.images=none");
    IngestJob.run(session);

    assertThatThrownBy(() -> AlignJob.run(session))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("Cannot align: ingest read no image file")
        .hasMessageContaining("ingest.images=read");
  }
}
