package dev.weft.ingest;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * Decodes one format with the readers of Java's Image I/O: the first that can.
 *
 * @param format of the file
 * @param limits checked against the header
 */
record PluginReader(ImageFormat format, ImageLimits limits) {
  private static final List<ImageReaderSpi> READERS = readers();

  /** What a native decoder says when it fills the missing rest of a file. */
  private static final String CUT = "premature end";

  /** Readers with Pillow's own native code: they come first. */
  private static final String NATIVE = "com.luciad.imageio.webp";

  private interface Action {
    RgbImage of(ImageReader reader) throws IOException, BadImageException;
  }

  /** Decodes the first picture of a file. */
  RgbImage read(byte[] bytes) throws BadImageException {
    return with(
        bytes,
        reader -> {
          BufferedImage image = reader.read(0);
          return RgbConversion.convert(image);
        });
  }

  /** Decodes a JPEG file of four components. */
  RgbImage readInks(byte[] bytes, OptionalInt adobeTransform) throws BadImageException {
    return with(bytes, reader -> InkConversion.convert(reader.readRaster(0, null), adobeTransform));
  }

  private RgbImage with(byte[] bytes, Action action) throws BadImageException {
    Optional<BadImageException> failure = Optional.empty();
    for (ImageReaderSpi provider : READERS) {
      if (reads(provider)) {
        try {
          return with(provider, bytes, action);
        } catch (IOException | RuntimeException e) { // decoders throw what they like
          failure = Optional.of(failure.orElse(undecodable(e)));
        }
      }
    }
    throw failure.orElseThrow();
  }

  private boolean reads(ImageReaderSpi provider) {
    return Arrays.stream(provider.getFormatNames())
        .anyMatch(name -> name.toLowerCase(Locale.ROOT).equals(format.plugin()));
  }

  private static BadImageException undecodable(Exception e) {
    return new BadImageException(
        Reason.CORRUPT_IMAGE, "the file cannot be decoded: " + Entry.shown(String.valueOf(e)), e);
  }

  private RgbImage with(ImageReaderSpi provider, byte[] bytes, Action action)
      throws IOException, BadImageException {
    try (ByteArrayInput in = new ByteArrayInput(bytes)) {
      ImageReader reader = provider.createReaderInstance();
      try {
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        reader.setInput(in, true, true);
        limits.check(reader.getWidth(0), reader.getHeight(0));
        RgbImage image = action.of(reader);
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

  /**
   * The decoders, the better one first. They are looked for with the loader of this class: on an
   * executor the thread's own may not see the jar of the job.
   */
  private static List<ImageReaderSpi> readers() {
    ImageIO.setUseCache(false);
    IIORegistry registry = IIORegistry.getDefaultInstance();
    for (ImageReaderSpi provider :
        ServiceLoader.load(ImageReaderSpi.class, PluginReader.class.getClassLoader())) {
      if (registry.getServiceProviderByClass(provider.getClass()) == null) {
        registry.registerServiceProvider(provider);
      }
    }
    List<ImageReaderSpi> readers = new ArrayList<>();
    Iterator<ImageReaderSpi> providers = registry.getServiceProviders(ImageReaderSpi.class, true);
    providers.forEachRemaining(readers::add);
    readers.sort(
        Comparator.comparing(provider -> !provider.getClass().getName().startsWith(NATIVE)));
    return List.copyOf(readers);
  }
}
