package dev.weft.align;

import dev.weft.compute.NativeVectors;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * One step of align with adapters, computed another way than {@link AlignStep} does: the whole
 * batch at once, element by element in float64, by the formulas of {@link SymmetricLoss}. What the
 * distributed step is held against.
 *
 * <pre>
 *   v_i = x_i W / |x_i W|,  t_j = y_j U / |y_j U|,  l_ij = s v_i.t_j
 *   G_ij = dL/dl_ij = (p_ij + c_ij - 2 [i = j]) / 2B       p over j, c over i sum to 1
 *   dL/dv_i = s sum_j G_ij t_j,  dL/dt_j = s sum_i G_ij v_i,  dL/d(log s) = sum_ij G_ij l_ij
 * </pre>
 */
public final class ReferenceAlignStep {
  private final double[][] images; // x, [B, D]
  private final double[][] texts; // y, [B, T]
  private final long[] descriptions; // [B]
  private final AlignParameters layout;

  /**
   * A step.
   *
   * @param loss nats
   * @param gradient in the flat vector of {@link AlignParameters}
   * @param masked pairs of different rows with equal descriptions: no negatives
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Result(double loss, double[] gradient, long masked) {}

  /**
   * @param rows the batch, with vectors
   * @param layout of the parameters of adapters
   */
  public ReferenceAlignStep(List<AlignRow> rows, AlignParameters layout) {
    this.layout = layout;
    images =
        rows.stream()
            .map(row -> doubles(((AlignRow.Vector) row.image()).numbers()))
            .toArray(double[][]::new);
    texts = rows.stream().map(row -> doubles(row.text())).toArray(double[][]::new);
    descriptions = rows.stream().mapToLong(AlignRow::description).toArray();
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** Computes the step at these parameters, little-endian float32. */
  public Result compute(byte[] parameters) {
    FloatBuffer values = NativeVectors.floats(parameters);
    int width = layout.dimension();
    double scale = Math.exp(values.get(layout.scaleAt()));
    Side image = new Side(images, values, 0, width);
    Side text = new Side(texts, values, layout.imageCount(), width);
    int rows = descriptions.length;
    double[][] logits = new double[rows][rows];
    double[] rowSums = new double[rows];
    double[] columnSums = new double[rows];
    long masked = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        logits[i][j] = scale * dot(image.unit[i], text.unit[j]);
        masked += counts(i, j) ? 0 : 1;
        // Logits are at most the scale: no exponential overflows after that is taken off.
        rowSums[i] += counts(i, j) ? Math.exp(logits[i][j] - scale) : 0;
        columnSums[j] += counts(i, j) ? Math.exp(logits[i][j] - scale) : 0;
      }
    }
    double loss = 0;
    double ofScale = 0;
    for (int i = 0; i < rows; i++) {
      loss += 2 * (scale - logits[i][i]) + Math.log(rowSums[i]) + Math.log(columnSums[i]);
      for (int j = 0; j < rows; j++) {
        double weight = counts(i, j) ? Math.exp(logits[i][j] - scale) : 0;
        double slope = weight / rowSums[i] + weight / columnSums[j] - (i == j ? 2 : 0);
        slope /= 2.0 * rows;
        ofScale += slope * logits[i][j];
        add(image.error[i], scale * slope, text.unit[j]);
        add(text.error[j], scale * slope, image.unit[i]);
      }
    }
    double[] gradient = new double[layout.count()];
    image.backward(gradient, 0);
    text.backward(gradient, layout.imageCount());
    gradient[layout.scaleAt()] = ofScale;
    return new Result(loss / (2.0 * rows), gradient, masked);
  }

  /** Whether a pair is a right one or a negative. */
  private boolean counts(int i, int j) {
    return i == j || descriptions[i] != descriptions[j];
  }

  private static double dot(double[] one, double[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }

  private static void add(double[] target, double factor, double[] values) {
    for (int i = 0; factor != 0 && i < target.length; i++) {
      target[i] += factor * values[i];
    }
  }

  /** One of the two adapters: a linear map, then unit length. */
  private static final class Side {
    private final double[][] inputs; // [B, in]
    private final double[][] unit; // [B, D]
    private final double[][] error; // [B, D]: dL/d(unit)
    private final double[] lengths; // [B]

    Side(double[][] inputs, FloatBuffer weights, int from, int width) {
      this.inputs = inputs;
      unit = new double[inputs.length][width];
      error = new double[inputs.length][width];
      lengths = new double[inputs.length];
      for (int row = 0; row < inputs.length; row++) {
        for (int in = 0; in < inputs[row].length; in++) {
          for (int out = 0; out < width; out++) {
            unit[row][out] += inputs[row][in] * weights.get(from + in * width + out);
          }
        }
        lengths[row] = Math.sqrt(dot(unit[row], unit[row]));
        for (int out = 0; out < width; out++) {
          unit[row][out] /= lengths[row];
        }
      }
    }

    /** Adds dL/d(weights). */
    void backward(double[] gradient, int from) {
      for (int row = 0; row < inputs.length; row++) {
        double along = dot(unit[row], error[row]);
        int width = unit[row].length;
        for (int in = 0; in < inputs[row].length; in++) {
          for (int out = 0; out < width; out++) {
            double through = (error[row][out] - along * unit[row][out]) / lengths[row];
            gradient[from + in * width + out] += inputs[row][in] * through;
          }
        }
      }
    }
  }
}
