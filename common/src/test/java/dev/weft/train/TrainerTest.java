package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Sum;
import dev.weft.train.HeadArchitecture.Trainable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TrainerTest {
  private static final TripletTable TABLE = Synthetic.table(100, 1);
  private static final TrainConfig CONFIG = Synthetic.config(3, 40, 0.01);

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @ParameterizedTest
  @EnumSource(
      value = HeadKind.class,
      names = {"GATED", "COMBINER", "ATTENTION", "TIRG"})
  void goingOnFromAnyStepGivesTheBytesOfAnUndisturbedRun(HeadKind kind) {
    List<Checkpoint> kept = new ArrayList<>();
    Trainer trainer = trainer(kind);
    Checkpoint end = trainer.train(trainer.start(), slices(kind, 3), kept::add, report -> {});

    assertThat(kept).hasSize((int) trainer.steps());
    for (Checkpoint state : kept) {
      Checkpoint resumed =
          trainer(kind)
              .train(Checkpoint.of(state.files()), slices(kind, 3), other -> {}, report -> {});
      assertThat(resumed.parameters()).isEqualTo(end.parameters());
      assertThat(resumed.files().get("params.bin")).isEqualTo(end.files().get("params.bin"));
      assertThat(resumed.files().get("adam.bin")).isEqualTo(end.files().get("adam.bin"));
      assertThat(resumed.files().get("state.json")).isEqualTo(end.files().get("state.json"));
    }
  }

  @Test
  void anyNumberOfSlicesGivesTheSameCurve() {
    double[] whole = curve(1);

    for (int parts : new int[] {2, 3, 8}) {
      double[] sliced = curve(parts);
      for (int step = 0; step < whole.length; step++) {
        assertThat(Math.abs(sliced[step] / whole[step] - 1)).as("step %d", step).isLessThan(1e-5);
      }
    }
  }

  @Test
  void aValidatedRunGoesOnFromAnyStepToTheSameBestState() {
    TrainConfig config =
        Synthetic.config(6, 40, 0.01, validation(ValidationConfig.Select.BEST, 0, 2));
    List<Checkpoint> kept = new ArrayList<>();
    Trainer trainer = trainer(config);
    Checkpoint end = trainer.train(trainer.start(), scored(kept, () -> 0));

    assertThat(end.scores().stream().map(EpochScore::epoch)).containsExactly(1, 3, 5);
    Checkpoint best = kept.stream().filter(state -> state.step() == 12).findFirst().orElseThrow();
    assertThat(end.bestScore().orElseThrow().epoch()).isEqualTo(3);
    assertThat(end.best()).isEqualTo(best.parameters());
    assertThat(end.chosen().parameters()).isEqualTo(best.parameters());
    assertThat(end.parameters()).isNotEqualTo(best.parameters());
    for (Checkpoint state : kept) {
      Checkpoint resumed =
          trainer(config).train(Checkpoint.of(state.files()), scored(new ArrayList<>(), () -> 0));
      end.files().forEach((name, bytes) -> assertThat(resumed.files().get(name)).isEqualTo(bytes));
    }
  }

  @Test
  void aRunEndsWhenItsPatienceDoes() {
    Trainer trainer =
        trainer(Synthetic.config(9, 40, 0.01, validation(ValidationConfig.Select.LAST, 2, 1)));
    List<Checkpoint> kept = new ArrayList<>();

    Checkpoint end = trainer.train(trainer.start(), scored(kept, () -> 0));

    // The score of a state is best after 12 steps: two epochs later it is given up.
    assertThat(end.step()).isEqualTo(18);
    assertThat(end.best()).isEmpty();
    assertThat(kept.get(kept.size() - 1).step()).isEqualTo(18);
    assertThat(trainer.train(end, scored(kept, () -> 0)).step()).isEqualTo(18);
  }

  @Test
  void timeDecidesWhatIsKeptAndNothingElse() {
    TrainConfig seldom = Synthetic.config(3, 40, 0.01, 1000, 60);
    AtomicLong clock = new AtomicLong();
    List<Checkpoint> kept = new ArrayList<>();

    Checkpoint end =
        trainer(seldom)
            .train(
                trainer(seldom).start(),
                scored(kept, () -> clock.addAndGet(TimeUnit.SECONDS.toNanos(25))));

    assertThat(kept.stream().map(Checkpoint::step)).containsExactly(3L, 6L, 9L);
    Checkpoint steps = trainer(CONFIG).train(trainer(CONFIG).start(), scored(kept, () -> 0));
    assertThat(end.parameters()).isEqualTo(steps.parameters());
  }

  private static ValidationConfig validation(
      ValidationConfig.Select select, int patience, int every) {
    return new ValidationConfig(ValidationConfig.On.HOLD_OUT, 0.1, every, "", select, patience);
  }

  private static Trainer trainer(TrainConfig config) {
    return new Trainer(config, gated(), new Batches(1, 100, 40), "run");
  }

  /** A state is the better, the nearer its number of steps is to 12. */
  private static Surroundings scored(List<Checkpoint> kept, LongSupplier clock) {
    return new Surroundings(
        slices(HeadKind.GATED, 2),
        state -> -Math.abs(state.step() - 12.0),
        kept::add,
        report -> {},
        row -> "row " + row,
        clock);
  }

  @Test
  void theHistoryHasTheMeanLossOfEveryEpoch() {
    Trainer trainer = trainer(HeadKind.GATED);
    List<StepReport> reports = new ArrayList<>();

    Checkpoint end =
        trainer.train(trainer.start(), slices(HeadKind.GATED, 2), state -> {}, reports::add);

    double sum =
        reports.stream()
            .filter(report -> report.epoch() == 1)
            .mapToDouble(report -> report.loss() * report.rows())
            .sum();
    assertThat(end.history()).hasSize(3);
    assertThat(end.history().get(1).loss()).isEqualTo(sum / TABLE.rows());
    assertThat(end.history().get(2).loss()).isLessThan(end.history().get(0).loss());
  }

  @Test
  void aTrainedLogitScaleMovesAndStaysUnderItsLimit() {
    TrainConfig base = Synthetic.config(10, 50, 0.1);
    Batches batches = new Batches(1, TABLE.rows(), 50);
    Trainer trainer = new Trainer(base, gated(), batches, "run");
    StepComputation computation = new StepComputation(gated(), TABLE, batches, CONFIG.objective());

    Checkpoint end =
        trainer.train(trainer.start(), new LocalWorkers(computation, 1), state -> {}, report -> {});

    assertThat(end.logitScale()).isNotEqualTo(20).isLessThanOrEqualTo(100.001);
  }

  @Test
  void aLossThatIsNoNumberNamesItsStep() {
    Trainer trainer = trainer(HeadKind.GATED);
    StepWorkers sound = slices(HeadKind.GATED, 2);
    StepWorkers compute =
        answering(
            request -> {
              List<PartialStep> slices = sound.compute(request);
              PartialStep second = slices.get(1);
              return request.step() < 4
                  ? slices
                  : List.of(
                      slices.get(0),
                      new PartialStep(second.rows(), Double.NaN, 0, second.gradient()));
            });

    assertThatThrownBy(() -> trainer.train(trainer.start(), compute, state -> {}, report -> {}))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith(
            "Cannot go on training the gated head: in step 4 (epoch 1) the loss is NaN")
        .hasMessageContaining("2 of its 40 triplets give it: row 7, row 8. Lower");
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused() {
    Checkpoint other = new Trainer(CONFIG, gated(), new Batches(1, 100, 40), "another").start();

    assertThatThrownBy(
            () ->
                trainer(HeadKind.GATED)
                    .train(other, slices(HeadKind.GATED, 1), state -> {}, report -> {}))
        .hasMessageStartingWith(
            "Cannot resume: the checkpoint of step 0 belongs to a run with other settings or inputs"
                + " (another, this run is run).");
  }

  @Test
  void aSliceThatIsMissingIsABug() {
    Trainer trainer = trainer(HeadKind.GATED);
    StepWorkers sound = slices(HeadKind.GATED, 2);

    assertThatThrownBy(
            () ->
                trainer.train(
                    trainer.start(),
                    answering(request -> sound.compute(request).subList(0, 1)),
                    state -> {},
                    report -> {}))
        .hasMessage("the slices of step 0 have 20 rows instead of 40");
  }

  @Test
  void theGateLearnsWhatTheSumCannot() {
    TripletTable training = Synthetic.table(1500, 2);
    TripletTable validation = Synthetic.table(400, 3);
    TrainConfig config = Synthetic.config(20, 256, 0.01);
    Batches batches = new Batches(1, training.rows(), config.batchSize());
    Trainer trainer = new Trainer(config, gated(), batches, "run");
    StepComputation computation =
        new StepComputation(gated(), training, batches, CONFIG.objective());

    Checkpoint end =
        trainer.train(trainer.start(), new LocalWorkers(computation, 1), state -> {}, report -> {});

    double sum = recallAtOne(new SumHead(new Sum(Synthetic.WIDTH)), validation);
    FusionHead weighted = new WeightedHead(TextWeightSearch.search(training, Mix.LINEAR, 1));
    double gate = recallAtOne(HeadBundle.of(gated(), "codes", end).head(), validation);
    assertThat(sum).isLessThan(0.2);
    assertThat(recallAtOne(weighted, validation)).isLessThan(0.2);
    assertThat(gate).isGreaterThan(0.8);
  }

  private static double[] curve(int parts) {
    Trainer trainer = trainer(HeadKind.GATED);
    List<Double> losses = new ArrayList<>();
    trainer.train(
        trainer.start(),
        slices(HeadKind.GATED, parts),
        state -> {},
        report -> losses.add(report.loss()));
    return losses.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Trainer trainer(HeadKind kind) {
    return new Trainer(
        CONFIG, CONFIG.trainable(kind, Synthetic.WIDTH), new Batches(1, 100, 40), "run");
  }

  private static Trainable gated() {
    return CONFIG.trainable(HeadKind.GATED, Synthetic.WIDTH);
  }

  private static StepWorkers answering(Function<StepRequest, List<PartialStep>> answer) {
    return new StepWorkers() {
      @Override
      public List<double[]> columns(StepRequest request) {
        throw new IllegalStateException("a loss of one direction has no columns");
      }

      @Override
      public List<PartialStep> compute(StepRequest request) {
        return answer.apply(request);
      }

      @Override
      public List<int[]> notFinite(StepRequest request) {
        return List.of(new int[0], new int[] {7, 8});
      }

      @Override
      public List<LocalRound.Result> local(LocalRound round, byte[] state) {
        throw new IllegalStateException("this run agrees after every step");
      }
    };
  }

  private static StepWorkers slices(HeadKind kind, int parts) {
    return new LocalWorkers(
        new StepComputation(
            CONFIG.trainable(kind, Synthetic.WIDTH),
            TABLE,
            new Batches(1, 100, 40),
            CONFIG.objective()),
        parts);
  }

  /** Share of the rows whose target is nearest to the query among all images. */
  private static double recallAtOne(FusionHead head, TripletTable table) {
    int rows = table.rows();
    int[] all = IntStream.range(0, rows).toArray();
    INDArray images = Nd4j.create(DataType.FLOAT, rows, table.dimension());
    INDArray texts = images.dup();
    INDArray gallery = Nd4j.create(DataType.FLOAT, table.images(), table.dimension());
    table.gatherImages(Arrays.stream(all).map(table::reference).toArray(), images);
    table.gatherTexts(Arrays.stream(all).map(row -> table.caption(row, 0)).toArray(), texts);
    table.gatherImages(IntStream.range(0, table.images()).toArray(), gallery);
    int[] nearest = head.compose(images, texts).mmul(gallery.transpose()).argMax(1).toIntVector();
    return IntStream.of(all).filter(row -> nearest[row] == table.target(row)).count()
        / (double) rows;
  }
}
