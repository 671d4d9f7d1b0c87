package dev.weft.train;

import dev.weft.compute.NativeBackend;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.LoggerFactory;

/**
 * The passes of a softmax over a tile of logits, along its rows and along its columns.
 *
 * <p>Dimensions: C = candidates, r = queries of the tile, n = columns with a term of their own in
 * the loss, the first n of the C. A tile is {@code [C, r]} in column order: the logits of one query
 * lie one after the other. "Row" always means a query and "column" a candidate, as in the B x B
 * matrix of the literature, although ND4J sees the tile transposed.
 *
 * <p>A logit of {@link #MASKED} weighs nothing in any pass. Results do not depend on the number of
 * threads.
 */
interface LogitPasses {
  /** What a logit is set to whose candidate is no negative of its query. */
  double MASKED = -1e30;

  /** Writes the greatest logit of each row, r numbers. */
  void rowMaxima(INDArray logits, double[] maxima);

  /** Replaces each logit by {@code exp(logit - shift of its row)}; writes the sums, r numbers. */
  void rowExponentials(INDArray logits, double[] shifts, double[] sums);

  /** The sums of {@link #rowExponentials}; leaves the logits as they are. */
  void rowSums(INDArray logits, double[] shifts, double[] sums);

  /**
   * Replaces each logit by {@code exp(logit - shift of its row)}, and adds {@code exp(logit - shift
   * of its column)} in the first n columns.
   *
   * @param rowShifts r numbers
   * @param columnShifts n numbers
   */
  void bothExponentials(INDArray logits, double[] rowShifts, double[] columnShifts);

  /** Writes the greatest logit of each of the first n columns, n numbers. */
  void columnMaxima(INDArray logits, double[] maxima);

  /** Writes the sums of {@code exp(logit - shift of its column)} of the first n columns. */
  void columnSums(INDArray logits, double[] shifts, double[] sums);

  /** The fastest passes for a type of numbers on the backend that runs. */
  static LogitPasses of(DataType type) {
    return of(type, NativeBackend.load());
  }

  /** The fastest passes on a backend: the vector registers see main memory only. */
  static LogitPasses of(DataType type, NativeBackend.Description backend) {
    return type == DataType.FLOAT && !backend.onGpu() && Vectorized.PASSES != null
        ? Vectorized.PASSES
        : new Nd4jLogitPasses();
  }

  /** Found by name: it is compiled by itself, against a module that not every process has. */
  final class Vectorized {
    private static final String MODULE = "jdk.incubator.vector";
    private static final LogitPasses PASSES = find();

    private Vectorized() {}

    private static LogitPasses find() {
      if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
        LoggerFactory.getLogger(LogitPasses.class)
            .warn(
                "The loss is computed by ND4J's own operations, which take about four times as long as"
                    + " the vector passes: start Java with --add-modules {} (spark-submit does).",
                MODULE);
        return null;
      }
      try {
        LogitPasses found =
            Class.forName(LogitPasses.class.getPackageName() + ".VectorLogitPasses")
                .asSubclass(LogitPasses.class)
                .getDeclaredConstructor()
                .newInstance();
        LoggerFactory.getLogger(LogitPasses.class)
            .info("The loss is computed by the vector passes");
        return found;
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("this build lacks the vector passes", e);
      }
    }
  }
}
