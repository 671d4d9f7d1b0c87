package dev.weft.ingest;

import java.util.Optional;

/**
 * Decodes the bytes of an image file to upright, opaque RGB, or says what is wrong with them.
 *
 * <p>Reads JPEG (baseline, progressive and arithmetic-coded; grey, RGB and CMYK), PNG, GIF and WebP
 * (the first frame of an animation), BMP and TIFF (the first page), known by their content,
 * whatever the name of the file. The pixels are those of Pillow's {@code convert("RGB")}: the
 * published encoders were trained on these. So embedded colour profiles are not applied and 16-bit
 * colours keep their upper byte. The EXIF orientation is applied, and transparent pixels are laid
 * on white.
 *
 * <p>A file is refused by its header where it is larger than the limits, before pixels are
 * allocated, and a decode is given up when its time is over; see {@link TimedDecode} for what
 * becomes of one that never ends.
 *
 * <p>Instances are immutable and safe to share between threads.
 */
public final class ImageDecoder {
  /** Changed when any file would give other pixels: vectors of the old ones are then made anew. */
  public static final int VERSION = 2;

  private final ImageLimits limits;

  public ImageDecoder(ImageLimits limits) {
    this.limits = limits;
  }

  /**
   * Decodes one file.
   *
   * @param bytes the whole file
   * @throws BadImageException with one of the reasons empty-image, too-large-image, corrupt-image,
   *     unsupported-image, slow-image
   */
  public RgbImage decode(byte[] bytes) throws BadImageException {
    if (bytes.length == 0) {
      throw new BadImageException(Reason.EMPTY_IMAGE, "the file has no bytes");
    }
    if (bytes.length > limits.maxBytes()) {
      throw tooManyBytes(bytes.length, limits);
    }
    return TimedDecode.run(() -> decodeNow(bytes), limits.timeoutSeconds());
  }

  static BadImageException tooManyBytes(long bytes, ImageLimits limits) {
    return new BadImageException(
        Reason.TOO_LARGE_IMAGE,
        "the file has " + bytes + " bytes, ingest.max-image-bytes is " + limits.maxBytes());
  }

  private RgbImage decodeNow(byte[] bytes) throws BadImageException {
    ImageFormat format = ImageFormat.of(bytes).orElseThrow(() -> ImageFormat.unread(bytes));
    PluginReader plugin = new PluginReader(format, limits);
    return switch (format) {
      case JPEG -> jpeg(bytes, plugin);
      case PNG -> upright(PngChunks.exif(bytes), plugin.read(bytes));
      case WEBP -> upright(WebpChunks.exif(bytes), plugin.read(bytes));
      case TIFF -> upright(Optional.of(bytes), plugin.read(bytes)); // EXIF is TIFF
      case GIF -> {
        GifBlocks blocks = GifBlocks.read(bytes);
        limits.check(blocks.width(), blocks.height());
        yield blocks.onScreen(plugin.read(bytes));
      }
      case BMP -> plugin.read(bytes);
    };
  }

  private RgbImage jpeg(byte[] bytes, PluginReader plugin) throws BadImageException {
    JpegSegments segments = JpegSegments.read(bytes);
    limits.check(segments.width(), segments.height());
    if (segments.components() == 4) {
      return upright(segments.exif(), plugin.readInks(bytes, segments.adobeTransform()));
    }
    Optional<RgbImage> fast =
        NativeJpeg.reads(segments.process()) ? NativeJpeg.decode(bytes) : Optional.empty();
    return upright(segments.exif(), fast.isPresent() ? fast.get() : plugin.read(bytes));
  }

  private static RgbImage upright(Optional<byte[]> exif, RgbImage stored) {
    return exif.map(Orientation::of).orElse(Orientation.UPRIGHT).apply(stored);
  }
}
