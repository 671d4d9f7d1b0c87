package dev.weft.train;

import dev.weft.compute.NativeVectors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A whole step as its formulas read, in float64 and in one piece: what the steps of the trainer are
 * held against.
 *
 * <pre>
 *   l_ik = s q_i . c_k                                        c_k: the candidates that count for i
 *   H(l, own) = log sum_k exp(l_k) - (1 - e) l_own - e mean_k l_k
 *   L = 1/B sum_i H(row i)                                    query to target
 *   L = 1/2B sum_i ( H(row i) + H(column i) )                 symmetric
 *   dH/dl_k = p_k - (1 - e) [k = own] - e/n
 * </pre>
 *
 * <p>It shares with {@link StepComputation} which rows a batch has and what is drawn for them. The
 * loss, its gradients and which candidates count are written here a second time, element by
 * element; the head runs as DL4J runs a graph. It keeps all {@code B x C} logits, so it is for
 * batches of up to a few thousand rows.
 */
public final class ReferenceStep {
  private final HeadArchitecture.Trainable architecture;
  private final TripletTable table;
  private final Batches batches;
  private final Objective objective;

  /** As {@link StepComputation}. */
  public ReferenceStep(
      HeadArchitecture.Trainable architecture,
      TripletTable table,
      Batches batches,
      Objective objective) {
    this.architecture = architecture;
    this.table = table;
    this.batches = batches;
    this.objective = objective;
  }

  /**
   * What a step gives.
   *
   * @param loss mean over the rows, nats
   * @param gradient dL/dparameters
   * @param logitScaleGradient dL/ds
   * @param masked pairs of a row and a candidate that do not count, because it is the row's target
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Result(double loss, double[] gradient, double logitScaleGradient, long masked) {}

  /** Computes the step; the columns of the request are not looked at. */
  public Result compute(StepRequest request) {
    int[] rows = batches.rows(request.epoch(), request.stepInEpoch());
    ComputationGraph graph = graph(request);
    double[][] queries =
        graph.feedForward(inputs(request, rows), true, false).get("query").toDoubleMatrix();
    Loss loss = new Loss(request, rows, queries);
    loss.rows();
    if (objective.direction() == Objective.Direction.SYMMETRIC) {
      loss.columns();
    }
    INDArray gradient =
        graph.backpropGradient(Nd4j.createFromArray(loss.queryGradient())).gradient();
    return new Result(loss.value(), gradient.toDoubleVector(), loss.scaleGradient(), loss.masked());
  }

  private ComputationGraph graph(StepRequest request) {
    GraphHead head = GraphHead.build(architecture, DataType.DOUBLE);
    float[] parameters = new float[(int) architecture.parameterCount()];
    NativeVectors.floats(request.parameters()).get(parameters);
    head.parameters().assign(Nd4j.createFromArray(parameters).castTo(DataType.DOUBLE));
    return head.graph();
  }

  private INDArray[] inputs(StepRequest request, int[] rows) {
    List<INDArray> inputs = new ArrayList<>();
    inputs.add(images(Arrays.stream(rows).map(table::reference).toArray()));
    INDArray texts = Nd4j.create(DataType.FLOAT, rows.length, table.dimension());
    int[] captions =
        Arrays.stream(rows)
            .map(row -> StepComputation.caption(table, batches.seed(), request.epoch(), row))
            .toArray();
    table.gatherTexts(captions, texts);
    inputs.add(texts.castTo(DataType.DOUBLE));
    RowKeys keys = new RowKeys(batches.seed(), request.step(), rows);
    List<Integer> widths = architecture.dropoutWidths();
    for (int layer = 0; layer < widths.size(); layer++) {
      INDArray mask = Nd4j.create(DataType.DOUBLE, rows.length, widths.get(layer));
      keys.dropout(layer, architecture.dropout(), mask);
      inputs.add(mask);
    }
    return inputs.toArray(INDArray[]::new);
  }

  private INDArray images(int[] numbers) {
    INDArray vectors = Nd4j.create(DataType.FLOAT, numbers.length, table.dimension());
    table.gatherImages(numbers, vectors);
    return vectors.castTo(DataType.DOUBLE);
  }

  /** The images every row is compared with: the targets, then what the memory holds. */
  private int[] shared(StepRequest request, int[] rows) {
    List<Integer> images = new ArrayList<>();
    Arrays.stream(rows).map(table::target).forEach(images::add);
    Set<Integer> present = new TreeSet<>(images);
    long step = (long) request.epoch() * batches.stepsPerEpoch() + request.stepInEpoch();
    for (long earlier = step - 1;
        earlier >= 0 && earlier >= step - objective.memoryBatches();
        earlier--) {
      int[] before =
          batches.rows(
              (int) (earlier / batches.stepsPerEpoch()), (int) (earlier % batches.stepsPerEpoch()));
      for (int row : before) {
        if (present.add(table.target(row))) {
          images.add(table.target(row));
        }
      }
    }
    return images.stream().mapToInt(Integer::intValue).toArray();
  }

