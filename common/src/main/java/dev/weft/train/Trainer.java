package dev.weft.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.Optimizer;
import dev.weft.compute.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The loop that trains a head: asks for the slices of a step wherever they are computed, adds them
 * up in the order of the slices, moves the parameters, keeps checkpoints.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>the state after a step is a function of the state before it and of the settings, so a run
 *       that goes on from any checkpoint ends in the same bytes as one that never stopped;
 *   <li>floats are added in the order of the slices, so the number of slices fixes the bytes and
 *       the order in which they arrive does not matter.
 * </ul>
 *
 * <p>Dimensions: P = parameters of the head. One more parameter follows them: the logarithm of the
 * logit scale, whose gradient is zero when the scale is fixed.
 */
public final class Trainer {
  private static final int NAMED_ROWS = 5;

  private final TrainConfig config;
  private final HeadArchitecture.Trainable architecture;
  private final Batches batches;
  private final String configHash;
  private final Schedule schedule;
  private final int count;
  private final HeadLayout layout;

  /**
   * @param config the settings
   * @param architecture the head to train
   * @param batches which rows a step has; its seed draws the first parameters too
   * @param configHash what the run depends on: a checkpoint with another hash is refused
   */
  public Trainer(
      TrainConfig config,
      HeadArchitecture.Trainable architecture,
      Batches batches,
      String configHash) {
    this.config = config;
    this.architecture = architecture;
    this.batches = batches;
    this.configHash = configHash;
    this.count = Math.toIntExact(architecture.parameterCount());
    this.layout = HeadLayout.of(architecture);
    this.schedule =
        new Schedule(config.schedule(), config.learningRate(), config.warmupSteps(), steps());
  }

  /** Steps of the whole run; fewer are done if it ends early. */
  public long steps() {
    return (long) config.epochs() * batches.stepsPerEpoch();
  }

  /** The state before the first step. */
  public Checkpoint start() {
    float[] parameters = Arrays.copyOf(layout.initial(batches.seed()), count + 1);
    parameters[count] = (float) Math.log(config.logitScale());
    return new Checkpoint(configHash, 0, 0, List.of(), parameters, new float[2 * (count + 1)]);
  }

  /**
   * The state before the first step of a run that begins at another head, its logit scale included;
   * the moments of the optimiser begin at zero.
   *
   * @param head of the architecture of this run
   */
  public Checkpoint start(HeadBundle head) {
    if (!head.architecture().equals(architecture)) {
      throw new IllegalArgumentException(
          "a run of " + architecture + " cannot begin at " + head.architecture());
    }
    float[] parameters = Arrays.copyOf(head.parameters(), count + 1);
    parameters[count] = (float) Math.log(Math.min(head.logitScale(), config.maxLogitScale()));
    return new Checkpoint(configHash, 0, 0, List.of(), parameters, new float[2 * (count + 1)]);
  }

  /**
   * Trains from a state to the end of the run, without validation.
   *
   * @param from {@link #start}, or what an earlier run kept
   * @param workers compute all slices of a step
   * @param checkpoints takes the states to keep, the last of them the end of the run
   * @param reports takes what each step did
   * @return the state at the end of the run
   */
  public Checkpoint train(
      Checkpoint from,
      StepWorkers workers,
      Consumer<Checkpoint> checkpoints,
      Consumer<StepReport> reports) {
    if (config.validation().on() != ValidationConfig.On.NONE) {
      throw new IllegalArgumentException("a run with " + config.validation() + " has to be scored");
    }
    return train(
        from,
        new Surroundings(
            workers, state -> 0, checkpoints, reports, row -> "row " + row, System::nanoTime));
  }

  /**
   * Trains from a state to the end of the run.
   *
   * @param from {@link #start}, or what an earlier run kept
   * @param surroundings what to work with
   * @return the state at the end of the run
   */
  public Checkpoint train(Checkpoint from, Surroundings surroundings) {
    requireSameRun(from);
    Run run = new Run(from);
    long interval = TimeUnit.SECONDS.toNanos(config.checkpointSeconds());
    long saved = surroundings.nanoTime().getAsLong();
    while (!run.ended()) {
      long before = run.step / config.checkpointSteps();
      surroundings
          .reports()
          .accept(
              config.sync() == Sync.LOCAL
                  ? run.advanceLocally(surroundings.workers())
                  : run.advance(surroundings));
      if (run.validationDue()) {
        run.validated(surroundings.validation().applyAsDouble(run.checkpoint()));
      }
      // Time decides only what is kept: a state is the same whether it was kept or not.
      long now = surroundings.nanoTime().getAsLong();
      boolean due = run.step / config.checkpointSteps() > before || now - saved >= interval;
      if (due || run.ended()) {
        surroundings.checkpoints().accept(run.checkpoint());
        saved = now;
      }
    }
    return run.checkpoint();
  }

