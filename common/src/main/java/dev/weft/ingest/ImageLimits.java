package dev.weft.ingest;

import java.io.Serializable;

/**
 * The largest image that is read, and how long a decode may take. Size is checked before anything
 * of that size is allocated; a decode holds at most about ten bytes per pixel.
 *
 * @param maxBytes bytes of the file
 * @param maxPixels width times height, as the header states them
 * @param timeoutSeconds after which a decode is given up, at least 1
 */
public record ImageLimits(long maxBytes, long maxPixels, int timeoutSeconds)
    implements Serializable {

  /** Refuses a picture of too many pixels, or of none. */
  void check(int width, int height) throws BadImageException {
    if ((long) width * height > maxPixels) {
      throw new BadImageException(
          Reason.TOO_LARGE_IMAGE,
          "the header says "
              + width
              + " x "
              + height
              + " pixels, ingest.max-image-pixels is "
              + maxPixels);
    }
    if (width < 1 || height < 1) {
      throw new BadImageException(
          Reason.CORRUPT_IMAGE, "the header says " + width + " x " + height + " pixels");
    }
  }
}
