package dev.weft.jobs.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.RgbImage;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.encode.ImageReader;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.store.FileEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.api.java.JavaSparkContext;
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
        new ArrayList<>(
            List.of(
                "encode.model=" + MODEL,
                "encode.adapt=true",
                "align.epochs=30",
                "align.learning-rate=0.02"));
    all.addAll(List.of(pairs));
    return TinyWardrobe.sessionOn(root, all.toArray(String[]::new));
  }

  @Test
  void adaptersAreTrainedAndLoadedLikeAnyEncoder() {
    Session session = session();
    IngestJob.run(session);

    StageResult aligned = AlignJob.run(session);

    assertThat(aligned.figures()).containsEntry("dimension", 24).containsKey("base");
    assertThat(AlignJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
    StageResult encoded = EncodeJob.run(session);
    assertThat(encoded.figures())
        .containsEntry("encoder", aligned.figures().get("encoder"))
        .containsEntry("images_encoded", 180);
    ConfiguredEncoder encoder = ConfiguredEncoder.of(session);
    assertThat(encoder.bundle().open().fingerprint()).isEqualTo(encoder.fingerprint());
    double frozen = margin(session, ConfiguredEncoder.frozen(session));
    assertThat(margin(session, encoder)).isGreaterThan(frozen + 0.01);

    StageResult again = AlignJob.run(session("align.partitions=1", "run=again"));
    assertThat(hashes(again)).isEqualTo(hashes(aligned));
    StageResult sliced = AlignJob.run(session("align.partitions=3"));
    assertThat((double) sliced.figures().get("loss"))
        .isCloseTo((double) aligned.figures().get("loss"), withinPercentage(0.01));
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

  /**
   * By how much the images of the training are nearer to their own description than to any: the
   * mean cosine of the pairs less that of all images with all descriptions.
   */
  static double margin(Session session, ConfiguredEncoder encoder) {
    List<DescribedImage> pairs =
        DescribedImage.of(session.spark(), session.input("ingest"), "train", 1_000, 1);
    JavaSparkContext context = new JavaSparkContext(session.spark().sparkContext());
    float[][] images;
    try (ImageReader reader = ImageReader.of(context, session.config().ingest())) {
      images =
          encoder
              .bundle()
              .open()
              .images(
                  pairs.stream()
                      .map(pair -> reader.read(pair.image(), OptionalInt.empty(), RgbImage::of))
                      .toList());
    }
    float[][] texts =
        encoder.bundle().open().texts(pairs.stream().map(DescribedImage::description).toList());
    double own = 0;
    double any = 0;
    for (int i = 0; i < images.length; i++) {
      for (int j = 0; j < texts.length; j++) {
        double cosine = 0;
        for (int d = 0; d < images[i].length; d++) {
          cosine += images[i][d] * texts[j][d];
        }
        own += i == j ? cosine / images.length : 0;
        any += cosine / images.length / texts.length;
      }
    }
    return own - any;
  }

  /** Where the bundle lies. */
  private static String folder(StageResult aligned) {
    return String.valueOf(aligned.snapshot().orElseThrow().file("encoder.json").getParent());
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

  /**
   * A starter trained elsewhere is a model folder too: encoded with as it is, or behind adapters.
   */
  @Test
  void aStarterOfAnotherRootIsAFrozenModel() {
    StageResult elsewhere = AlignJob.run(TinyWardrobe.session());
    String trained = "encode.model=" + folder(elsewhere);
    Session plain = session(trained, "encode.adapt=false");
    IngestJob.run(plain);

    assertThat(AlignJob.run(plain).figures()).containsEntry("skipped", true);
    assertThat(EncodeJob.run(plain).figures())
        .containsEntry("encoder", elsewhere.figures().get("encoder"))
        .containsEntry("images_encoded", 180);

    StageResult aligned = AlignJob.run(session(trained));
    assertThat(aligned.figures())
        .containsEntry("base", elsewhere.figures().get("encoder"))
        .containsEntry("dimension", elsewhere.figures().get("dimension"));
    assertThat(EncodeJob.run(session(trained)).figures())
        .containsEntry("encoder", aligned.figures().get("encoder"));
  }

  @Test
  void adaptersAreNoFrozenModel() {
    Session session = session();
    IngestJob.run(session);
    StageResult aligned = AlignJob.run(session);
    String place = folder(aligned);

    assertThatThrownBy(() -> ConfiguredEncoder.frozen(session("encode.model=" + place)))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot load the encoder in " + place)
        .hasMessageContaining("these are adapters of the encoder " + aligned.figures().get("base"))
        .hasMessageContaining("use the root in which the adapters were trained");
  }
}
