package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are cut, blown up or something else than they say. */
class MessyImageTest {
  private static final Path FOLDER = Path.of("src/test/resources/golden/images");

  private final ImageDecoder decoder = new ImageDecoder(new ImageLimits(1_000_000, 100_000, 60));

  private static byte[] golden(String name) throws IOException {
    return Files.readAllBytes(FOLDER.resolve(name));
  }

  private void assertRefused(byte[] file, Reason reason, String words) {
    assertThatThrownBy(() -> decoder.decode(file))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words);
  }

  /** Where the markers of a JPEG file lie, those within the scans included. */
  private static List<Integer> markers(byte[] jpeg) {
    List<Integer> markers = new ArrayList<>();
    for (int at = 2; at + 1 < jpeg.length; at++) {
      if ((jpeg[at] & 0xFF) == 0xFF && jpeg[at + 1] != 0) {
        markers.add(at);
        int marker = jpeg[at + 1] & 0xFF;
        if (marker < 0xD0 || marker > 0xD9) {
          at += 1 + ((jpeg[at + 2] & 0xFF) << 8 | (jpeg[at + 3] & 0xFF));
        }
      }
    }
    return markers;
  }

  @ParameterizedTest
  @CsvSource({
    "baseline-420.jpg, 8",
    "gray.jpg, 6",
    "progressive.jpg, 20",
    "arithmetic.jpg, 5",
    "restart-markers.jpg, 9",
    "cmyk.jpg, 6",
    "orientation-6.jpg, 9",
    "icc-srgb.jpg, 9"
  })
  void aJpegCutAtAnyMarkerIsCorrupt(String name, int atLeast) throws IOException {
    byte[] whole = golden(name);
    List<Integer> markers = markers(whole);

    assertThat(markers).hasSizeGreaterThanOrEqualTo(atLeast);
    for (int marker : markers) {
      for (int length : new int[] {marker, marker + 1, Math.min(marker + 4, whole.length - 1)}) {
        assertRefused(
            Arrays.copyOf(whole, length), Reason.CORRUPT_IMAGE, length > 2 ? "JPEG file" : "");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rgba.png", "interlaced.png", "animated.png", "lossy.webp", "lossless-alpha.webp",
        "animated.webp", "rgb.tif", "lzw.tif", "rgb.bmp", "palette.gif"
      })
  void aFileCutAnywhereInItsPictureIsCorrupt(String name) throws IOException {
    byte[] whole = golden(name);

    for (int percent = 1; percent <= 40; percent += 3) {
      byte[] cut = Arrays.copyOf(whole, whole.length * percent / 100);
      assertRefused(cut, Reason.CORRUPT_IMAGE, "");
    }
  }

  /** A PNG file of one bit a pixel, all black: whole and small, however large the picture. */
  private static byte[] blackPng(int width, int height) throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(compressed)) {
      byte[] row = new byte[1 + (width + 7) / 8];
      for (int y = 0; y < height; y++) {
        out.write(row);
      }
    }
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 1);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    png.write(ImageFixtures.pngChunk("IHDR", header.array()));
    png.write(ImageFixtures.pngChunk("IDAT", compressed.toByteArray()));
    png.write(ImageFixtures.pngChunk("IEND", new byte[0]));
    return png.toByteArray();
  }

  @Test
  void aDecompressionBombIsRefusedByItsHeader() throws IOException {
    byte[] bomb = blackPng(20_000, 20_000);

    assertThat(bomb).hasSizeLessThan(100_000);
    assertRefused(
        bomb,
        Reason.TOO_LARGE_IMAGE,
        "the header says 20000 x 20000 pixels, ingest.max-image-pixels is 100000");
  }

  @ParameterizedTest
  @CsvSource({"1, 20000", "20000, 1"})
  void aLineIsAPicture(int width, int height) throws IOException, BadImageException {
    RgbImage image = decoder.decode(blackPng(width, height));

    assertThat(List.of(image.width(), image.height())).isEqualTo(List.of(width, height));
  }

  @Test
  void aBombInTheScreenOfAGifIsRefused() throws IOException {
    byte[] gif = golden("palette.gif");
    Arrays.fill(gif, 6, 10, (byte) 0xFF);

    assertRefused(gif, Reason.TOO_LARGE_IMAGE, "the header says 65535 x 65535 pixels");
  }

  @Test
  void aBombInTheHeaderOfAWebpIsRefused() throws IOException {
    byte[] webp = golden("lossless.webp");
    Arrays.fill(webp, 21, 24, (byte) 0xFF); // width and height less one, 14 bits each
    webp[24] |= 0x0F;

    assertRefused(webp, Reason.TOO_LARGE_IMAGE, "the header says 16384 x 16384 pixels");
  }

  @Test
  void aBombInAComment() throws IOException, BadImageException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(compressed)) {
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < 512; i++) { // more than this JVM could hold twice
        out.write(block);
      }
    }
    byte[] text = "Comment\0\0".getBytes(StandardCharsets.US_ASCII);
    byte[] data =
        ByteBuffer.allocate(text.length + compressed.size())
            .put(text)
            .put(compressed.toByteArray())
            .array();
    byte[] png = ImageFixtures.withPngChunk(golden("rgb.png"), "zTXt", data);

    assertThat(decoder.decode(png).rgb()).isEqualTo(decoder.decode(golden("rgb.png")).rgb());
  }

  @Test
  void aJpegOfThousandsOfScansIsRefused() throws IOException {
    byte[] whole = golden("gray.jpg");
    int scan = markers(whole).get(markers(whole).size() - 2);
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    many.write(whole, 0, scan);
    for (int i = 0; i < 501; i++) {
      many.write(whole, scan, whole.length - 2 - scan);
    }
    many.write(whole, whole.length - 2, 2);

    assertRefused(
        many.toByteArray(), Reason.CORRUPT_IMAGE, "the JPEG file has more than 500 scans");
  }

  @Test
  void aJpegOfNoHeightIsCorrupt() throws IOException {
    assertRefused(
        ImageFixtures.withJpegSize(golden("baseline-420.jpg"), 37, 0),
        Reason.CORRUPT_IMAGE,
        "the header says 37 x 0 pixels");
  }

  @Test
  void onlyTablesAreNoPicture() {
    byte[] file = {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, (byte) 0xD9};

    assertRefused(file, Reason.CORRUPT_IMAGE, "the JPEG file has no picture before its end marker");
  }

  @ParameterizedTest
  @CsvSource({
    "'%PDF-1.7 and so on', a PDF document",
    "'<svg xmlns=', an SVG drawing",
    "'8BPS\u0000\u0001', a Photoshop file",
    "'\u0000\u0000\u0000\u0018ftypheic', a HEIC image",
    "'\u0000\u0000\u0000\u0018ftypmif1', a HEIF image",
    "'\u0000\u0000\u0000\u0018ftypisom', a video",
    "'PK\u0003\u0004\u0000\u0000', an archive",
    "'\u001f\u008b\u0008\u0000', a compressed file"
  })
  void anotherKindOfFileIsNamed(String head, String name) {
    assertRefused(
        head.getBytes(StandardCharsets.ISO_8859_1),
        Reason.UNSUPPORTED_IMAGE,
        "the file is " + name + "; images are read from JPEG, PNG, WebP, GIF, TIFF and BMP files");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "RIFF\0\0\0\0WEBP",
        "BM",
        "II*\0",
        "MM\0*\377\377\377\377",
        "GIF89a",
        "\211PNG\r\n\032\n"
      })
  void aHeadAloneIsCorrupt(String head) {
    assertRefused(head.getBytes(StandardCharsets.ISO_8859_1), Reason.CORRUPT_IMAGE, "");
  }
}
