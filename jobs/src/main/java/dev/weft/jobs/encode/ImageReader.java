package dev.weft.jobs.encode;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.ImageLocation;
import dev.weft.ingest.ImageProbe;
import dev.weft.ingest.IngestConfig;
import dev.weft.ingest.Picture;
import dev.weft.ingest.Reason;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.OptionalInt;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Reads in tasks the images that ingest found good, and insists that they are still the same: a
 * vector must belong to the content its row names.
 *
 * @param hadoop settings of the file systems
 * @param limits as ingest was told
 */
public record ImageReader(Broadcast<SerializableConfiguration> hadoop, ImageLimits limits)
    implements Serializable, AutoCloseable {

  /** A reader for the tasks of this context. */
  public static ImageReader of(JavaSparkContext context, IngestConfig config) {
    return new ImageReader(
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
        config.imageLimits());
  }

  /**
   * Reads and decodes one image.
   *
   * @param draftSide as the encoder wants it
   * @param use makes something of the picture, which must not be kept
   */
  public <T> T read(StoredImage image, OptionalInt draftSide, Function<Picture, T> use) {
    byte[] content = content(image);
    if (content.length != image.bytes() || !ImageProbe.sha256(content).equals(image.sha256())) {
      throw changed(image, null, "its content is no longer what it was");
    }
    try {
      return new ImageDecoder(limits, draftSide).decode(content, use);
    } catch (BadImageException e) {
      throw unread(image, e);
    }
  }

  private byte[] content(StoredImage image) {
    try {
      return ImageLocation.of(image.location())
          .read(hadoop.value().value(), image.bytes() + 1); // one more shows that it has grown
    } catch (FileNotFoundException e) {
      throw changed(image, e, "it is gone");
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the task is tried again
    }
  }

  /** An image that was decoded before, and now is not. */
  static WeftException unread(StoredImage image, BadImageException cause) {
    if (cause.reason() != Reason.SLOW_IMAGE) {
      return changed(image, cause, cause.getMessage());
    }
    return new WeftException(
        cause,
        ExitCode.TRY_LATER,
        "Cannot read the image %s: %s was decoded in time when ingest read it, and now %s. Run the same"
            + " command again when the machines are less busy, or raise ingest.image-timeout-seconds.",
        image.key(),
        image.location(),
        cause.getMessage());
  }

  private static WeftException changed(StoredImage image, Throwable cause, String what) {
    return new WeftException(
        cause,
        ExitCode.INPUT_MISSING,
        "Cannot read the image %s: %s was good when ingest read it, and now %s. Restore the file,"
            + " or run ingest again: scripts/weft ingest.",
        image.key(),
        image.location(),
        what);
  }

  /** Frees what was broadcast; the last job that reads must be over. */
  @Override
  public void close() {
    hadoop.destroy();
  }
}
