package dev.weft.align;

import dev.weft.compute.MatrixProduct;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Symmetric contrastive loss over the whole batch: each image must pick its description among all
 * of the batch, and each description its image.
 *
 * <pre>
 *   L = 1/2B sum_i ( lse_j(s v_i.t_j) - s v_i.t_i )  +  1/2B sum_j ( lse_i(s v_i.t_j) - s v_j.t_j )
 * </pre>
 *
 * <p>v_i image, t_j text, both at unit length, B rows, s the logit scale, lse the logarithm of the
 * sum of exponentials over all rows that are no other row with the same description. In nats; a
 * batch of equal vectors gives ln B.
 *
 * <p>It comes in slices: a worker that knows all vectors and the {@link Normalizers} computes the
 * loss and the gradients of its own rows alone; the losses, the scale gradients and, laid end to
 * end, the vector gradients of disjoint slices make up the whole. Logits are computed in tiles of
 * rows, so memory grows with B, not with its square.
 *
 * <p>Sources: Radford et al., "Learning Transferable Visual Models From Natural Language
 * Supervision", ICML 2021 (arXiv:2103.00020), figure 3; Gao et al., "Scaling Deep Contrastive
 * Learning Batch Size under Memory Limited Setup", RepL4NLP 2021 (arXiv:2101.06983) for the two
 * passes. Not safe for use by two threads at once.
 */
public final class SymmetricLoss {
  private static final int TILE = 512;

  /** A logit so small that its exponential is 0, and yet finite: 0 times it is 0. */
  private static final double MASKED = -1e30;

  private final INDArray images;
  private final INDArray texts;
  private final long[] descriptions;
  private final double scale;
  private final int[] byDescription; // rows, equal descriptions together
  private final int rows;

  /**
   * @param images unit vectors of the whole batch, {@code [B, D]}
   * @param texts unit vectors of the whole batch, {@code [B, D]}
   * @param descriptions which rows have the same description, B
   * @param scale the logit scale s
   */
  public SymmetricLoss(INDArray images, INDArray texts, long[] descriptions, double scale) {
    this.images = images;
    this.texts = texts;
    this.descriptions = descriptions.clone();
    this.scale = scale;
    this.rows = descriptions.length;
    this.byDescription =
        IntStream.range(0, rows)
            .boxed()
            .sorted(Comparator.comparingLong(row -> descriptions[row]))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /**
   * The logarithms of the sums of exponentials.
   *
   * @param images of each image over all texts
   * @param texts of each text over all images
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Normalizers(double[] images, double[] texts) implements Serializable {}

  /**
   * A slice's share.
   *
   * @param loss nats
   * @param images dL/dv of the slice's rows, {@code [b, D]}
   * @param texts dL/dt of the slice's rows, {@code [b, D]}
   * @param scale share of dL/ds
   */
  public record Share(double loss, INDArray images, INDArray texts, double scale) {}

  /** The normalisers of the rows {@code from} to {@code to - 1}; those of slices lie end to end. */
  public Normalizers normalizers(int from, int to) {
    return new Normalizers(
        normalizers(images, texts, from, to), normalizers(texts, images, from, to));
  }

  /**
   * The share of the rows {@code from} to {@code to - 1}.
   *
   * @param all the normalisers of the whole batch
   */
  public Share share(int from, int to, Normalizers all) {
    INDArray imageGradient = Nd4j.createUninitialized(images.dataType(), to - from, images.size(1));
    INDArray textGradient = Nd4j.createUninitialized(texts.dataType(), to - from, texts.size(1));
    double[] sums = new double[2]; // loss, scale gradient
    half(images, texts, all.images, all.texts, from, to, imageGradient, sums);
    half(texts, images, all.texts, all.images, from, to, textGradient, sums);
    return new Share(sums[0], imageGradient, textGradient, sums[1]);
  }

  private double[] normalizers(INDArray own, INDArray other, int from, int to) {
    double[] normalizers = new double[to - from];
    for (int start = from; start < to; start += TILE) {
      int end = Math.min(to, start + TILE);
      INDArray logits = logits(own, other, start, end); // [tile, B]
      INDArray largest = logits.max(true, 1); // [tile, 1]
      logits.subiColumnVector(largest);
      INDArray sums = Transforms.exp(logits, false).sum(true, 1); // [tile, 1]
      for (int i = 0; i < end - start; i++) {
        normalizers[start - from + i] = largest.getDouble(i, 0) + Math.log(sums.getDouble(i, 0));
      }
    }
    return normalizers;
  }

  /**
   * One direction: own rows as queries, and as candidates of all other queries.
   *
   * <pre>
   *   dL/down_i = s/2B ( sum_j (p_ij + c_ij) other_j - 2 other_i ),  p over j, c over i sum to 1
   * </pre>
   */
  private void half(
      INDArray own,
      INDArray other,
      double[] ownNormalizers,
      double[] otherNormalizers,
      int from,
      int to,
      INDArray gradient,
      double[] sums) {
    INDArray columns =
        Nd4j.createFromArray(otherNormalizers).castTo(own.dataType()).reshape(1, rows);
    for (int start = from; start < to; start += TILE) {
      int end = Math.min(to, start + TILE);
      INDArray logits = logits(own, other, start, end); // [tile, B]
      INDArray lines =
          Nd4j.createFromArray(Arrays.copyOfRange(ownNormalizers, start, end))
              .castTo(own.dataType())
              .reshape(end - start, 1);
      INDArray picks = Transforms.exp(logits.subColumnVector(lines), false); // p, [tile, B]
      double expected = Arrays.stream(picks.mul(logits).sum(1).toDoubleVector()).sum();
      for (int i = start; i < end; i++) {
        double right = logits.getDouble(i - start, i);
        sums[0] += (ownNormalizers[i] - right) / (2.0 * rows);
        sums[1] -= right / scale / (2.0 * rows);
      }
      sums[1] += expected / scale / (2.0 * rows);
      picks.addi(Transforms.exp(logits.subiRowVector(columns), false)); // p + c
      INDArray tile = MatrixProduct.of(picks, other); // [tile, D]
      tile.subi(other.get(NDArrayIndex.interval(start, end), NDArrayIndex.all()).mul(2));
      tile.muli(scale / (2.0 * rows));
      gradient
          .get(NDArrayIndex.interval(start - from, end - from), NDArrayIndex.all())
          .assign(tile);
    }
  }

  private INDArray logits(INDArray own, INDArray other, int start, int end) {
    INDArray tile = own.get(NDArrayIndex.interval(start, end), NDArrayIndex.all());
    INDArray logits = Nd4j.createUninitialized(own.dataType(), new long[] {end - start, rows}, 'f');
    MatrixProduct.addSecondTransposed(tile, other, logits, scale, 0);
    for (int first = 0; first < rows; ) {
      int last = first + 1;
      while (last < rows
          && descriptions[byDescription[last]] == descriptions[byDescription[first]]) {
        last++;
      }
      mask(logits, first, last, start, end);
      first = last;
    }
    return logits;
  }

  /** Masks every pair of different rows of one description. */
  private void mask(INDArray logits, int first, int last, int start, int end) {
    for (int a = first; a < last; a++) {
      int row = byDescription[a];
      if (row < start || row >= end) {
        continue;
      }
      for (int b = first; b < last; b++) {
        if (b != a) {
          logits.putScalar(row - start, byDescription[b], MASKED);
        }
      }
    }
  }
}
