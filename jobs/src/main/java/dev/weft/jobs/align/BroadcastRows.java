package dev.weft.jobs.align;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.align.AlignConfig;
import dev.weft.align.AlignModel;
import dev.weft.align.AlignRow;
import dev.weft.encode.BgeTextTower;
import dev.weft.ingest.RgbImage;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * All training rows as they are broadcast: every executor keeps all of them, so that a slice may
 * take any.
 *
 * @param run unique to this training, names it in every JVM
 * @param config settings of align
 * @param model what is trained
 * @param seed of the augmentation
 * @param pictures what each row shows: red, green, blue of its square picture, {@code 3 S S} bytes;
 *     or for adapters its vector of the frozen image tower, D little-endian float32
 * @param texts number of each row's description
 * @param vectors of the frozen text tower, one per distinct description
 * @param descriptions {@link AlignRow#descriptionKey} of each distinct description
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
record BroadcastRows(
    String run,
    AlignConfig config,
    AlignModel model,
    long seed,
    byte[][] pictures,
    int[] texts,
    float[][] vectors,
    long[] descriptions)
    implements Serializable {
  private static final long LIMIT = 1_500_000_000;

  /**
   * Refuses more rows than an executor should hold, before any is read.
   *
   * @param images training images
   * @param texts distinct descriptions
   * @param heap largest heap of the driver, through which all rows go, bytes
   */
  static void requireFit(AlignConfig config, int images, int texts, long heap) {
    String what = config.imageSize() + " x " + config.imageSize() + " pixels";
    requireFit(what, pictureBytes(config), BgeTextTower.DIMENSION, images, texts, heap);
  }

  /** As above, for adapters of an encoder of this width. */
  static void requireFit(int width, int images, int texts, long heap) {
    requireFit(width + " numbers", (long) width * Float.BYTES, width, images, texts, heap);
  }

  private static void requireFit(
      String what, long picture, int textWidth, int images, int texts, long heap) {
    long vector = (long) textWidth * Float.BYTES;
    long bytes = images * picture + texts * vector;
    long limit = Math.min(LIMIT, heap / 2);
    if (bytes <= limit) {
      return;
    }
    throw new WeftException(
        ExitCode.RESOURCE_MISSING,
        "Cannot align: %d training images of %s and %d descriptions take %d MB in every"
            + " executor, and the limit is %d MB (1500, or half of the driver's memory). Set"
            + " align.max-images=%d or lower, or give spark.driver.memory more.",
        images,
        what,
        texts,
        bytes / 1_000_000,
        limit / 1_000_000,
        limit / (picture + vector));
  }

  /** Bytes of one picture. */
  static int pictureBytes(AlignConfig config) {
    return config.shape().imageLength();
  }

  /** The rows as training takes them; they share the arrays of this. */
  List<AlignRow> rows() {
    int side = config.imageSize();
    List<AlignRow> rows = new ArrayList<>(pictures.length);
    for (int row = 0; row < pictures.length; row++) {
      int text = texts[row];
      rows.add(
          new AlignRow(
              row,
              model instanceof AlignModel.Adapters
                  ? new AlignRow.Vector(VectorBytes.decode(pictures[row]))
                  : new AlignRow.Picture(new RgbImage(side, side, pictures[row])),
              vectors[text],
              descriptions[text]));
    }
    return rows;
  }
}
