package dev.weft.ingest;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes the bytes of an image file to upright, opaque RGB, or says what is wrong with them.
 *
 * <p>Reads JPEG (baseline and progressive; grey, RGB, CMYK), PNG, GIF (the first frame) and BMP,
 * known by their content, whatever the name of the file. The size is checked in the header before
 * pixels are allocated. 16-bit samples keep their upper byte; embedded colour profiles of RGB and
 * grey images are not applied, as the towers were trained on samples read this way; transparent
 * pixels are laid on white; the EXIF orientation is applied.
 *
 * <p>Instances are immutable and safe to share between threads.
 */
public final class ImageDecoder {
  private static final Set<String> FORMATS = Set.of("jpeg", "png", "gif", "bmp");
  private static final List<ImageReaderSpi> READERS = readers();

  /** What a native decoder says when it fills the missing rest of a file. */
  private static final String CUT = "premature end";

  private final ImageLimits limits;

  public ImageDecoder(ImageLimits limits) {
    this.limits = limits;
  }

  /**
   * Decodes one file.
   *
   * @param bytes the whole file
   * @throws BadImageException with one of the reasons empty-image, too-large-image, corrupt-image
   */
  public RgbImage decode(byte[] bytes) throws BadImageException {
    if (bytes.length == 0) {
      throw new BadImageException(Reason.EMPTY_IMAGE, "the file has no bytes");
    }
    if (bytes.length > limits.maxBytes()) {
      throw tooManyBytes(bytes.length, limits);
    }
    try {
      Orientation orientation = checkedOrientation(bytes);
      return orientation.apply(RgbConversion.convert(read(bytes)));
    } catch (IOException | RuntimeException e) { // decoders throw what they like at damaged files
      throw new BadImageException(
          Reason.CORRUPT_IMAGE, "the file cannot be decoded: " + Entry.shown(String.valueOf(e)), e);
    }
  }

  static BadImageException tooManyBytes(long bytes, ImageLimits limits) {
    return new BadImageException(
        Reason.TOO_LARGE_IMAGE,
        "the file has " + bytes + " bytes, ingest.max-image-bytes is " + limits.maxBytes());
  }

  private BufferedImage read(byte[] bytes) throws IOException, BadImageException {
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      ImageReader reader = reader(in).orElseThrow(() -> unknownFormat(bytes));
      try {
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        reader.setInput(in, true, true);
        checkPixels(reader.getWidth(0), reader.getHeight(0));
        BufferedImage image = reader.read(0);
        for (String warning : warnings) {
          if (warning.toLowerCase(Locale.ROOT).contains(CUT)) {
            throw new BadImageException(Reason.CORRUPT_IMAGE, "the file is cut: " + warning);
          }
        }
        return image;
      } finally {
        reader.dispose();
      }
    }
  }

  private void checkPixels(int width, int height) throws BadImageException {
    if ((long) width * height > limits.maxPixels()) {
      throw new BadImageException(
          Reason.TOO_LARGE_IMAGE,
          "the header says "
              + width
              + " x "
              + height
              + " pixels, ingest.max-image-pixels is "
              + limits.maxPixels());
    }
  }

  /** Checks that the file is whole, as far as its container says so. */
  private static Orientation checkedOrientation(byte[] bytes) throws BadImageException {
    Optional<byte[]> exif = Optional.empty();
    if (GifBlocks.begins(bytes)) {
      GifBlocks.check(bytes);
    }
    if (JpegSegments.begins(bytes)) {
      exif = JpegSegments.exif(bytes);
    }
    if (PngChunks.begins(bytes)) {
      exif = PngChunks.exif(bytes);
    }
    return exif.map(Orientation::of).orElse(Orientation.UPRIGHT);
  }

  private static Optional<ImageReader> reader(ImageInputStream in) throws IOException {
    for (ImageReaderSpi provider : READERS) {
      if (provider.canDecodeInput(in)) {
        return Optional.of(provider.createReaderInstance());
      }
    }
    return Optional.empty();
  }

  private static BadImageException unknownFormat(byte[] bytes) {
    String head = new String(bytes, 0, Math.min(bytes.length, 16), StandardCharsets.ISO_8859_1);
    return new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the file is no JPEG, PNG, GIF or BMP; it begins with '"
            + head.replaceAll("[^ -~]", "?")
            + "'");
  }

  /**
   * The decoders, the better one first. They are looked for with the loader of this class: on an
   * executor the thread's own may not see the jar of the job.
   */
  private static List<ImageReaderSpi> readers() {
    ImageIO.setUseCache(false);
    IIORegistry registry = IIORegistry.getDefaultInstance();
    for (ImageReaderSpi provider :
        ServiceLoader.load(ImageReaderSpi.class, ImageDecoder.class.getClassLoader())) {
      if (registry.getServiceProviderByClass(provider.getClass()) == null) {
        registry.registerServiceProvider(provider);
      }
    }
    List<ImageReaderSpi> readers = new ArrayList<>();
    Iterator<ImageReaderSpi> providers = registry.getServiceProviders(ImageReaderSpi.class, true);
    while (providers.hasNext()) {
      ImageReaderSpi provider = providers.next();
      for (String name : provider.getFormatNames()) {
        if (FORMATS.contains(name.toLowerCase(Locale.ROOT)) && !readers.contains(provider)) {
          readers.add(provider);
        }
      }
    }
    return List.copyOf(readers);
  }
}
