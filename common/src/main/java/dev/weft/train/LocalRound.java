package dev.weft.train;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.Optimizer;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Some steps that each partition makes by itself, before all states are averaged: local SGD.
 *
 * <p>In each of the steps a partition has its slice of the rows of the global batch; since targets
 * are frozen, the candidates are those of the whole batch all the same. Its gradient is the mean
 * over its own rows. After the round parameters and moments of the optimiser are averaged, each
 * partition weighted by the rows it saw. With one partition a round is the steps one by one.
 *
 * <p>Source: Stich, "Local SGD Converges Fast and Communicates Little", ICLR 2019
 * (arXiv:1805.09767); averaging the moments too: Yu, Jin and Yang, "On the Linear Speedup Analysis
 * of Communication Efficient Momentum SGD", ICML 2019 (arXiv:1905.03817).
 *
 * <p>Dimensions: P = parameters of the head and the logarithm of the logit scale, H = steps.
 *
 * @param step number of the first step since the start of the run
 * @param learningRates step size of each step, H numbers
 * @param rule how a step moves the parameters
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record LocalRound(long step, double[] learningRates, Rule rule)
    implements Serializable { // travels with every task

  /**
   * How a step moves the parameters.
   *
   * @param weightDecay as {@code train.weight-decay}
   * @param clipNorm as {@code train.clip-norm}
   * @param logitScale the scale, where it is not learned
   * @param learnLogitScale whether it is
   * @param maxLogitScale its limit
   */
  record Rule(
      double weightDecay,
      double clipNorm,
      double logitScale,
      boolean learnLogitScale,
      double maxLogitScale)
      implements Serializable { // travels with every task

    static Rule of(TrainConfig config) {
      return new Rule(
          config.weightDecay(),
          config.clipNorm(),
          config.logitScale(),
          config.learnLogitScale(),
          config.maxLogitScale());
    }
  }

  /**
   * What a partition made of a round.
   *
   * @param rows rows it saw, over all steps
   * @param losses its share of the loss of each step, nats; the shares of all partitions add up
   * @param norm the longest of its gradients
   * @param state parameters, then the 2 P moments of the optimiser, little-endian float32
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Result(int rows, double[] losses, double norm, byte[] state) {

    /** The result as bytes. */
    public byte[] toBytes() {
      int header = 2 * Integer.BYTES + (1 + losses.length) * Double.BYTES;
      ByteBuffer bytes =
          ByteBuffer.allocate(header + state.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(rows)
              .putInt(losses.length)
              .putDouble(norm);
      for (double loss : losses) {
        bytes.putDouble(loss);
      }
      return bytes.put(state).array();
    }

    /** Reads what {@link #toBytes} wrote. */
    public static Result of(byte[] bytes) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int rows = buffer.getInt();
      double[] losses = new double[buffer.getInt()];
      double norm = buffer.getDouble();
      for (int i = 0; i < losses.length; i++) {
        losses[i] = buffer.getDouble();
      }
      byte[] state = new byte[buffer.remaining()];
      buffer.get(state);
      return new Result(rows, losses, norm, state);
    }
  }

  /**
   * Makes the steps of one partition.
   *
   * @param computation computes its slices
   * @param state where all partitions begin: as {@link Result#state}
   * @param part which partition, from 0
   * @param parts how many there are
   */
  public Result run(StepComputation computation, byte[] state, int part, int parts) {
    int count = state.length / Float.BYTES / 3;
    INDArray parameters = Nd4j.createUninitialized(DataType.FLOAT, count);
    INDArray moments = Nd4j.createUninitialized(DataType.FLOAT, 2L * count);
    INDArray gradient = Nd4j.createUninitialized(DataType.FLOAT, count);
    try {
      FloatBuffer values = NativeVectors.floats(state);
      NativeVectors.view(parameters).put(values.limit(count));
      NativeVectors.view(moments).put(values.limit(3 * count));
      Optimizer optimizer =
          new Optimizer(moments, rule.weightDecay(), computation.weights(), rule.clipNorm());
      int rows = 0;
      double norm = 0;
      double[] losses = new double[learningRates.length];
      for (int h = 0; h < losses.length; h++) {
        PartialStep own = step(computation, parameters, step + h, part, parts);
        losses[h] = own.loss();
        rows += own.rows();
        if (own.rows() > 0) {
          norm = Math.max(norm, move(computation, parameters, gradient, optimizer, own, h));
        }
      }
      byte[] end = new byte[state.length];
      NativeVectors.floats(end)
          .put(NativeVectors.view(parameters))
          .put(NativeVectors.view(moments));
      return new Result(rows, losses, norm, end);
    } finally {
      parameters.close();
      moments.close();
      gradient.close();
    }
  }

  private PartialStep step(
      StepComputation computation, INDArray parameters, long number, int part, int parts) {
    int perEpoch = computation.batches().stepsPerEpoch();
    byte[] head = new byte[((int) parameters.length() - 1) * Float.BYTES];
    NativeVectors.floats(head).put(NativeVectors.view(parameters).limit(head.length / Float.BYTES));
    return computation.compute(
        new StepRequest(
            number, (int) (number / perEpoch), (int) (number % perEpoch), head, scale(parameters)),
        part,
        parts);
  }

  /** One step by the mean over the partition's own rows; returns the length of the gradient. */
  private double move(
      StepComputation computation,
      INDArray parameters,
      INDArray gradient,
      Optimizer optimizer,
      PartialStep own,
      int h) {
    int last = (int) parameters.length() - 1;
    int stepInEpoch = (int) ((step + h) % computation.batches().stepsPerEpoch());
    double ofScale = rule.learnLogitScale() ? own.logitScaleGradient() * scale(parameters) : 0;
    NativeVectors.view(gradient).put(NativeVectors.floats(own.gradient()));
    gradient.putScalar(last, ofScale);
    gradient.muli((double) computation.batches().size(stepInEpoch) / own.rows());
    double norm = NativeVectors.norm(gradient);
    optimizer.step(parameters, gradient, norm, learningRates[h], step + h);
    double limit = Math.log(rule.maxLogitScale());
    if (parameters.getDouble(last) > limit) {
      parameters.putScalar(last, limit);
    }
    return norm;
  }

  private double scale(INDArray parameters) {
    return rule.learnLogitScale()
        ? Math.exp(parameters.getDouble(parameters.length() - 1))
        : rule.logitScale();
  }

  /**
   * The states of all partitions in one: float64 sums in the order of the partitions, each weighted
   * by its rows.
   *
   * @param results of all partitions, at least one of which saw a row
   */
  static float[] average(List<Result> results) {
    double rows = results.stream().mapToInt(Result::rows).sum();
    double[] sum = new double[results.get(0).state().length / Float.BYTES];
    for (Result result : results) {
      FloatBuffer values = NativeVectors.floats(result.state());
      double weight = result.rows() / rows;
      for (int i = 0; weight > 0 && i < sum.length; i++) {
        sum[i] += weight * values.get(i);
      }
    }
    float[] average = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      average[i] = (float) sum[i];
    }
    return average;
  }
}
