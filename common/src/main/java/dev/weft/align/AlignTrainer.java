package dev.weft.align;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.Optimizer;
import dev.weft.compute.Schedule;
import java.util.List;
import java.util.function.Consumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Drives the steps of align: asks the workers for both passes, sums their gradients in slice order,
 * moves the parameters.
 *
 * <p>Same seed, same rows and same slices give the same bytes; other slices the same up to
 * rounding.
 */
public final class AlignTrainer {
  private final AlignConfig config;
  private final AlignBatches batches;
  private final float[] initial;
  private final AlignParameters layout;

  /** Trains the starter. */
  public AlignTrainer(AlignConfig config, int rows, long seed) {
    this(config, new AlignModel.Starter(config), rows, seed);
  }

  /**
   * @param model what is trained
   * @param rows training rows, numbered from 0; at least 2
   * @param seed of the initial parameters and the batches
   */
  public AlignTrainer(AlignConfig config, AlignModel model, int rows, long seed) {
    if (rows < 2) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot align: %d training images have a description, and at least 2 are needed. Give"
              + " descriptions in ingest.datasets, or encode with a trained model (encode.model).",
          rows);
    }
    this.config = config;
    this.batches = new AlignBatches(rows, config.maxImages(), config.batchSize(), seed);
    this.initial = model.initial(seed);
    this.layout = model.layout();
  }

  /**
   * Trains.
   *
   * @param progress told after every step
   * @return the flat vector of {@link AlignParameters}
   */
  public float[] train(AlignWorkers workers, Consumer<AlignProgress> progress) {
    NativeBackend.load(); // a driver whose executors do the rest has nobody else to start it
    int steps = config.epochs() * batches.steps();
    Schedule schedule =
        new Schedule(
            Schedule.Course.COSINE,
            config.learningRate(),
            Math.min(config.warmupSteps(), steps),
            steps);
    INDArray parameters = Nd4j.createUninitialized(DataType.FLOAT, 1, layout.count());
    NativeVectors.fill(parameters, initial);
    Optimizer optimizer =
        new Optimizer(Nd4j.zeros(DataType.FLOAT, 1, 2L * layout.count()), 0, List.of(), 0);
    for (int step = 0; step < steps; step++) {
      int epoch = step / batches.steps();
      AlignRequest request =
          new AlignRequest(
              epoch,
              step,
              batches.rows(epoch, step % batches.steps()),
              NativeVectors.bytes(parameters));
      Embeddings all = Embeddings.concatenate(workers.embed(request));
      List<PartialGradient> shares =
          workers.gradient(request, all, AlignStep.normalizers(request, all, layout));
      INDArray gradient = sum(shares);
      double loss = shares.stream().mapToDouble(PartialGradient::loss).sum();
      double norm = NativeVectors.norm(gradient);
      requireFinite(loss, norm, request);
      optimizer.step(parameters, gradient, norm, schedule.learningRate(step), step);
      clampScale(parameters);
      progress.accept(
          new AlignProgress(
              step + 1, steps, epoch, loss, Math.exp(parameters.getDouble(layout.scaleAt()))));
    }
    return NativeVectors.array(parameters);
  }

  private INDArray sum(List<PartialGradient> shares) {
    INDArray sum = Nd4j.zeros(DataType.FLOAT, 1, layout.count());
    INDArray share = Nd4j.createUninitialized(DataType.FLOAT, 1, layout.count());
    for (PartialGradient partial : shares) {
      if (partial.gradient().length > 0) {
        NativeVectors.fill(share, partial.gradient());
        sum.addi(share);
      }
    }
    return sum;
  }

  private void requireFinite(double loss, double norm, AlignRequest request) {
    if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot go on aligning: at step %d (epoch %d, first row %d) the loss is %s and the length"
              + " of the gradient %s. Lower align.learning-rate or raise align.warmup-steps.",
          request.step(),
          request.epoch(),
          request.rows()[0],
          loss,
          norm);
    }
  }

  private void clampScale(INDArray parameters) {
    double limit = Math.log(config.maxLogitScale());
    if (parameters.getDouble(layout.scaleAt()) > limit) {
      parameters.putScalar(layout.scaleAt(), limit);
    }
  }
}
