package dev.weft.train;

import dev.weft.compute.MatrixProduct;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * InfoNCE of some rows of a global batch: each composed query must pick its own target out of the
 * targets of the whole batch and, in the symmetric form, each target its query.
 *
 * <pre>
 *   l_ij = s q_i . t_j                             logits; j runs over the candidates of row i
 *   R_i  = logsumexp_j l_ij                        row i, and C_j = logsumexp_i l_ij, column j
 *   L    = 1/B sum_i ( R_i - l_ii )                query to target, in nats
 *   L    = 1/2B sum_i ( R_i + C_i - 2 l_ii )       symmetric
 *   dL/dq_i = s/B ( sum_j p_ij t_j - t_i ),        p_ij = exp(l_ij - R_i)
 *   dL/dq_i = s/2B ( sum_j (p_ij + c_ij) t_j - 2 t_i ),   c_ij = exp(l_ij - C_j) for j in the batch
 *   dL/ds   = 1/s sum_i q_i . dL/dq_i
 * </pre>
 *
 * <p>Dimensions: B = rows of the global batch, r = rows of a call, C = candidates, the first B of
 * them the targets of the batch, D = embedding width. Rows are expected at unit length, so a logit
 * is a cosine similarity times the logit scale {@code s}. Everything returned is divided by B, so
 * the results of the parts of a batch add up to those of the whole. A batch of equal rows that are
 * different images gives {@code L = ln B}.
 *
 * <p>A candidate that shows the same image as the row's own target is no negative: it is left out,
 * in both directions. Candidates after the B targets of the batch, and negatives of single rows,
 * count in the rows only.
 *
 * <p>Label smoothing e wants {@code 1 - e + e/n} of a row's own target and {@code e/n} of each of
 * its other n - 1 candidates: it replaces t_i by {@code (1 - e) t_i + e mean_j t_j} (Szegedy et
 * al., "Rethinking the Inception Architecture", arXiv:1512.00567).
 *
 * <p>The logits exist only for the rows of one call, in a buffer that lives as long as this object,
 * candidates running fastest: the memory of a step grows with B D, not B^2.
 *
 * <p>Source: van den Oord et al., "Representation Learning with Contrastive Predictive Coding"
 * (arXiv:1807.03748); in composed retrieval Vo et al., "Composing Text and Image for Image
 * Retrieval", CVPR 2019 (arXiv:1812.07119); symmetric: Radford et al., "Learning Transferable
 * Visual Models From Natural Language Supervision" (arXiv:2103.00020).
 *
 * <p>Not safe for use by two threads at once: the buffers are shared.
 */
final class ContrastiveLoss {
  private final DataType type;
  private final LogitPasses passes;
  private final RowPasses rowPasses;
  private INDArray logitBuffer;
  private INDArray gradientBuffer;
  private INDArray scratchBuffer;

  /**
   * The loss of some rows.
   *
   * @param loss its share of the loss, in nats
   * @param gradient dL/dq, {@code [r, D]}; valid until the next call on the same object
   * @param scaleGradient its share of dL/ds
   */
  record Slice(double loss, INDArray gradient, double scaleGradient) {}

  /**
   * One negative that only its own row sees, such as the reference image of the row.
   *
   * @param vectors unit vectors, {@code [r, D]} in row order
   * @param images which image each is, numbered as the candidates are; the row's own target is no
   *     negative, nor is an image below 0: the row has none then
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record OwnNegatives(INDArray vectors, int[] images) {}

  /**
   * The rows of a call.
   *
   * @param queries composed queries, {@code [r, D]} in row order
   * @param own for each query the position of its own target among the candidates, r numbers
   * @param ownNegatives further negatives, one per row each
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Rows(INDArray queries, int[] own, List<OwnNegatives> ownNegatives) {}

  /**
   * What the rows of a step have in common.
   *
   * @param candidates the candidates of the step, C of them
   * @param batchRows B: what everything is divided by, and how many candidates are targets of the
   *     batch
   * @param scale the logit scale s, positive
   * @param columns the log-sum-exp of each column of the batch, B numbers, for the symmetric loss;
   *     empty for query to target
   * @param labelSmoothing e, 0 to below 1
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Step(
      Candidates candidates, int batchRows, double scale, double[] columns, double labelSmoothing) {

    /** The plain loss, query to target. */
    static Step plain(Candidates candidates, int batchRows, double scale) {
      return new Step(candidates, batchRows, scale, new double[0], 0);
    }

    private boolean symmetric() {
      return columns.length > 0;
    }

