package dev.weft.jobs.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageProbe;
import dev.weft.ingest.Reason;
import dev.weft.ingest.RgbImage;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageReaderTest {
  @TempDir private Path folder;
  private final ImageReader reader =
      ImageReader.of(
          new JavaSparkContext(LocalSpark.session().sparkContext()),
          PipelineConfig.bind(PipelineConfig.defaults(), "test").ingest());
  private Path file;
  private StoredImage image;

  @BeforeEach
  void draw() throws IOException {
    file = folder.resolve("a.png");
    ImageIO.write(new BufferedImage(5, 3, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
    byte[] content = Files.readAllBytes(file);
    image =
        new StoredImage(
            "shop", "dress", "a", file.toString(), ImageProbe.sha256(content), content.length);
  }

  @Test
  void anUnchangedImageIsDecoded() {
    RgbImage read = reader.read(image, OptionalInt.empty(), RgbImage::of);

    assertThat(read.width()).isEqualTo(5);
    assertThat(read.height()).isEqualTo(3);
  }

  @Test
  void otherContentIsNotTaken() throws IOException {
    byte[] other = Files.readAllBytes(file);
    other[other.length - 1] ^= 1;
    Files.write(file, other);

    assertThatThrownBy(() -> reader.read(image, OptionalInt.empty(), RgbImage::of))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("Cannot read the image shop/dress/a")
        .hasMessageContaining("its content is no longer what it was")
        .hasMessageContaining("run ingest again");
  }

  @Test
  void aFileThatGrewIsNotTaken() throws IOException {
    byte[] content = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(content, content.length + 1));

    assertThatThrownBy(() -> reader.read(image, OptionalInt.empty(), RgbImage::of))
        .hasMessageContaining("its content is no longer what it was");
  }

  /** The file is as it was: to restore it would not help. */
  @Test
  void aDecodeThatTakesTooLongIsToBeTriedAgain() {
    assertThat(ImageReader.unread(image, new BadImageException(Reason.SLOW_IMAGE, "it was slow")))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
        .hasMessageContaining("Cannot read the image shop/dress/a")
        .hasMessageContaining("was decoded in time when ingest read it, and now it was slow")
        .hasMessageContaining("raise ingest.image-timeout-seconds");
  }
}
