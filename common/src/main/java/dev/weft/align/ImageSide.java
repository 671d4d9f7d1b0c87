package dev.weft.align;

import dev.weft.compute.MatrixProduct;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.RandomKey;
import dev.weft.encode.PatchNetwork;
import dev.weft.encode.Preprocessing;
import java.nio.FloatBuffer;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The trained part of the image side of a step: from what a row shows to raw vectors, and back.
 *
 * <p>Not safe for use by two threads at once: it keeps its last activations.
 */
sealed interface ImageSide {

  /** The live flat parameters. */
  INDArray parameters();

  /**
   * Computes the vectors of rows.
   *
   * @param epoch selects the augmentation
   * @return {@code [b, D]}, not normalised
   */
  INDArray forward(List<AlignRow> rows, int epoch);

  /**
   * Back-propagates through the last {@link #forward}.
   *
   * @param gradient dL/d(result), {@code [b, D]}
   * @return dL/d(parameters), flat
   */
  INDArray backward(INDArray gradient);

  /** The image tower of the starter, on pictures. */
  record Pictures(
      PatchNetwork network, Preprocessing preprocessing, Augmentation augmentation, long seed)
      implements ImageSide {
    private static final long AUGMENT = 3;

    @Override
    public INDArray parameters() {
      return network.parameters();
    }

    @Override
    public INDArray forward(List<AlignRow> rows, int epoch) {
      return network.forward(rows.stream().map(row -> pixels(row, epoch)).toList());
    }

    private float[] pixels(AlignRow row, int epoch) {
      long key = RandomKey.of(seed, AUGMENT, epoch, row.row());
      AlignRow.Picture picture = (AlignRow.Picture) row.image();
      return preprocessing.normalize(augmentation.apply(picture.image(), key));
    }

    @Override
    public INDArray backward(INDArray gradient) {
      return network.backward(gradient);
    }
  }

  /** An adapter, on the vectors of a frozen tower. */
  final class Features implements ImageSide {
    private final INDArray weights; // [D, D]
    private INDArray inputs = Nd4j.empty(DataType.FLOAT); // [b, D]

    Features(int width) {
      this.weights = Nd4j.createUninitialized(DataType.FLOAT, width, width);
    }

    @Override
    public INDArray parameters() {
      return weights;
    }

    @Override
    public INDArray forward(List<AlignRow> rows, int epoch) {
      inputs = Nd4j.createUninitialized(DataType.FLOAT, rows.size(), weights.size(0));
      FloatBuffer numbers = NativeVectors.view(inputs);
      rows.forEach(row -> numbers.put(((AlignRow.Vector) row.image()).numbers()));
      return MatrixProduct.of(inputs, weights);
    }

    @Override
    public INDArray backward(INDArray gradient) {
      return MatrixProduct.ofFirstTransposed(inputs, gradient).dup('c');
    }
  }
}
