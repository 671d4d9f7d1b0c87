package dev.weft.train;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.ParallelRows;
import java.nio.FloatBuffer;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes over float32 in main memory, in the processor's vector registers: each row is read and
 * written once, where ND4J's separate operations do so two to five times.
 *
 * <p>As in {@link VectorLogitPasses}, every processor gives the same bits.
 */
final class VectorRowPasses implements RowPasses {
  private static final VectorSpecies<Float> SPECIES = VectorLogitPasses.SPECIES;
  private static final int LANES = VectorLogitPasses.LANES;

  /** Rows of this thread, in heap arrays: the compiler makes tighter loops of them. */
  private static final ThreadLocal<Rows> ROWS = ThreadLocal.withInitial(Rows::new);

  private static final class Rows {
    private float[] first = new float[0];
    private float[] second = new float[0];

    /** Whole lanes: what is behind the width is zero. */
    Rows of(int width) {
      int room = (width + LANES - 1) / LANES * LANES;
      if (first.length != room) {
        first = new float[room];
        second = new float[room];
      }
      Arrays.fill(first, width, room, 0);
      Arrays.fill(second, width, room, 0);
      return this;
    }
  }

  @Override
  public void activate(INDArray value, INDArray bias, Activation activation) {
    int width = (int) value.size(0);
    FloatBuffer values = NativeVectors.view(value);
    float[] added = new float[ROWS.get().of(width).first.length];
    NativeVectors.view(bias).get(added, 0, width);
    ParallelRows.forEach(
        (int) value.size(1),
        row -> {
          Rows rows = ROWS.get().of(width);
          float[] x = rows.first;
          values.get(row * width, x, 0, width);
          switch (activation) {
            case IDENTITY -> add(x, added);
            case RELU -> rectify(x, added);
            case SIGMOID -> sigmoid(x, added, rows.second);
          }
          values.put(row * width, x, 0, width);
        });
  }

  @Override
  public void deactivate(INDArray value, INDArray error, Activation activation) {
    if (activation == Activation.IDENTITY) {
      return;
    }
    forEachPair(
        value,
        error,
        error,
        (row, a, e) -> {
          if (activation == Activation.RELU) {
            ofRectified(a, e);
          } else {
            ofSigmoid(a, e);
          }
        });
  }

  @Override
  public void normalize(INDArray source, INDArray unit, INDArray lengths) {
    int width = (int) source.size(0);
    FloatBuffer from = NativeVectors.view(source);
    FloatBuffer to = NativeVectors.view(unit);
    FloatBuffer norms = NativeVectors.view(lengths);
    ParallelRows.forEach(
        (int) source.size(1),
        row -> {
          float[] x = ROWS.get().of(width).first;
          from.get(row * width, x, 0, width);
          float length = (float) Math.sqrt(dot(x, x));
          length = length == 0 ? 1 : length;
          divide(x, length);
          to.put(row * width, x, 0, width);
          norms.put(row, length);
        });
  }

  @Override
  public void throughNormalize(INDArray unit, INDArray lengths, INDArray error, INDArray into) {
    FloatBuffer norms = NativeVectors.view(lengths);
    forEachPair(unit, error, into, (row, q, e) -> across(q, e, (float) dot(q, e), norms.get(row)));
  }

  @Override
  public void dots(INDArray first, INDArray second, double[] into) {
    readPairs(first, second, (row, x, y) -> into[row] = dot(x, y));
  }

  @Override
  public void scale(INDArray rows, double[] factors) {
    int width = (int) rows.size(0);
    FloatBuffer values = NativeVectors.view(rows);
    ParallelRows.forEach(
        (int) rows.size(1),
        row -> {
          float[] x = ROWS.get().of(width).first;
          values.get(row * width, x, 0, width);
          multiply(x, (float) factors[row]);
          values.put(row * width, x, 0, width);
        });
  }

  @Override
  public void addScaled(INDArray rows, INDArray others, double[] factors) {
    forEachPair(others, rows, rows, (row, x, sum) -> addTimes(x, (float) factors[row], sum));
  }