  /** One batch. The candidates of a row: the shared ones, then its own ones. */
  private final class Loss {
    private final double scale;
    private final double[][] queries; // [B, D]
    private final int[][] images; // [B, C]
    private final double[][][] vectors; // [B][C] references to vectors of width D
    private final double[][] cosines; // [B, C]
    private final double[][] weights; // [B, C]: dL/dl
    private final double[] losses; // [B]
    private final double share;
    private final int batch; // B

    Loss(StepRequest request, int[] rows, double[][] queries) {
      this.scale = request.logitScale();
      this.queries = queries;
      this.batch = rows.length;
      this.share = objective.direction() == Objective.Direction.SYMMETRIC ? 0.5 : 1;
      int[] shared = shared(request, rows);
      double[][] sharedVectors = images(shared).toDoubleMatrix();
      int own = (objective.referenceAsNegative() ? 1 : 0) + objective.hardNegatives();
      images = new int[batch][];
      vectors = new double[batch][][];
      cosines = new double[batch][];
      weights = new double[batch][shared.length + own];
      losses = new double[batch];
      IntStream.range(0, batch)
          .forEach(
              i -> {
                images[i] = Arrays.copyOf(shared, shared.length + own);
                vectors[i] = Arrays.copyOf(sharedVectors, shared.length + own);
                int next = shared.length;
                if (objective.referenceAsNegative()) {
                  images[i][next++] = table.reference(rows[i]);
                }
                for (int place = 0; place < objective.hardNegatives(); place++) {
                  images[i][next++] = table.hardNegative(rows[i], place);
                }
                for (int k = shared.length; k < next; k++) {
                  if (images[i][k] >= 0) {
                    vectors[i][k] = images(new int[] {images[i][k]}).toDoubleVector();
                  }
                }
              });
      IntStream.range(0, batch)
          .parallel()
          .forEach(
              i ->
                  cosines[i] =
                      IntStream.range(0, images[i].length)
                          .mapToDouble(k -> images[i][k] < 0 ? 0 : dot(queries[i], vectors[i][k]))
                          .toArray());
    }

    /** Whether a candidate of a row is its target or a negative. */
    private boolean counts(int row, int candidate) {
      int image = images[row][candidate];
      return candidate == row || (image >= 0 && image != images[row][row]);
    }

    long masked() {
      return IntStream.range(0, batch)
          .mapToLong(i -> IntStream.range(0, images[i].length).filter(k -> !counts(i, k)).count())
          .sum();
    }

    void rows() {
      IntStream.range(0, batch)
          .parallel()
          .forEach(
              i -> {
                int[] counting =
                    IntStream.range(0, images[i].length).filter(k -> counts(i, k)).toArray();
                double[] logits =
                    Arrays.stream(counting).mapToDouble(k -> scale * cosines[i][k]).toArray();
                double[] slope = new double[counting.length];
                losses[i] += share * crossEntropy(logits, position(counting, i), slope);
                for (int n = 0; n < counting.length; n++) {
                  weights[i][counting[n]] += share * slope[n] / batch;
                }
              });
    }

    void columns() {
      IntStream.range(0, batch)
          .parallel()
          .forEach(
              j -> {
                int[] counting = IntStream.range(0, batch).filter(i -> counts(i, j)).toArray();
                double[] logits =
                    Arrays.stream(counting).mapToDouble(i -> scale * cosines[i][j]).toArray();
                double[] slope = new double[counting.length];
                losses[j] += share * crossEntropy(logits, position(counting, j), slope);
                for (int n = 0; n < counting.length; n++) {
                  weights[counting[n]][j] += share * slope[n] / batch;
                }
              });
    }

    /** H, and in {@code slope} its derivatives. */
    private double crossEntropy(double[] logits, int own, double[] slope) {
      double smoothing = objective.labelSmoothing();
      double greatest = Arrays.stream(logits).max().orElseThrow();
      double sum = Arrays.stream(logits).map(logit -> Math.exp(logit - greatest)).sum();
      for (int k = 0; k < logits.length; k++) {
        slope[k] = Math.exp(logits[k] - greatest) / sum - smoothing / logits.length;
      }
      slope[own] -= 1 - smoothing;
      double mean = Arrays.stream(logits).average().orElseThrow();
      return greatest + Math.log(sum) - (1 - smoothing) * logits[own] - smoothing * mean;
    }

    double value() {
      return Arrays.stream(losses).sum() / batch;
    }

    double scaleGradient() {
      return IntStream.range(0, batch).mapToDouble(i -> dot(weights[i], cosines[i])).sum();
    }

    double[][] queryGradient() {
      double[][] gradient = new double[batch][queries[0].length];
      IntStream.range(0, batch)
          .parallel()
          .forEach(
              i -> {
                for (int k = 0; k < images[i].length; k++) {
                  double weight = scale * weights[i][k];
                  for (int d = 0; weight != 0 && d < gradient[i].length; d++) {
                    gradient[i][d] += weight * vectors[i][k][d];
                  }
                }
              });
      return gradient;
    }
  }

  private static int position(int[] values, int wanted) {
    return Arrays.binarySearch(values, wanted);
  }

  private static double dot(double[] first, double[] second) {
    double sum = 0;
    for (int d = 0; d < first.length; d++) {
      sum += first[d] * second[d];
    }
    return sum;
  }
}