    /** Share of the row term in the loss. */
    private double share() {
      return symmetric() ? 0.5 : 1;
    }
  }

  /**
   * @param type FLOAT for work, DOUBLE for checks of gradients
   */
  ContrastiveLoss(DataType type) {
    this(type, LogitPasses.of(type));
  }

  /** As above with other passes over the logits. */
  ContrastiveLoss(DataType type, LogitPasses passes) {
    this.type = type;
    this.passes = passes;
    rowPasses = new PassMemory(type).passes();
    logitBuffer = Nd4j.createUninitialized(type, 1);
    gradientBuffer = Nd4j.createUninitialized(type, 1, 1);
    scratchBuffer = Nd4j.createUninitialized(type, 1, 1);
  }

  /** Evaluates the loss and its gradients; candidates are held constant. */
  Slice evaluate(Rows rows, Step step) {
    int count = rows.own().length;
    Candidates candidates = step.candidates();
    INDArray logits = logits(rows, candidates, step.scale()); // [C, r]
    double[] ownLogit = passes.at(logits, rows.own());
    double[][] extra = ownNegativeLogits(rows, step);
    double[] greatest = new double[count];
    Arrays.fill(greatest, Double.NEGATIVE_INFINITY);
    for (double[] further : extra) {
      Arrays.setAll(greatest, i -> Math.max(greatest[i], further[i]));
    }
    double[] sums = new double[count];
    if (step.symmetric()) {
      passes.rowSums(logits, greatest, sums);
    } else {
      passes.rowExponentials(logits, greatest, sums);
    }
    for (double[] further : extra) {
      Arrays.setAll(sums, i -> sums[i] + Math.exp(further[i] - greatest[i]));
    }
    double[] rowLogSums = new double[count];
    Arrays.setAll(rowLogSums, i -> greatest[i] + Math.log(sums[i]));
    double loss = 0;
    for (int i = 0; i < count; i++) {
      loss += rowLogSums[i] - ownLogit[i];
      loss += step.symmetric() ? step.columns()[rows.own()[i]] - ownLogit[i] : 0;
    }
    loss *= step.share();

    // What the logits were replaced by, times this, is a probability times s/B (or s/2B).
    double[] factors = new double[count];
    double common = step.share() * step.scale() / step.batchRows();
    if (step.symmetric()) {
      passes.bothExponentials(logits, rowLogSums, step.columns());
      Arrays.fill(factors, common);
    } else {
      Arrays.setAll(factors, i -> common / sums[i]);
    }
    INDArray gradient = gradient(rows, step, logits, factors);
    for (int k = 0; k < extra.length; k++) {
      double[] further = extra[k];
      double[] weights = new double[count];
      Arrays.setAll(weights, i -> common * Math.exp(further[i] - rowLogSums[i]));
      rowPasses.addScaled(
          gradient.transpose(), rows.ownNegatives().get(k).vectors().transpose(), weights);
    }
    if (step.labelSmoothing() > 0) {
      loss += smooth(rows, step, ownLogit, extra, gradient);
    }
    double scaleGradient = sum(dots(rows.queries(), gradient)) / step.scale();
    return new Slice(loss / step.batchRows(), gradient, scaleGradient);
  }

  /**
   * The part of some rows in the columns of a symmetric loss.
   *
   * @param rows the rows
   * @param candidates the candidates of the step
   * @param scale the logit scale
   * @param into the log-sum-exp over the rows so far of each of the first candidates, to which
   *     these rows are added; negative infinity at the start
   */
  void addToColumns(Rows rows, Candidates candidates, double scale, double[] into) {
    INDArray logits = logits(rows, candidates, scale);
    double[] shifts = new double[into.length];
    passes.columnMaxima(logits, shifts);
    Arrays.setAll(shifts, column -> (float) Math.max(shifts[column], into[column]));
    double[] sums = new double[into.length];
    passes.columnSums(logits, shifts, sums);
    Arrays.setAll(
        into,
        column ->
            shifts[column] + Math.log(sums[column] + Math.exp(into[column] - shifts[column])));
  }

  /** The masked logits of some rows, {@code [C, r]} in column order. */
  private INDArray logits(Rows rows, Candidates candidates, double scale) {
    int count = rows.own().length;
    long width = rows.queries().size(1);
    if (rows.queries().size(0) != count || candidates.vectors().size(1) != width) {
      throw new IllegalArgumentException(
          "queries of shape "
              + Arrays.toString(rows.queries().shape())
              + " for "
              + count
              + " own targets and candidates of shape "
              + Arrays.toString(candidates.vectors().shape()));
    }
    int size = candidates.size();
    reserve(count, width, (long) size * count);
    INDArray logits =
        Nd4j.create(logitBuffer.data(), new long[] {size, count}, new long[] {1, size}, 0, 'f');
    MatrixProduct.addSecondTransposed(candidates.vectors(), rows.queries(), logits, scale, 0);
    for (int i = 0; i < count; i++) {
      for (int position : candidates.repeats(rows.own()[i])) {
        if (position != rows.own()[i]) {
          logits.putScalar(position, i, LogitPasses.MASKED);
        }
      }
    }
    return logits;
  }

  /** {@code [r, D]}: weights of the candidates times the candidates, minus the own target. */
  private INDArray gradient(Rows rows, Step step, INDArray weights, double[] factors) {
    Candidates candidates = step.candidates();
    double kept = 1 - step.labelSmoothing();
    // One product then gives what is attracted as well as what is repelled.
    double[] wanted = new double[factors.length];
    Arrays.setAll(wanted, i -> -kept * step.scale() / (step.batchRows() * factors[i]));
    passes.add(weights, rows.own(), wanted);
    INDArray gradient = GraphHead.rows(gradientBuffer, 0, factors.length);
    MatrixProduct.addFirstTransposed(candidates.vectors(), weights, gradient.transpose(), 1, 0);
    rowPasses.scale(gradient.transpose(), factors);
    return gradient;
  }

  /** Of the rows of two matrices in row order. */
  private double[] dots(INDArray first, INDArray second) {
    double[] dots = new double[(int) first.size(0)];
    rowPasses.dots(first.transpose(), second.transpose(), dots);
    return dots;
  }

  /** Logits of each row's own negatives; minus infinity where it has none. */
  private double[][] ownNegativeLogits(Rows rows, Step step) {
    double[][] logits = new double[rows.ownNegatives().size()][];
    for (int k = 0; k < logits.length; k++) {
      OwnNegatives negatives = rows.ownNegatives().get(k);
      double[] cosines = dots(rows.queries(), negatives.vectors());
      logits[k] = new double[cosines.length];
      for (int i = 0; i < cosines.length; i++) {
        int image = negatives.images()[i];
        boolean negative = image >= 0 && image != step.candidates().image(rows.own()[i]);
        logits[k][i] = negative ? step.scale() * cosines[i] : Double.NEGATIVE_INFINITY;
      }
    }
    return logits;
  }

  /**
   * Draws the queries to the mean of their candidates: adds to the gradient, returns what the loss
   * changes by, times B.
   */
  private double smooth(
      Rows rows, Step step, double[] ownLogit, double[][] extra, INDArray gradient) {
    Candidates candidates = step.candidates();
    int count = rows.own().length;
    int width = (int) rows.queries().size(1);
    double[] all = candidates.sum(candidates.size()); // [D]
    double[] columnMean =
        step.symmetric() ? candidates.columnMean(step.batchRows()) : new double[0];
    INDArray means = GraphHead.rows(scratchBuffer, 0, count); // [r, D]
    for (int i = 0; i < count; i++) {
      double[] mean = all.clone();
      int size = candidates.size();
      for (int position : candidates.repeats(rows.own()[i])) {
        if (position != rows.own()[i]) {
          candidates.add(position, -1, mean);
          size--;
        }
      }
      for (int k = 0; k < extra.length; k++) {
        if (extra[k][i] != Double.NEGATIVE_INFINITY) {
          INDArray vectors = rows.ownNegatives().get(k).vectors();
          for (int d = 0; d < width; d++) {
            mean[d] += vectors.getDouble(i, d);
          }
          size++;
        }
      }
      for (int d = 0; d < width; d++) {
        mean[d] *= step.share() / size;
      }
      if (step.symmetric()) {
        for (int d = 0; d < width; d++) {
          mean[d] += step.share() * columnMean[d];
        }
        for (int position : candidates.repeats(rows.own()[i])) {
          if (position != rows.own()[i] && position < step.batchRows()) {
            candidates.add(
                position, -step.share() / candidates.columnSize(position, step.batchRows()), mean);
          }
        }
      }
      means.putRow(i, vector(mean));
    }
    double smoothing = step.labelSmoothing() * step.scale();
    double change = -smoothing * sum(dots(rows.queries(), means));
    gradient.addi(means.muli(-smoothing / step.batchRows()));
    // The own target is wanted by that much less.
    return change + step.labelSmoothing() * Arrays.stream(ownLogit).sum();
  }

  private void reserve(int rows, long width, long logits) {
    if (logitBuffer.length() < logits) {
      logitBuffer = Nd4j.createUninitialized(type, logits);
    }
    if (gradientBuffer.size(0) < rows || gradientBuffer.size(1) != width) {
      gradientBuffer = Nd4j.createUninitialized(type, rows, width);
      scratchBuffer = Nd4j.createUninitialized(type, rows, width);
    }
  }

  private INDArray vector(double[] values) {
    return Nd4j.createFromArray(values).castTo(type);
  }

  private static double sum(double[] values) {
    return Arrays.stream(values).sum();
  }
}
