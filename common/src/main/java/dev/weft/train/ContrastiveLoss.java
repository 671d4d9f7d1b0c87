package dev.weft.train;

import java.util.Arrays;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Query-to-target InfoNCE of a slice of the rows of a global batch: each composed query must pick
 * its own target out of the targets of the whole batch.
 *
 * <pre>
 *   L = 1/B sum_i ( logsumexp_{j not masked}(s q_i . t_j) - s q_i . t_i )      in nats
 *   dL/dq_i = s/B ( sum_j p_ij t_j - t_i ),   dL/ds = 1/B sum_i q_i . ( sum_j p_ij t_j - t_i )
 * </pre>
 *
 * <p>Dimensions: B = rows of the global batch, b = rows of the slice, C = candidates (B, or more
 * when there are shared extra negatives), D = embedding width. Rows are expected at unit length, so
 * a logit is a cosine similarity times the logit scale {@code s}. Everything returned is divided by
 * B, so the results of the slices of a batch add up to those of the whole. A batch of equal rows
 * that are different images gives {@code L = ln B}.
 *
 * <p>A candidate that shows the same image as the row's own target is no negative: it is left out.
 *
 * <p>The logits exist only for a tile of rows at a time, in a buffer that lives as long as this
 * object, candidates running fastest: memory grows with B D, not B^2.
 *
 * <p>Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding"
 * (arXiv:1807.03748); in composed retrieval Vo et al., "Composing Text and Image for Image
 * Retrieval", CVPR 2019 (arXiv:1812.07119).
 *
 * <p>Not safe for use by two threads at once: the buffers are shared.
 */
final class ContrastiveLoss {
  /** Logits of one tile: 8 MiB of float32, so that the passes over a tile stay near the cache. */
  private static final int TILE_LOGITS = 1 << 21;

  private static final int SMALLEST_TILE = 4;

  private final DataType type;
  private final int tileLogits;
  private INDArray logitBuffer;
  private INDArray gradientBuffer;
  private INDArray ownBuffer;

  /**
   * The loss of a slice.
   *
   * @param loss its share of the loss, in nats
   * @param gradient dL/dq, {@code [b, D]}; valid until the next call on the same object
   * @param scaleGradient its share of dL/ds
   */
  record Slice(double loss, INDArray gradient, double scaleGradient) {}

  /**
   * One negative that only its own row sees, such as the reference image of the row.
   *
   * @param vectors unit vectors, {@code [b, D]} in row order
   * @param images which image each is, numbered as the candidates are; the row's own target is no
   *     negative
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record OwnNegatives(INDArray vectors, int[] images) {}

  /**
   * @param type FLOAT for work, DOUBLE for checks of gradients
   */
  ContrastiveLoss(DataType type) {
    this(type, TILE_LOGITS);
  }

  /** As above with another size of a tile, in logits. */
  ContrastiveLoss(DataType type, int tileLogits) {
    this.type = type;
    this.tileLogits = tileLogits;
    logitBuffer = Nd4j.createUninitialized(type, 1);
    gradientBuffer = Nd4j.createUninitialized(type, 1, 1);
    ownBuffer = Nd4j.createUninitialized(type, 1, 1);
  }

  /**
   * Evaluates the loss and its gradients; candidates are held constant.
   *
   * @param queries composed queries of the slice, {@code [b, D]} in row order
   * @param own for each query the position of its own target among the candidates, b numbers
   * @param candidates the candidates of the step, C of them
   * @param ownNegatives one more negative per row, if wanted
   * @param scale the logit scale s, positive
   * @param batchRows B, what everything is divided by
   */
  Slice evaluate(
      INDArray queries,
      int[] own,
      Candidates candidates,
      Optional<OwnNegatives> ownNegatives,
      double scale,
      int batchRows) {
    int rows = own.length;
    int width = (int) queries.size(1);
    if (queries.size(0) != rows || candidates.vectors().size(1) != width) {
      throw new IllegalArgumentException(
          "queries of shape "
              + Arrays.toString(queries.shape())
              + " for "
              + rows
              + " own targets and candidates of shape "
              + Arrays.toString(candidates.vectors().shape()));
    }
    int tile = Math.max(SMALLEST_TILE, tileLogits / candidates.size());
    reserve(rows, width, Math.min(tile, rows) * (long) candidates.size());
    double loss = 0;
    for (int from = 0; from < rows; from += tile) {
      int to = Math.min(rows, from + tile);
      loss += tile(queries, own, candidates, ownNegatives, scale, batchRows, from, to);
    }
    INDArray gradient = rowsOf(gradientBuffer, 0, rows);
    double scaleGradient = sum(Nd4j.exec(new Dot(queries, gradient, 1))) / scale;
    return new Slice(loss / batchRows, gradient, scaleGradient);
  }

