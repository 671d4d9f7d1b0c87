package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

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
 * <p>A decoder with a draft side reads JPEG files as Pillow does after {@code Image.draft}: at the
 * smallest of 1, 1/2, 1/4 and 1/8 of their size at which no side is shorter than that, by a smaller
 * inverse transform. The pixels are others than those of a whole decode made smaller. CMYK files,
 * and those that libjpeg-turbo finds damaged, are read whole.
 *
 * <p>A file is refused by its header where it is larger than the limits, before pixels are
 * allocated, and a decode is given up when its time is over; see {@link TimedDecode} for what
 * becomes of one that never ends. JPEG files of few pixels and scans end soon and are not timed.
 *
 * <p>Instances are immutable and safe to share between threads.
 */
public final class ImageDecoder {
  /** Changed when any file would give other pixels: vectors of the old ones are then made anew. */
  public static final int VERSION = 2;

  private static final int GREATEST_REDUCTION = 8;

  /** Pixels times scans of a JPEG file; libjpeg-turbo passes over some 100 million a second. */
  private static final long SOON = 20_000_000;

  private final ImageLimits limits;
  private final OptionalInt draftSide;

  /** Reads every pixel. */
  public ImageDecoder(ImageLimits limits) {
    this(limits, OptionalInt.empty());
  }

  /**
   * @param draftSide the length in pixels that no side of a reduced JPEG file falls below, at least
   *     1; empty to read every pixel
   */
  public ImageDecoder(ImageLimits limits, OptionalInt draftSide) {
    if (draftSide.isPresent() && !NativeJpeg.isThere()) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot decode JPEG files at a reduced scale on this machine: there is no libjpeg-turbo for"
              + " its platform, or java.io.tmpdir is not writable and executable. Set"
              + " encode.jpeg-scale to full.");
    }
    this.limits = limits;
    this.draftSide = draftSide;
  }

  /**
   * Decodes one file.
   *
   * @param bytes the whole file
   * @throws BadImageException with one of the reasons empty-image, too-large-image, corrupt-image,
   *     unsupported-image, slow-image
   */
  public RgbImage decode(byte[] bytes) throws BadImageException {
    return decode(bytes, RgbImage::of);
  }

  /**
   * Decodes one file and makes something of its pixels, which need not all be copied for that.
   *
   * @param bytes the whole file
   * @param use gets the picture, which must not be kept; what it throws is thrown on
   * @throws BadImageException as above
   */
  public <T> T decode(byte[] bytes, Function<Picture, T> use) throws BadImageException {
    if (bytes.length == 0) {
      throw new BadImageException(Reason.EMPTY_IMAGE, "the file has no bytes");
    }
    if (bytes.length > limits.maxBytes()) {
      throw tooManyBytes(bytes.length, limits);
    }
    ImageFormat format = ImageFormat.of(bytes).orElseThrow(() -> ImageFormat.unread(bytes));
    if (format == ImageFormat.JPEG) {
      Header header = TimedDecode.here(() -> header(bytes));
      // What libjpeg-turbo decodes within a second, whatever it holds.
      Optional<T> soon = endsSoon(header.segments()) ? fast(bytes, header, use) : Optional.empty();
      if (soon.isPresent()) {
        return soon.get();
      }
    }
    return use.apply(TimedDecode.run(() -> decodeNow(format, bytes), limits.timeoutSeconds()));
  }

  /** What is known of a JPEG file before its pixels. */
  private record Header(JpegSegments segments, Orientation orientation) {}

  private Header header(byte[] bytes) throws BadImageException {
    JpegSegments segments = JpegSegments.read(bytes);
    limits.check(segments.width(), segments.height());
    return new Header(segments, orientation(segments.exif()));
  }

  static boolean endsSoon(JpegSegments segments) {
    return segments.pixelsOfAllScans() <= SOON;
  }

  static BadImageException tooManyBytes(long bytes, ImageLimits limits) {
    return new BadImageException(
        Reason.TOO_LARGE_IMAGE,
        "the file has " + bytes + " bytes, ingest.max-image-bytes is " + limits.maxBytes());
  }

  private RgbImage decodeNow(ImageFormat format, byte[] bytes) throws BadImageException {
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
    Header header = header(bytes);
    JpegSegments segments = header.segments();
    if (segments.components() == 4) {
      return header.orientation().apply(plugin.readInks(bytes, segments.adobeTransform()));
    }
    // What ends soon was tried before, in the thread of the task.
    Optional<RgbImage> fast =
        endsSoon(segments) ? Optional.empty() : fast(bytes, header, RgbImage::of);
    return fast.isPresent() ? fast.get() : header.orientation().apply(plugin.read(bytes));
  }

  /** By libjpeg-turbo; empty where it cannot, or finds the file damaged. */
  private <T> Optional<T> fast(byte[] bytes, Header header, Function<Picture, T> use) {
    JpegSegments segments = header.segments();
    if (segments.components() == 4 || !NativeJpeg.reads(segments.process())) {
      return Optional.empty();
    }
    return NativeJpeg.decode(
        bytes,
        reduction(segments.width(), segments.height()),
        stored -> use.apply(header.orientation().apply(stored)));
  }

  /** By what Pillow's draft divides the sides. */
  private int reduction(int width, int height) {
    int reduction = draftSide.isPresent() ? GREATEST_REDUCTION : 1;
    while (reduction > 1 && Math.min(width, height) / draftSide.getAsInt() < reduction) {
      reduction /= 2;
    }
    return reduction;
  }

  private static RgbImage upright(Optional<byte[]> exif, RgbImage stored) {
    return orientation(exif).apply(stored);
  }

  private static Orientation orientation(Optional<byte[]> exif) {
    return exif.map(Orientation::of).orElse(Orientation.UPRIGHT);
  }
}
