package dev.weft.ingest;

/** What a look at one image file found. */
public sealed interface ImageCheck {

  /**
   * The file decodes to the last pixel.
   *
   * @param key names the image
   * @param location URI of the file
   * @param sha256 hash of its content, 64 hexadecimal digits
   * @param bytes its size
   * @param width pixels, upright
   * @param height pixels, upright
   */
  record Sound(ImageKey key, String location, String sha256, long bytes, int width, int height)
      implements ImageCheck {}

  /**
   * The file is missing or cannot be used.
   *
   * @param key names the image
   * @param finding why
   */
  record Unusable(ImageKey key, Finding finding) implements ImageCheck {}
}