  private void requireSameRun(Checkpoint from) {
    if (!from.configHash().equals(configHash)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot resume: the checkpoint of step %d belongs to a run with other settings or inputs"
              + " (%s, this run is %s). Run with the settings it was made with, or with --force to"
              + " train from the start.",
          from.step(),
          from.configHash(),
          configHash);
    }
    if (from.parameters().length != count + 1 || from.step() > steps()) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot resume: the checkpoint has %d parameters at step %d, but this head has %d and the"
              + " run %d steps. Run with --force to train from the start.",
          from.parameters().length - 1,
          from.step(),
          count,
          steps());
    }
  }

  /** A run between two steps. */
  private final class Run {
    private final INDArray parameters; // [P + 1]
    private final INDArray gradient = Nd4j.createUninitialized(DataType.FLOAT, count + 1);
    private final INDArray partial = Nd4j.createUninitialized(DataType.FLOAT, count + 1);
    private final Optimizer optimizer;
    private final List<EpochLoss> history;
    private final List<EpochScore> scores;
    private float[] best;
    private long step;
    private double epochLossSum;

    Run(Checkpoint from) {
      parameters = Nd4j.createUninitialized(DataType.FLOAT, count + 1);
      NativeVectors.fill(parameters, from.parameters());
      INDArray state = Nd4j.createUninitialized(DataType.FLOAT, 2L * (count + 1));
      NativeVectors.fill(state, from.updater());
      optimizer = new Optimizer(state, config.weightDecay(), layout.weights(), config.clipNorm());
      history = new ArrayList<>(from.history());
      scores = new ArrayList<>(from.scores());
      best = from.best();
      step = from.step();
      epochLossSum = from.epochLossSum();
    }

    Checkpoint checkpoint() {
      return new Checkpoint(
          configHash,
          step,
          epochLossSum,
          history,
          NativeVectors.array(parameters),
          NativeVectors.array(optimizer.state()),
          scores,
          best);
    }

    /** Whether all steps are done, or patience is at its end. */
    boolean ended() {
      int patience = config.validation().patience();
      return step == steps() || (patience > 0 && sinceBest() >= patience);
    }

    /** Validations since the best one. */
    private int sinceBest() {
      int bestAt = scores.size() - 1;
      for (int i = bestAt - 1; i >= 0; i--) {
        bestAt = scores.get(i).score() >= scores.get(bestAt).score() ? i : bestAt;
      }
      return scores.size() - 1 - bestAt;
    }

    /** At the end of every so many epochs, and of the last. */
    boolean validationDue() {
      long epochs = step / batches.stepsPerEpoch();
      return config.validation().on() != ValidationConfig.On.NONE
          && step % batches.stepsPerEpoch() == 0
          && (epochs % config.validation().every() == 0 || epochs == config.epochs());
    }

    void validated(double score) {
      scores.add(new EpochScore((int) (step / batches.stepsPerEpoch()) - 1, score));
      if (config.validation().select() == ValidationConfig.Select.BEST && sinceBest() == 0) {
        best = NativeVectors.array(parameters);
      }
    }

    StepReport advance(Surroundings surroundings) {
      StepWorkers workers = surroundings.workers();
      int epoch = (int) (step / batches.stepsPerEpoch());
      int stepInEpoch = (int) (step % batches.stepsPerEpoch());
      int rows = batches.size(stepInEpoch);
      double scale = logitScale();
      double learningRate = schedule.learningRate(step);
      byte[] bytes = new byte[count * Float.BYTES];
      NativeVectors.floats(bytes).put(NativeVectors.view(parameters).limit(count));
      StepRequest request = new StepRequest(step, epoch, stepInEpoch, bytes, scale);
      if (config.objective().needsColumns()) {
        request = request.withColumns(workers.columns(request));
      }
      List<PartialStep> slices = workers.compute(request);
      long computed = System.nanoTime();
      double loss = sum(slices, rows, scale);
      long summed = System.nanoTime();
      double norm = NativeVectors.norm(gradient);
      if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
        throw notFinite(request, loss, norm, surroundings);
      }
      optimizer.step(parameters, gradient, norm, learningRate, step);
      clampLogitScale();
      StepReport report =
          new StepReport(
              step,
              steps(),
              epoch,
              rows,
              loss,
              norm,
              learningRate,
              scale,
              (summed - computed) / 1e9,
              (System.nanoTime() - summed) / 1e9);
      step++;
      epochLossSum += loss * rows;
      endEpochIfDone(epoch);
      return report;
    }

    /** Several steps of each partition by itself, up to the end of the epoch. */
    StepReport advanceLocally(StepWorkers workers) {
      int epoch = (int) (step / batches.stepsPerEpoch());
      int stepInEpoch = (int) (step % batches.stepsPerEpoch());
      double scale = logitScale();
      double[] rates =
          new double[Math.min(config.localSteps(), batches.stepsPerEpoch() - stepInEpoch)];
      Arrays.setAll(rates, h -> schedule.learningRate(step + h));
      byte[] state = new byte[3 * (count + 1) * Float.BYTES];
      NativeVectors.floats(state)
          .put(NativeVectors.view(parameters))
          .put(NativeVectors.view(optimizer.state()));
      List<LocalRound.Result> results =
          workers.local(new LocalRound(step, rates, LocalRound.Rule.of(config)), state);
      long computed = System.nanoTime();
      int rows = 0;
      double lossSum = 0;
      for (int h = 0; h < rates.length; h++) {
        int size = batches.size(stepInEpoch + h);
        rows += size;
        double loss = 0;
        for (LocalRound.Result result : results) {
          loss += result.losses()[h];
        }
        lossSum += loss * size;
        epochLossSum += loss * size; // added up as after single steps
      }
      int found = results.stream().mapToInt(LocalRound.Result::rows).sum();
      if (found != rows) {
        throw new IllegalStateException(
            "the partitions saw " + found + " rows from step " + step + " on instead of " + rows);
      }
      double norm = results.stream().mapToDouble(LocalRound.Result::norm).reduce(0, Math::max);
      if (!Double.isFinite(lossSum) || !Double.isFinite(norm)) {
        throw notFinite(
            step,
            epoch,
            lossSum / rows,
            norm,
            "It is one of the " + rates.length + " local steps from there on.");
      }
      float[] average = LocalRound.average(results);
      NativeVectors.view(parameters).put(average, 0, count + 1);
      NativeVectors.view(optimizer.state()).put(average, count + 1, 2 * (count + 1));
      step += rates.length;
      StepReport report =
          new StepReport(
              step - 1,
              steps(),
              epoch,
              rows,
              lossSum / rows,
              norm,
              rates[rates.length - 1],
              scale,
              (System.nanoTime() - computed) / 1e9,
              0);
      endEpochIfDone(epoch);
      return report;
    }

    private void endEpochIfDone(int epoch) {
      if (step % batches.stepsPerEpoch() == 0) {
        history.add(new EpochLoss(epoch, epochLossSum / batches.rows(), logitScale()));
        epochLossSum = 0;
      }
    }

    /** Adds up the slices in their order; returns the loss, leaves the gradient. */
    private double sum(List<PartialStep> slices, int rows, double scale) {
      double loss = 0;
      double ofScale = 0;
      int found = 0;
      partial.putScalar(count, 0);
      for (PartialStep slice : slices) {
        if (slice.rows() > 0) {
          loss += slice.loss();
          ofScale += slice.logitScaleGradient();
          INDArray into = found == 0 ? gradient : partial;
          NativeVectors.view(into).put(NativeVectors.floats(slice.gradient()));
          if (found > 0) {
            gradient.addi(partial);
          }
        }
        found += slice.rows();
      }
      gradient.putScalar(count, config.learnLogitScale() ? ofScale * scale : 0);
      if (found != rows) {
        throw new IllegalStateException(
            "the slices of step " + step + " have " + found + " rows instead of " + rows);
      }
      return loss;
    }

    private double logitScale() {
      return config.learnLogitScale() ? Math.exp(parameters.getDouble(count)) : config.logitScale();
    }

    private void clampLogitScale() {
      double limit = Math.log(config.maxLogitScale());
      if (parameters.getDouble(count) > limit) {
        parameters.putScalar(count, limit);
      }
    }

    /** What to say of a step that gave no number; nothing was changed by it. */
    private WeftException notFinite(
        StepRequest request, double loss, double norm, Surroundings surroundings) {
      int[] rows =
          surroundings.workers().notFinite(request).stream().flatMapToInt(Arrays::stream).toArray();
      int all = batches.size(request.stepInEpoch());
      String named =
          Arrays.stream(rows)
              .limit(NAMED_ROWS)
              .mapToObj(surroundings.names())
              .collect(Collectors.joining(", "));
      String where =
          rows.length == 0
              ? "Each of its " + all + " triplets by itself gives a number."
              : rows.length
                  + " of its "
                  + all
                  + " triplets give it: "
                  + named
                  + (rows.length > NAMED_ROWS ? " and more." : ".");
      return notFinite(request.step(), request.epoch(), loss, norm, where);
    }

    private WeftException notFinite(long step, int epoch, double loss, double norm, String where) {
      return new WeftException(
          ExitCode.CONFIG,
          "Cannot go on training the %s head: in step %d (epoch %d) the loss is %s and the length"
              + " of the gradient %s. %s Lower train.learning-rate (%s) or train.logit-scale (%s), or"
              + " set train.clip-norm, and run again with --force; checkpoints of the steps before"
              + " are still there.",
          architecture.kind().name().toLowerCase(Locale.ROOT),
          step,
          epoch,
          loss,
          norm,
          where,
          config.learningRate(),
          config.logitScale());
    }
  }
}
