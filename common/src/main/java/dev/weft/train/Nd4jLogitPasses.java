package dev.weft.train;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The passes as ND4J operations: any backend, any precision. */
final class Nd4jLogitPasses implements LogitPasses {
  @Override
  public double[] at(INDArray logits, int[] places) {
    double[] values = new double[places.length];
    Arrays.setAll(values, row -> logits.getDouble(places[row], row));
    return values;
  }

  @Override
  public void add(INDArray logits, int[] places, double[] added) {
    for (int row = 0; row < places.length; row++) {
      logits.putScalar(places[row], row, logits.getDouble(places[row], row) + added[row]);
    }
  }

  @Override
  public void rowExponentials(INDArray logits, double[] shifts, double[] sums) {
    double[] greatest = logits.max(0).toDoubleVector();
    Arrays.setAll(shifts, row -> Math.max(greatest[row], shifts[row]));
    logits.subiRowVector(vector(shifts, logits));
    copy(Transforms.exp(logits, false).sum(0), sums);
  }

  @Override
  public void rowSums(INDArray logits, double[] shifts, double[] sums) {
    rowExponentials(logits.dup('f'), shifts, sums);
  }

  @Override
  public void bothExponentials(INDArray logits, double[] rowShifts, double[] columnShifts) {
    INDArray ofColumns = columnExponentials(logits, columnShifts);
    logits.subiRowVector(vector(rowShifts, logits));
    Transforms.exp(logits, false);
    columns(logits, columnShifts.length).addi(ofColumns);
  }

  @Override
  public void columnMaxima(INDArray logits, double[] maxima) {
    copy(columns(logits, maxima.length).max(1), maxima);
  }

  @Override
  public void columnSums(INDArray logits, double[] shifts, double[] sums) {
    copy(columnExponentials(logits, shifts).sum(1), sums);
  }

  private static INDArray columnExponentials(INDArray logits, double[] shifts) {
    INDArray own = columns(logits, shifts.length).dup('f'); // [n, r]
    own.subiColumnVector(vector(shifts, logits).reshape(shifts.length, 1));
    return Transforms.exp(own, false);
  }

  /** The first columns of the literature's matrix: the first rows of ND4J's. */
  private static INDArray columns(INDArray logits, int count) {
    return Nd4j.create(
        logits.data(), new long[] {count, logits.size(1)}, logits.stride(), logits.offset(), 'f');
  }

  /** Values in the type of a matrix. */
  static INDArray vector(double[] values, INDArray like) {
    return Nd4j.createFromArray(values).castTo(like.dataType());
  }

  private static void copy(INDArray values, double[] target) {
    System.arraycopy(values.toDoubleVector(), 0, target, 0, target.length);
  }
}
