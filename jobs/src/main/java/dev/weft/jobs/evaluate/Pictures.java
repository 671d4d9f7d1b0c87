package dev.weft.jobs.evaluate;

import dev.weft.encode.Resample;
import dev.weft.encode.Resize;
import dev.weft.evaluate.Report.Picture;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.ImageLocation;
import dev.weft.ingest.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Image files as small pictures inside a page. A file that cannot be read leaves its name. */
public final class Pictures {
  private static final Logger LOG = LoggerFactory.getLogger(Pictures.class);

  private final Configuration hadoop;
  private final ImageDecoder decoder;
  private final int side;

  /**
   * Reads files within limits.
   *
   * @param hadoop settings of the file systems
   * @param limits larger images are left out
   * @param side longest side of a picture, pixels
   */
  public Pictures(Configuration hadoop, ImageLimits limits, int side) {
    this.hadoop = hadoop;
    this.decoder = new ImageDecoder(limits);
    this.side = side;
  }

  /**
   * The picture of an image.
   *
   * @param name its id
   * @param description what it shows, if somebody knows
   * @param location URI of its file
   */
  public Picture of(String name, Optional<String> description, String location) {
    String words = description.orElse(name);
    try {
      RgbImage image = decoder.decode(ImageLocation.of(location).read(hadoop, Integer.MAX_VALUE));
      RgbImage small = fitted(image);
      // Drawings and icons stay sharp; what had to shrink is most likely a photograph.
      boolean photograph = small.width() < image.width();
      return Picture.embedded(
          name,
          words,
          encoded(small, photograph ? "jpeg" : "png"),
          photograph ? "image/jpeg" : "image/png");
    } catch (IOException | BadImageException | IllegalArgumentException e) {
      LOG.warn("The page goes without the picture {}: {}", location, e.getMessage());
      return Picture.absent(name, words);
    }
  }

  private RgbImage fitted(RgbImage image) {
    int longer = Math.max(image.width(), image.height());
    if (longer <= side) {
      return image;
    }
    int width = Math.max(1, (int) ((long) image.width() * side / longer));
    int height = Math.max(1, (int) ((long) image.height() * side / longer));
    return Resize.to(image, width, height, Resample.BICUBIC);
  }

  private static byte[] encoded(RgbImage image, String format) throws IOException {
    BufferedImage pixels =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        pixels.setRGB(x, y, image.pixel(x, y));
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(pixels, format, bytes);
    return bytes.toByteArray();
  }
}
