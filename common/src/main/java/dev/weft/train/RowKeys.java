package dev.weft.train;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.ParallelRows;
import dev.weft.compute.RandomKey;
import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What the randomness of the rows of a slice is keyed by, so that a repeated task repeats it
 * exactly and the way a batch is sliced does not matter.
 *
 * @param seed seed of the run
 * @param step number of the step since the start
 * @param rows row numbers of the slice
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
record RowKeys(long seed, long step, int[] rows) {
  private static final long DROPOUT = 2;
  private static final int LANES = 4;
  private static final int LANE_BITS = 16;
  private static final int LANE_VALUES = 1 << LANE_BITS;

  /**
   * Draws a dropout mask: 0 for a dropped unit, 1 / (share kept) for a kept one.
   *
   * @param layer number of the layer: each has its own stream
   * @param rate chance that a unit is dropped, rounded to 1/65536
   * @param target filled, {@code [rows, width]} in row order
   */
  void dropout(int layer, double rate, INDArray target) {
    int width = (int) target.size(1);
    int dropped = (int) Math.round(rate * LANE_VALUES);
    float kept = (float) LANE_VALUES / (LANE_VALUES - dropped);
    if (target.dataType() == DataType.FLOAT) {
      FloatBuffer values = NativeVectors.view(target);
      // Each row has a stream of its own, so the threads that share them change nothing.
      ParallelRows.forEach(
          rows.length, i -> values.put(i * width, mask(layer, dropped, kept, i, width)));
      return;
    }
    for (int i = 0; i < rows.length; i++) {
      float[] mask = mask(layer, dropped, kept, i, width);
      target.putRow(i, Nd4j.createFromArray(mask).castTo(target.dataType()));
    }
  }

  private float[] mask(int layer, int dropped, float kept, int row, int width) {
    SplittableRandom random =
        new SplittableRandom(RandomKey.of(seed, DROPOUT, step, rows[row], layer));
    float[] mask = new float[width];
    long bits = 0;
    for (int j = 0; j < width; j++) {
      bits = j % LANES == 0 ? random.nextLong() : bits >>> LANE_BITS;
      mask[j] = (bits & (LANE_VALUES - 1)) < dropped ? 0 : kept;
    }
    return mask;
  }
}