  private double tile(
      INDArray queries,
      int[] own,
      Candidates candidates,
      Optional<OwnNegatives> ownNegatives,
      double scale,
      int batchRows,
      int from,
      int to) {
    int rows = to - from;
    int size = candidates.size();
    INDArray query = rowsOf(queries, from, to); // [r, D]
    INDArray logits =
        Nd4j.create(logitBuffer.data(), new long[] {size, rows}, new long[] {1, size}, 0, 'f');
    Nd4j.gemm(candidates.vectors(), query, logits, false, true, scale, 0); // [C, r]

    double[] greatest = logits.max(0).toDoubleVector();
    double[] ownLogit = new double[rows];
    double[] extra = ownNegativeLogits(query, own, candidates, ownNegatives, scale, from);
    for (int i = 0; i < rows; i++) {
      ownLogit[i] = logits.getDouble(own[from + i], i);
      greatest[i] = Math.max(greatest[i], extra[i]);
    }
    logits.subiRowVector(vector(greatest));
    Transforms.exp(logits, false);
    for (int i = 0; i < rows; i++) {
      for (int position : candidates.repeats(own[from + i])) {
        if (position != own[from + i]) {
          logits.putScalar(position, i, 0);
        }
      }
    }

    double[] normalizer = logits.sum(0).toDoubleVector();
    double[] factor = new double[rows];
    double[] extraFactor = new double[rows];
    double loss = 0;
    for (int i = 0; i < rows; i++) {
      double extraWeight = Math.exp(extra[i] - greatest[i]);
      double total = normalizer[i] + extraWeight;
      loss += greatest[i] + Math.log(total) - ownLogit[i];
      // p_ii - 1, still times the normalizer: one product then gives sum_j p_ij t_j - t_i
      logits.putScalar(own[from + i], i, logits.getDouble(own[from + i], i) - total);
      factor[i] = scale / (batchRows * total);
      extraFactor[i] = factor[i] * extraWeight;
    }

    INDArray gradient = rowsOf(gradientBuffer, from, to).transpose(); // [D, r], column order
    Nd4j.gemm(candidates.vectors(), logits, gradient, true, false, 1, 0);
    gradient.muliRowVector(vector(factor));
    if (ownNegatives.isPresent()) {
      INDArray weighted = rowsOf(ownBuffer, from, to);
      weighted.assign(rowsOf(ownNegatives.get().vectors(), from, to));
      weighted.muliColumnVector(vector(extraFactor).reshape(rows, 1));
      rowsOf(gradientBuffer, from, to).addi(weighted);
    }
    return loss;
  }

  /** Logit of each row's own negative; minus infinity where it has none. */
  private static double[] ownNegativeLogits(
      INDArray query,
      int[] own,
      Candidates candidates,
      Optional<OwnNegatives> ownNegatives,
      double scale,
      int from) {
    double[] logits = new double[(int) query.size(0)];
    Arrays.fill(logits, Double.NEGATIVE_INFINITY);
    if (ownNegatives.isEmpty()) {
      return logits;
    }
    INDArray vectors = rowsOf(ownNegatives.get().vectors(), from, from + logits.length);
    double[] cosine = Nd4j.exec(new Dot(query, vectors, 1)).toDoubleVector();
    for (int i = 0; i < logits.length; i++) {
      if (ownNegatives.get().images()[from + i] != candidates.image(own[from + i])) {
        logits[i] = scale * cosine[i];
      }
    }
    return logits;
  }

  private void reserve(int rows, int width, long logits) {
    if (logitBuffer.length() < logits) {
      logitBuffer = Nd4j.createUninitialized(type, logits);
    }
    if (gradientBuffer.size(0) < rows || gradientBuffer.size(1) != width) {
      gradientBuffer = Nd4j.createUninitialized(type, rows, width);
      ownBuffer = Nd4j.createUninitialized(type, rows, width);
    }
  }

  private INDArray vector(double[] values) {
    return Nd4j.createFromArray(values).castTo(type);
  }

  private static double sum(INDArray values) {
    double sum = 0;
    for (double value : values.toDoubleVector()) {
      sum += value;
    }
    return sum;
  }

  /** Rows of a matrix, without a copy. ND4J's own get() gives some views of views as empty. */
  private static INDArray rowsOf(INDArray matrix, int from, int to) {
    if (from == 0 && to == matrix.size(0)) {
      return matrix;
    }
    return Nd4j.create(
        matrix.data(),
        new long[] {to - from, matrix.size(1)},
        matrix.stride(),
        matrix.offset() + (long) from * matrix.stride(0),
        matrix.ordering());
  }
}
