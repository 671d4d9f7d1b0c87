package dev.weft.jobs.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.store.FileEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters behind a model folder: trained by align, loaded by encode. */
class AdapterJobTest {
  private static final String MODEL =
      Path.of("..", "common", "src", "test", "resources", "golden", "clip")
          .toAbsolutePath()
          .normalize()
          .toString();

  @TempDir private Path root;

  private Session session(String... pairs) {
    List<String> all =
        new ArrayList<>(List.of("encode.model=" + MODEL, "encode.adapt=true", "align.epochs=30"));
    all.addAll(List.of(pairs));
    return TinyWardrobe.sessionOn(root, all.toArray(String[]::new));
  }

  @Test
  void adaptersAreTrainedAndLoadedLikeAnyEncoder() {
    Session session = session();
    IngestJob.run(session);

    StageResult aligned = AlignJob.run(session);

    assertThat(aligned.figures()).containsEntry("dimension", 24).containsKey("base");
    assertThat(recall(aligned, "text_to_image"))
        .isGreaterThan(recall(aligned, "text_to_image_frozen"));
    assertThat(AlignJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
    StageResult encoded = EncodeJob.run(session);
    assertThat(encoded.figures())
        .containsEntry("encoder", aligned.figures().get("encoder"))
        .containsEntry("images_encoded", 180);
    ConfiguredEncoder encoder = ConfiguredEncoder.of(session);
    assertThat(encoder.bundle().open().fingerprint()).isEqualTo(encoder.fingerprint());

    StageResult again = AlignJob.run(session("align.partitions=1", "run=again"));
    assertThat(hashes(again)).isEqualTo(hashes(aligned));
    assertThatThrownBy(() -> EncodeJob.run(session("encode.pad=square")))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot use the adapters of align version")
        .hasMessageContaining(String.valueOf(aligned.figures().get("base")));
  }

  @Test
  void adaptersAreRefusedBehindAnotherModel() {
    Session session = session();
    IngestJob.run(session);
    StageResult aligned = AlignJob.run(session);
    Session other = session("encode.model=" + Path.of(MODEL).resolveSibling("siglip"));

    for (ThrowingCallable use :
        List.<ThrowingCallable>of(() -> EncodeJob.run(other), () -> ConfiguredEncoder.of(other))) {
      assertThatThrownBy(use)
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
          .hasMessageContaining("Cannot use the adapters of align version")
          .hasMessageContaining(String.valueOf(aligned.figures().get("base")))
          .hasMessageContaining(ConfiguredEncoder.frozen(other).fingerprint());
    }
  }

  private static double recall(StageResult result, String figure) {
    return (double) ((Map<?, ?>) result.figures().get(figure)).get("R@10");
  }

  private static List<String> hashes(StageResult result) {
    return result.snapshot().orElseThrow().manifest().files().stream()
        .map(FileEntry::sha256)
        .sorted()
        .toList();
  }

  @Test
  void theStarterHasNoAdapters() {
    assertThatThrownBy(
            () -> TinyWardrobe.sessionOn(root, "encode.model=starter", "encode.adapt=true"))
        .hasMessageContaining("encode.adapt")
        .hasMessageContaining("align trains adapters of model folders");
  }
}
