package dev.weft.ingest;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The kinds of image files that are read, known by their first bytes. */
enum ImageFormat {
  JPEG("jpeg"),
  PNG("png"),
  GIF("gif"),
  BMP("bmp"),
  TIFF("tiff"),
  WEBP("webp");

  /** What people keep among their images, and what it begins with from a certain byte on. */
  private record Other(String name, int at, String signature) {}

  private static final List<Other> OTHERS =
      List.of(
          new Other("an AVIF image", 4, "ftypavi"),
          new Other("a HEIC image", 4, "ftyphei"),
          new Other("a HEIC image", 4, "ftyphevc"),
          new Other("a HEIF image", 4, "ftypmif1"),
          new Other("a HEIF image", 4, "ftypmsf1"),
          new Other("a video", 4, "ftyp"),
          new Other("a JPEG XL image", 0, "\u00FF\n"),
          new Other("a JPEG XL image", 4, "JXL "),
          new Other("a JPEG 2000 image", 4, "jP  "),
          new Other("a JPEG 2000 image", 0, "\u00FFO\u00FFQ"),
          new Other("a Photoshop file", 0, "8BPS"),
          new Other("a PDF document", 0, "%PDF"),
          new Other("an icon", 0, "\0\0\1\0"),
          new Other("a PNM image", 0, "P6"),
          new Other("a PNM image", 0, "P5"),
          new Other("an SVG drawing", 0, "<svg"),
          new Other("an archive", 0, "PK\3\4"),
          new Other("a compressed file", 0, "\u001F\u008B"));

  private final String plugin;

  ImageFormat(String plugin) {
    this.plugin = plugin;
  }

  /** What Java's readers call it. */
  String plugin() {
    return plugin;
  }

  /** The format of a file. */
  static Optional<ImageFormat> of(byte[] bytes) {
    if (JpegSegments.begins(bytes)) {
      return Optional.of(JPEG);
    }
    if (PngChunks.begins(bytes)) {
      return Optional.of(PNG);
    }
    if (GifBlocks.begins(bytes)) {
      return Optional.of(GIF);
    }
    if (WebpChunks.begins(bytes)) {
      return Optional.of(WEBP);
    }
    String head = head(bytes);
    if (head.startsWith("II*\0") || head.startsWith("MM\0*")) {
      return Optional.of(TIFF);
    }
    return head.startsWith("BM") ? Optional.of(BMP) : Optional.empty();
  }

  /** The complaint about a file of no format that is read. */
  static BadImageException unread(byte[] bytes) {
    String head = head(bytes);
    for (Other other : OTHERS) {
      if (head.startsWith(other.signature(), other.at())) {
        return new BadImageException(
            Reason.UNSUPPORTED_IMAGE,
            "the file is "
                + other.name()
                + "; images are read from JPEG, PNG, WebP, GIF, TIFF and BMP files");
      }
    }
    return new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the file is no JPEG, PNG, WebP, GIF, TIFF or BMP; it begins with '"
            + head.replaceAll("[^ -~]", "?")
            + "'");
  }

  private static String head(byte[] bytes) {
    return new String(bytes, 0, Math.min(bytes.length, 16), StandardCharsets.ISO_8859_1);
  }
}