  /** Reads two rows, and may change them: they are copies. */
  private interface PairWork {
    void accept(int row, float[] first, float[] second);
  }

  /** Works on the rows of two matrices; those of the second, changed, go into a third. */
  private static void forEachPair(INDArray first, INDArray second, INDArray into, PairWork work) {
    int width = (int) first.size(0);
    FloatBuffer to = NativeVectors.view(into);
    readPairs(
        first,
        second,
        (row, x, y) -> {
          work.accept(row, x, y);
          to.put(row * width, y, 0, width);
        });
  }

  /** Works on the rows of two matrices. */
  private static void readPairs(INDArray first, INDArray second, PairWork work) {
    int width = (int) first.size(0);
    FloatBuffer one = NativeVectors.view(first);
    FloatBuffer other = NativeVectors.view(second);
    ParallelRows.forEach(
        (int) first.size(1),
        row -> {
          Rows rows = ROWS.get().of(width);
          one.get(row * width, rows.first, 0, width);
          other.get(row * width, rows.second, 0, width);
          work.accept(row, rows.first, rows.second);
        });
  }

  private static void add(float[] x, float[] added) {
    for (int i = 0; i < x.length; i += LANES) {
      at(x, i).add(at(added, i)).intoArray(x, i);
    }
  }

  private static void rectify(float[] x, float[] added) {
    for (int i = 0; i < x.length; i += LANES) {
      at(x, i).add(at(added, i)).max(0).intoArray(x, i);
    }
  }

  /** 1 / (1 + exp(-x)), by the exponential of -|x| alone: it is 1 at most. */
  private static void sigmoid(float[] x, float[] added, float[] exponentials) {
    for (int i = 0; i < x.length; i += LANES) {
      FloatVector argument = at(x, i).add(at(added, i));
      argument.intoArray(x, i);
      argument.abs().neg().intoArray(exponentials, i);
    }
    VectorLogitPasses.exponentials(exponentials, x.length, 0);
    for (int i = 0; i < x.length; i += LANES) {
      FloatVector exponential = at(exponentials, i);
      exponential
          .blend(1f, at(x, i).compare(VectorOperators.GE, 0f))
          .div(exponential.add(1f))
          .intoArray(x, i);
    }
  }

  private static void ofRectified(float[] a, float[] e) {
    for (int i = 0; i < a.length; i += LANES) {
      FloatVector.zero(SPECIES)
          .blend(at(e, i), at(a, i).compare(VectorOperators.GT, 0f))
          .intoArray(e, i);
    }
  }

  private static void ofSigmoid(float[] a, float[] e) {
    for (int i = 0; i < a.length; i += LANES) {
      FloatVector activated = at(a, i);
      at(e, i).mul(activated).mul(activated.neg().add(1f)).intoArray(e, i);
    }
  }

  private static void divide(float[] x, float length) {
    for (int i = 0; i < x.length; i += LANES) {
      at(x, i).div(length).intoArray(x, i);
    }
  }

  private static void multiply(float[] x, float factor) {
    for (int i = 0; i < x.length; i += LANES) {
      at(x, i).mul(factor).intoArray(x, i);
    }
  }

  private static void addTimes(float[] x, float factor, float[] sum) {
    for (int i = 0; i < x.length; i += LANES) {
      at(x, i).fma(FloatVector.broadcast(SPECIES, factor), at(sum, i)).intoArray(sum, i);
    }
  }

  /** {@code e = (e - along q) / length}. */
  private static void across(float[] q, float[] e, float along, float length) {
    for (int i = 0; i < q.length; i += LANES) {
      at(e, i).sub(at(q, i).mul(along)).div(length).intoArray(e, i);
    }
  }

  /** Added up in eight lanes, then those one by one. */
  private static double dot(float[] x, float[] y) {
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < x.length; i += LANES) {
      sums = at(x, i).fma(at(y, i), sums);
    }
    double sum = 0;
    for (float lane : sums.toArray()) {
      sum += lane;
    }
    return sum;
  }

  private static FloatVector at(float[] values, int index) {
    return FloatVector.fromArray(SPECIES, values, index);
  }
}
