package dev.weft.train;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.factory.Nd4j;

/** The passes as ND4J operations: any backend, any precision. */
final class Nd4jRowPasses implements RowPasses {
  private final PassMemory memory;

  Nd4jRowPasses(PassMemory memory) {
    this.memory = memory;
  }

  @Override
  public void activate(INDArray value, INDArray bias, Activation activation) {
    value.addiColumnVector(bias);
    switch (activation) {
      case IDENTITY -> {}
      case RELU -> Nd4j.exec(new RectifiedLinear(value, value, 0));
      case SIGMOID -> Nd4j.exec(new Sigmoid(value, value));
    }
  }

  @Override
  public void deactivate(INDArray value, INDArray error, Activation activation) {
    switch (activation) {
      case IDENTITY -> {}
      case RELU -> {
        // The derivative at the result is that at the argument: both are above zero, or neither.
        INDArray derivative = memory.scratch(value.size(0));
        Nd4j.exec(new Step(value, derivative, 0));
        error.muli(derivative);
      }
      case SIGMOID -> {
        error.muli(value); // e a (1 - a) = e a - e a a
        error.subi(error.muli(value, memory.scratch(value.size(0))));
      }
    }
  }

  @Override
  public void normalize(INDArray source, INDArray unit, INDArray lengths) {
    INDArray norms = source.norm2(0);
    norms.addi(norms.eq(0).castTo(norms.dataType()));
    lengths.assign(norms.reshape(lengths.shape()));
    unit.assign(source); // in place is three times as fast as into another matrix
    unit.diviRowVector(lengths);
  }

  @Override
  public void throughNormalize(INDArray unit, INDArray lengths, INDArray error, INDArray into) {
    INDArray along = Nd4j.exec(new Dot(unit, error, 0)); // [r]
    into.assign(unit);
    into.muliRowVector(along);
    error.subi(into, into);
    into.diviRowVector(lengths);
  }

  @Override
  public void dots(INDArray first, INDArray second, double[] into) {
    double[] dots = Nd4j.exec(new Dot(first, second, 0)).toDoubleVector();
    System.arraycopy(dots, 0, into, 0, dots.length);
  }

  @Override
  public void scale(INDArray rows, double[] factors) {
    rows.muliRowVector(Nd4jLogitPasses.vector(factors, rows));
  }

  @Override
  public void addScaled(INDArray rows, INDArray others, double[] factors) {
    INDArray scaled = Nd4j.createUninitialized(rows.dataType(), rows.shape(), 'f');
    Nd4j.exec(new BroadcastMulOp(others, Nd4jLogitPasses.vector(factors, rows), scaled, 1));
    rows.addi(scaled);
  }
}
