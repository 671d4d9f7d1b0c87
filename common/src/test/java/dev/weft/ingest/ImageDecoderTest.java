package dev.weft.ingest;

import static dev.weft.ingest.ImageFixtures.corners;
import static dev.weft.ingest.ImageFixtures.encode;
import static dev.weft.ingest.ImageFixtures.noise;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
  private static final int RED = 0xFF0000;
  private static final int GREEN = 0x00FF00;
  private static final int BLUE = 0x0000FF;
  private static final int YELLOW = 0xFFFF00;

  private final ImageDecoder decoder = new ImageDecoder(new ImageLimits(10_000_000, 4_000_000, 60));

  private Reason reasonFor(byte[] bytes) {
    try {
      decoder.decode(bytes);
    } catch (BadImageException e) {
      return e.reason();
    }
    throw new AssertionError("a file of " + bytes.length + " bytes was decoded");
  }

  /** Two colours are one to within the loss of JPEG. */
  private static void assertColor(RgbImage image, int x, int y, int expected) {
    int found = image.pixel(x, y);
    for (int shift = 0; shift <= 16; shift += 8) {
      assertThat(Math.abs((found >> shift & 0xFF) - (expected >> shift & 0xFF)))
          .as("pixel (%d, %d) is %06x, expected %06x", x, y, found, expected)
          .isLessThan(12);
    }
  }

  private static void assertCorners(RgbImage image, int... expected) {
    assertColor(image, 5, 5, expected[0]);
    assertColor(image, image.width() - 6, 5, expected[1]);
    assertColor(image, 5, image.height() - 6, expected[2]);
    assertColor(image, image.width() - 6, image.height() - 6, expected[3]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void decodesEveryFormat(String format) throws BadImageException {
    RgbImage image = decoder.decode(encode(corners(BufferedImage.TYPE_3BYTE_BGR), format));

    assertThat(image.width()).isEqualTo(48);
    assertThat(image.height()).isEqualTo(32);
    assertCorners(image, RED, GREEN, BLUE, YELLOW);
  }

  @Test
  void decodesAProgressiveJpeg() throws BadImageException {
    byte[] bytes = ImageFixtures.progressiveJpeg(corners(BufferedImage.TYPE_3BYTE_BGR));

    assertCorners(decoder.decode(bytes), RED, GREEN, BLUE, YELLOW);
  }

  @Test
  void aPictureIsReadByPartsOfItsRows() throws BadImageException {
    BufferedImage gray = new BufferedImage(31, 17, BufferedImage.TYPE_BYTE_GRAY);
    gray.getGraphics().drawImage(noise(31, 17), 0, 0, null);
    for (BufferedImage image : List.of(noise(31, 17), gray)) {
      for (String format : List.of("jpg", "png")) {
        byte[] bytes = encode(image, format);
        RgbImage whole = decoder.decode(bytes);

        decoder.decode(bytes, picture -> assertRows(picture, whole));
      }
    }
  }

  private static RgbImage assertRows(Picture picture, RgbImage whole) {
    for (int y = 0; y < whole.height(); y++) {
      for (int count : List.of(1, 6, 31)) {
        int from = 31 - count;
        int[] words = new int[2 + count];
        picture.row(y, from, count, words, 2);
        assertThat(words).startsWith(0, 0);
        for (int x = 0; x < count; x++) {
          assertThat(words[2 + x] >>> 8).isEqualTo(whole.pixel(from + x, y));
        }
      }
    }
    return whole;
  }

  /** A bug of ours is not the fault of the file. */
  @Test
  void whatIsThrownOverAPictureIsThrownOn() {
    for (String format : List.of("jpg", "png")) {
      byte[] bytes = encode(noise(8, 8), format);

      assertThatThrownBy(
              () ->
                  decoder.decode(
                      bytes,
                      picture -> {
                        throw new IllegalStateException("ours");
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("ours");
    }
  }

  /** An interrupted thread waits for no other, so what it decodes, it decodes itself. */
  @Test
  void jpegFilesOfFewPixelsAreDecodedByTheCaller() throws BadImageException {
    assumeTrue(NativeJpeg.isThere());
    BufferedImage small = noise(64, 64);
    Thread.currentThread().interrupt();
    try {
      assertThat(decoder.decode(encode(small, "jpg")).width()).isEqualTo(64);
      assertThat(decoder.decode(ImageFixtures.progressiveJpeg(small)).width()).isEqualTo(64);
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void manyPixelsOrScansAreTimed() throws BadImageException {
    byte[] baseline = encode(noise(64, 64), "jpg");
    byte[] progressive = ImageFixtures.progressiveJpeg(noise(64, 64)); // ten scans

    assertThat(JpegSegments.read(baseline).scans()).isEqualTo(1);
    assertThat(JpegSegments.read(progressive).scans()).isEqualTo(10);
    for (int side : List.of(1_414, 4_472)) { // squares of 2 and 20 million pixels
      byte[] file = side > 2_000 ? baseline : progressive;
      assertThat(endsSoon(file, side)).isTrue();
      assertThat(endsSoon(file, side + 1)).isFalse();
    }
  }

  private static boolean endsSoon(byte[] jpeg, int side) throws BadImageException {
    return ImageDecoder.endsSoon(JpegSegments.read(ImageFixtures.withJpegSize(jpeg, side, side)));
  }

  @Test
  void losslessFormatsKeepEveryPixel() throws BadImageException {
    BufferedImage image = noise(31, 17);

    for (String format : List.of("png", "bmp")) {
      RgbImage decoded = decoder.decode(encode(image, format));
      for (int y = 0; y < 17; y++) {
        for (int x = 0; x < 31; x++) {
          assertThat(decoded.pixel(x, y)).isEqualTo(image.getRGB(x, y) & 0xFFFFFF);
        }
      }
    }
  }

  @Test
  void decodesOnePixel() throws BadImageException {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x123456);

    assertThat(decoder.decode(encode(image, "png")).pixel(0, 0)).isEqualTo(0x123456);
  }

  @Test
  void decodesOneLine() throws BadImageException {
    RgbImage image = decoder.decode(encode(noise(1, 20_000), "png"));

    assertThat(image.width()).isEqualTo(1);
    assertThat(image.height()).isEqualTo(20_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "bmp"})
  void greyKeepsItsValue(String format) throws BadImageException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 256; i++) {
      image.getRaster().setSample(i % 16, i / 16, 0, 100);
    }

    assertColor(decoder.decode(encode(image, format)), 8, 8, 0x646464);
  }

  @Test
  void sixteenBitsKeepTheUpperByte() throws BadImageException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(0, 0, 0, 0x64FF);
    image.getRaster().setSample(1, 0, 0, 0xFFFF);

    RgbImage decoded = decoder.decode(encode(image, "png"));

    assertThat(decoded.pixel(0, 0)).isEqualTo(0x646464);
    assertThat(decoded.pixel(1, 0)).isEqualTo(0xFFFFFF);
  }

  @Test
  void oneBitIsBlackAndWhite() throws BadImageException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    image.setRGB(1, 0, 0xFFFFFF);

    RgbImage decoded = decoder.decode(encode(image, "png"));

    assertThat(decoded.pixel(0, 0)).isZero();
    assertThat(decoded.pixel(1, 0)).isEqualTo(0xFFFFFF);
  }

  @Test
  void alphaIsLaidOnWhite() throws BadImageException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00FF0000); // nothing of red
    image.setRGB(1, 0, 0xFFFF0000); // all of red
    image.setRGB(2, 0, 0x80000000); // half of black

    RgbImage decoded = decoder.decode(encode(image, "png"));

    assertThat(decoded.pixel(0, 0)).isEqualTo(0xFFFFFF);
    assertThat(decoded.pixel(1, 0)).isEqualTo(RED);
    assertThat(decoded.pixel(2, 0)).isEqualTo(0x7F7F7F);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif"})
  void aPaletteWithAlphaIsLaidOnWhite(String format) throws BadImageException {
    byte[] reds = {0, (byte) 200};
    byte[] others = {0, 10};
    byte[] alphas = {0, (byte) 255};
    IndexColorModel palette = new IndexColorModel(1, 2, reds, others, others, alphas);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
    image.getRaster().setSample(1, 0, 0, 1);

    RgbImage decoded = decoder.decode(encode(image, format));

    assertThat(decoded.pixel(0, 0)).isEqualTo(0xFFFFFF);
    assertThat(decoded.pixel(1, 0)).isEqualTo(0xC80A0A);
  }

  @Test
  void inksBecomeColours() throws BadImageException {
    assertColor(decoder.decode(ImageFixtures.cmykJpeg(0, 0, 0, 0)), 8, 8, 0xFFFFFF);
    assertThat(decoder.decode(ImageFixtures.cmykJpeg(255, 255, 255, 255)).pixel(8, 8) & 0xFF)
        .isLessThan(64);
    RgbImage yellow = decoder.decode(ImageFixtures.cmykJpeg(0, 0, 255, 0));
    assertThat(yellow.pixel(8, 8) >> 16).isGreaterThan(200);
    assertThat(yellow.pixel(8, 8) & 0xFF).isLessThan(64);
  }

  /** The corners as seen, by what the camera wrote: red is the first stored pixel. */
  @ParameterizedTest
  @CsvSource({
    "1, RGBY", "2, GRYB", "3, YBGR", "4, BYRG", "5, RBGY", "6, BRYG", "7, YGBR", "8, GYRB"
  })
  void appliesTheOrientation(int orientation, String seen) throws BadImageException {
    byte[] exif = ImageFixtures.exif(orientation);
    BufferedImage stored = corners(BufferedImage.TYPE_3BYTE_BGR);
    int[] expected =
        seen.chars()
            .map(c -> c == 'R' ? RED : c == 'G' ? GREEN : c == 'B' ? BLUE : YELLOW)
            .toArray();

    for (byte[] file :
        List.of(
            ImageFixtures.withJpegExif(encode(stored, "jpg"), exif),
            ImageFixtures.withPngChunk(encode(stored, "png"), "eXIf", exif))) {
      RgbImage image = decoder.decode(file);
      assertThat(image.width()).isEqualTo(orientation >= 5 ? 32 : 48);
      assertCorners(image, expected);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 65_535})
  void anImpossibleOrientationIsUpright(int orientation) throws BadImageException {
    byte[] file =
        ImageFixtures.withJpegExif(
            encode(corners(BufferedImage.TYPE_3BYTE_BGR), "jpg"), ImageFixtures.exif(orientation));

    assertCorners(decoder.decode(file), RED, GREEN, BLUE, YELLOW);
  }

  @Test
  void brokenExifIsUpright() throws BadImageException {
    byte[] file =
        ImageFixtures.withJpegExif(
            encode(corners(BufferedImage.TYPE_3BYTE_BGR), "jpg"),
            "II*\0\377\377\377\377".getBytes(StandardCharsets.ISO_8859_1));

    assertCorners(decoder.decode(file), RED, GREEN, BLUE, YELLOW);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp", "progressive"})
  void aCutFileIsCorruptWhereverItIsCut(String format) {
    BufferedImage image = noise(40, 40);
    byte[] whole =
        format.equals("progressive") ? ImageFixtures.progressiveJpeg(image) : encode(image, format);

    for (int length = 1; length < whole.length - 1; length += 1 + length / 20) {
      assertThat(reasonFor(Arrays.copyOf(whole, length)))
          .as("%s cut to %d of %d bytes", format, length, whole.length)
          .isEqualTo(Reason.CORRUPT_IMAGE);
    }
    int last = whole.length - (format.equals("gif") ? 2 : 1); // a GIF may lack its end mark
    assertThat(reasonFor(Arrays.copyOf(whole, last))).isEqualTo(Reason.CORRUPT_IMAGE);
  }

  @Test
  void aCutJpegWithANewEndMarkIsCorrupt() {
    byte[] whole = encode(noise(40, 40), "jpg");
    byte[] cut = Arrays.copyOf(whole, whole.length - 300);
    cut[cut.length - 2] = (byte) 0xFF;
    cut[cut.length - 1] = (byte) 0xD9;

    assertThatThrownBy(() -> decoder.decode(cut))
        .isInstanceOf(BadImageException.class)
        .hasMessageStartingWith("the file is cut: ");
  }

  @Test
  void aDamagedPngIsCorrupt() {
    byte[] bytes = encode(noise(40, 40), "png");
    bytes[bytes.length / 2] ^= 1;

    assertThatThrownBy(() -> decoder.decode(bytes))
        .isInstanceOf(BadImageException.class)
        .hasMessage("the PNG chunk IDAT at byte 33 is damaged");
  }

  @Test
  void noBytesAreAnEmptyImage() {
    assertThatThrownBy(() -> decoder.decode(new byte[0]))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.EMPTY_IMAGE))
        .hasMessage("the file has no bytes");
  }

  @Test
  void aWebPageIsCorrupt() {
    byte[] page = "<!DOCTYPE html>\n<html>404</html>".getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(() -> decoder.decode(page))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_IMAGE))
        .hasMessage(
            "the file is no JPEG, PNG, WebP, GIF, TIFF or BMP; it begins with '<!DOCTYPE html>?'");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 100})
  void zerosAreCorrupt(int length) {
    assertThat(reasonFor(new byte[length])).isEqualTo(Reason.CORRUPT_IMAGE);
  }

  @Test
  void tooManyBytesAreRefused() {
    assertThatThrownBy(() -> decoder.decode(new byte[10_000_001]))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE_IMAGE))
        .hasMessage("the file has 10000001 bytes, ingest.max-image-bytes is 10000000");
  }

  @Test
  void aBombIsRefusedByItsHeader() {
    List<byte[]> bombs =
        List.of(
            ImageFixtures.pngBomb(60_000, 60_000),
            ImageFixtures.withJpegSize(encode(noise(16, 16), "jpg"), 60_000, 60_000));

    for (byte[] bomb : bombs) {
      assertThatThrownBy(() -> decoder.decode(bomb)) // 10 GB would not fit into this JVM
          .isInstanceOfSatisfying(
              BadImageException.class,
              e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE_IMAGE))
          .hasMessage("the header says 60000 x 60000 pixels, ingest.max-image-pixels is 4000000");
    }
  }

  @Test
  void noDamagedByteStopsTheDecoder() {
    for (byte[] whole :
        List.of(
            encode(noise(24, 24), "jpg"),
            encode(noise(24, 24), "png"),
            encode(noise(24, 24), "gif"),
            encode(noise(24, 24), "bmp"))) {
      for (int at = 0; at < whole.length; at += 1 + at / 50) {
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) 0xFF;
        try {
          decoder.decode(damaged);
        } catch (BadImageException e) {
          assertThat(e.reason()).isIn(Reason.CORRUPT_IMAGE, Reason.TOO_LARGE_IMAGE);
        }
      }
    }
  }

  @Test
  void decodesPhotographs() throws IOException, BadImageException {
    Path folder = Path.of("../../shared/data/coco-sample");
    assumeTrue(Files.isDirectory(folder), "skipped: there is no ../shared/data/coco-sample");
    try (Stream<Path> files = Files.list(folder)) {
      List<String> sizes = new ArrayList<>();
      for (Path photograph : files.sorted().toList()) {
        RgbImage image = decoder.decode(Files.readAllBytes(photograph));
        sizes.add(image.width() + "x" + image.height());
      }
      assertThat(sizes) // as the frame headers say; none has an orientation
          .containsExactly(
              "429x500", "640x480", "640x426", "458x640", "640x521", "402x640", "640x480",
              "426x640", "640x426", "640x425", "640x427", "428x500");
    }
  }
}
