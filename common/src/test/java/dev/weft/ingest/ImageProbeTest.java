package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageProbeTest {
  private static final byte[] PNG =
      ImageFixtures.encode(ImageFixtures.corners(BufferedImage.TYPE_INT_RGB), "png");

  @TempDir java.nio.file.Path temp;
  private DataFolder data;
  private FileSystem files;

  @BeforeEach
  void open() throws IOException {
    data = new DataFolder(temp);
    files = FileSystem.getLocal(new Configuration());
  }

  private ImageCheck probe(String path) throws IOException {
    ImageFile image = new ImageFile(new ImageKey("tiny", "dress", "a"), path);
    return new ImageProbe(new ImageLimits(20_000, 10_000, 60))
        .probe(files, new Path(temp.toUri()), image);
  }

  private void assertUnusable(String path, String file, Reason reason, String detail)
      throws IOException {
    assertThat(probe(path))
        .isEqualTo(
            new ImageCheck.Unusable(
                new ImageKey("tiny", "dress", "a"),
                new Finding("tiny", "file:" + temp + "/" + file, "", reason, detail)));
  }

  @Test
  void measuresAndHashesAnImage() throws IOException {
    data.write("a.png", PNG);

    assertThat(probe("a"))
        .isEqualTo(
            new ImageCheck.Sound(
                new ImageKey("tiny", "dress", "a"),
                "file:" + temp + "/a.png",
                ImageProbe.sha256(PNG),
                PNG.length,
                48,
                32));
  }

  @Test
  void hashesAsEverybodyDoes() {
    assertThat(ImageProbe.sha256("abc".getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Test
  void findsOtherExtensionsAndTrustsTheContent() throws IOException {
    data.write("deep/a.JPG", PNG);

    assertThat(probe("deep/a.png")).isInstanceOf(ImageCheck.Sound.class);
  }

  @Test
  void aDotInAnIdIsNoExtension() throws IOException {
    data.write("a.v2.png", PNG);

    assertThat(probe("a.v2")).isInstanceOf(ImageCheck.Sound.class);
  }

  @Test
  void aMissingFileIsAFinding() throws IOException {
    assertUnusable(
        "a",
        "a.jpg",
        Reason.MISSING_IMAGE,
        "there is no such file, nor with any of the extensions of images");
  }

  @Test
  void aFolderIsNoImage() throws IOException {
    data.write("a.jpg/x", PNG);

    assertUnusable(
        "a",
        "a.jpg",
        Reason.MISSING_IMAGE,
        "there is no such file, nor with any of the extensions of images");
  }

  @Test
  void anEmptyFileIsAFinding() throws IOException {
    data.write("a.jpg", new byte[0]);

    assertUnusable("a", "a.jpg", Reason.EMPTY_IMAGE, "the file has no bytes");
  }

  @Test
  void aLargeFileIsAFindingWithoutBeingRead() throws IOException {
    data.write("a.jpg", new byte[20_001]);

    assertUnusable(
        "a",
        "a.jpg",
        Reason.TOO_LARGE_IMAGE,
        "the file has 20001 bytes, ingest.max-image-bytes is 20000");
  }

  @Test
  void aCorruptFileIsAFinding() throws IOException {
    data.write("a.jpg", "GIF89a".getBytes(StandardCharsets.US_ASCII));

    assertThat(probe("a"))
        .isInstanceOfSatisfying(
            ImageCheck.Unusable.class,
            bad -> {
              assertThat(bad.finding().reason()).isEqualTo(Reason.CORRUPT_IMAGE);
              assertThat(bad.finding().detail()).startsWith("the GIF file has 6 bytes and no ");
            });
  }

  @Test
  void aLinkThatLeavesTheFolderIsNotFollowed(@TempDir java.nio.file.Path elsewhere)
      throws IOException {
    java.nio.file.Path secret = Files.write(elsewhere.resolve("secret.png"), PNG);
    Files.createSymbolicLink(temp.resolve("a.png"), secret);

    assertUnusable(
        "a",
        "a.png",
        Reason.UNSAFE_ID,
        "the file is a link to " + secret.toRealPath() + ", outside of the images folder");
  }

  @Test
  void aLinkWithinTheFolderIsAnImage() throws IOException {
    data.write("b.png", PNG);
    Files.createSymbolicLink(temp.resolve("a.png"), temp.resolve("b.png"));

    assertThat(probe("a")).isInstanceOf(ImageCheck.Sound.class);
  }

  @Test
  void aLinkToNothingIsMissing() throws IOException {
    Files.createSymbolicLink(temp.resolve("a.png"), temp.resolve("gone.png"));

    assertUnusable(
        "a",
        "a.jpg",
        Reason.MISSING_IMAGE,
        "there is no such file, nor with any of the extensions of images");
  }

  @Test
  void aPipeIsNotWaitedFor() throws IOException, InterruptedException {
    java.nio.file.Path pipe = temp.resolve("a.png");
    assumeTrue(
        new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "there is no mkfifo");

    assertUnusable("a", "a.png", Reason.CORRUPT_IMAGE, "it is a pipe or a device, not a file");
  }

  @Test
  void aFailingFileSystemIsNoFinding() {
    data.write("a.png", PNG);
    files = new BrokenFileSystem();

    assertThatThrownBy(() -> probe("a"))
        .isInstanceOf(IOException.class)
        .hasMessage("the disk is on fire");
  }

  private static final class BrokenFileSystem extends LocalFileSystem {
    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
      throw new IOException("the disk is on fire");
    }
  }
}
