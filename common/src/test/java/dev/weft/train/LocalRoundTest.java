package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LocalRoundTest {
  private static final int ROWS = 100;
  private static final Batches BATCHES = new Batches(1, ROWS, 16); // 7 steps, the last of 4 rows
  private static TripletTable table;

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
    table = Synthetic.table(ROWS, 5);
  }

  private static Trainer trainer(TrainConfig config) {
    return new Trainer(config, head(config), BATCHES, "run");
  }

  private static HeadArchitecture.Trainable head(TrainConfig config) {
    return config.trainable(HeadKind.COMBINER, Synthetic.WIDTH);
  }

  private static LocalWorkers workers(TrainConfig config, int parts) {
    return new LocalWorkers(
        new StepComputation(head(config), table, BATCHES, config.objective()), parts);
  }

  private static TrainConfig local(int epochs, int steps) {
    return Synthetic.local(epochs, BATCHES.batchSize(), 0.01, steps);
  }

  private static Checkpoint train(TrainConfig config, int parts) {
    Trainer trainer = trainer(config);
    return trainer.train(trainer.start(), workers(config, parts), state -> {}, report -> {});
  }

  @Test
  void onePartitionMakesTheStepsOneByOne() {
    Checkpoint local = train(local(2, 3), 1);
    Checkpoint everyStep = train(Synthetic.config(2, BATCHES.batchSize(), 0.01), 1);

    assertThat(local.parameters()).isEqualTo(everyStep.parameters());
    assertThat(local.history()).isEqualTo(everyStep.history());
  }

  @Test
  void partitionsThatAgreeAfterEachStepAreNotTheWholeBatch() {
    Checkpoint local = train(local(2, 1), 3);

    assertThat(local.parameters()).isEqualTo(train(local(2, 1), 3).parameters());
    assertThat(local.parameters()).isNotEqualTo(train(local(2, 1), 2).parameters());
    assertThat(local.parameters()).isNotEqualTo(train(local(2, 2), 3).parameters());
  }

  @Test
  void statesAreWeightedByTheRowsBehindThem() {
    byte[] first = new byte[2 * Float.BYTES];
    NativeVectors.floats(first).put(1).put(-8);
    byte[] second = new byte[2 * Float.BYTES];
    NativeVectors.floats(second).put(5).put(8);
    byte[] unseen = new byte[2 * Float.BYTES];
    NativeVectors.floats(unseen).put(Float.NaN).put(3);

    float[] average =
        LocalRound.average(
            List.of(
                new LocalRound.Result(3, new double[0], 0, first),
                new LocalRound.Result(0, new double[0], 0, unseen),
                new LocalRound.Result(1, new double[0], 0, second)));

    assertThat(average).containsExactly(2, -4);
  }

  @Test
  void aResultIsReadAsItWasWritten() {
    LocalRound.Result result =
        new LocalRound.Result(7, new double[] {0.5, 0.25}, 3.5, new byte[] {1, 2, 3, 4});

    LocalRound.Result read = LocalRound.Result.of(result.toBytes());

    assertThat(read.rows()).isEqualTo(7);
    assertThat(read.losses()).containsExactly(0.5, 0.25);
    assertThat(read.norm()).isEqualTo(3.5);
    assertThat(read.state()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void goingOnFromAnyCheckpointEndsInTheSameBytes() {
    TrainConfig config = local(2, 3);
    Trainer trainer = trainer(config);
    List<Checkpoint> kept = new ArrayList<>();
    Checkpoint end = trainer.train(trainer.start(), workers(config, 2), kept::add, report -> {});

    // Rounds of 3, 3 and 1 steps: an epoch's end ends them.
    assertThat(kept.stream().map(Checkpoint::step)).containsExactly(3L, 6L, 7L, 10L, 13L, 14L);
    for (Checkpoint from : kept) {
      Checkpoint again = trainer(config).train(from, workers(config, 2), state -> {}, report -> {});
      assertThat(again.parameters()).isEqualTo(end.parameters());
      assertThat(again.updater()).isEqualTo(end.updater());
      assertThat(again.history()).isEqualTo(end.history());
    }
  }

  @Test
  void itLearns() {
    List<EpochLoss> history = train(local(12, 4), 3).history();

    assertThat(history.get(11).loss()).isLessThan(history.get(0).loss() / 2);
  }

  @Test
  void aLossThatIsNotFiniteStopsTheRun() {
    TrainConfig config = local(1, 3);
    Trainer trainer = trainer(config);
    float[] broken = trainer.start().parameters().clone();
    broken[3] = Float.NaN;
    Checkpoint from = new Checkpoint("run", 0, 0, List.of(), broken, new float[2 * broken.length]);

    assertThatThrownBy(() -> trainer.train(from, workers(config, 2), state -> {}, report -> {}))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot go on training the combiner head: in step 0 (epoch 0)");
  }
}
