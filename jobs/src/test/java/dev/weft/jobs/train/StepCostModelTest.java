package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.jobs.train.StepCostModel.Calibration;
import dev.weft.train.Reduction;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class StepCostModelTest {
  private static final Offset<Double> EXACT = within(1e-12);

  // Two workers: 40 ms to launch (30 + 5 each), 20 ms of results, 10 ms of sum.
  private static final StepCost COST =
      new StepCost(0.003, 0.004, 0.310, 0.300, 0.060, 0.010, 0.002);
  private static final Calibration CALIBRATION = new Calibration(0.030, 0.005, 0.020);

  private static StepCostModel model(Reduction reduction) {
    return new StepCostModel(2, COST, CALIBRATION, reduction);
  }

  @Test
  void onTheWorkersThatWereMeasuredItIsWhatWasMeasured() {
    assertThat(model(Reduction.DRIVER).seconds(2)).isCloseTo(COST.total(), EXACT);
    assertThat(model(Reduction.SHUFFLE).seconds(2)).isCloseTo(COST.total(), EXACT);
    assertThat(COST.total()).isCloseTo(0.389, EXACT);
  }

  @Test
  void anEmptyJobThatTookLongerThanAStepDoesNotSpoilThePrediction() {
    Calibration noisy = new Calibration(0.300, 0.050, 0.020); // 400 ms; the step's exchange is 60
    StepCostModel model = new StepCostModel(2, COST, noisy, Reduction.DRIVER);

    assertThat(model.seconds(2)).isCloseTo(COST.total(), EXACT);
    assertThat(model.seconds(4))
        .isCloseTo(0.003 + 0.006 + 0.020 + 0.140 + 0.010 + 0.020 + 0.002 + 0.15 * 0.5, EXACT);
  }

  @Test
  void moreWorkersShareTheRowsAndBringMoreGradients() {
    // launch 30 + 8*5, broadcast 3, fetch 4 * 4/2 rounds, fixed 20, shared 560/8, straggling 10,
    // results (20 + 10) * 8/2, update 2
    double expected = 0.070 + 0.003 + 0.008 + 0.020 + 0.070 + 0.010 + 0.120 + 0.002;

    assertThat(model(Reduction.DRIVER).seconds(8)).isCloseTo(expected, EXACT);
    assertThat(model(Reduction.SHUFFLE).seconds(8)).isCloseTo(expected - 0.120 + 0.030, EXACT);
  }

  @Test
  void theBestNumberIsWhereOneMoreCostsMoreThanItTakesOff() {
    StepCostModel model = model(Reduction.DRIVER);

    int best = model.best();

    assertThat(best).isBetween(2, 8);
    for (int workers = 1; workers <= 64; workers++) {
      assertThat(model.seconds(best)).isLessThanOrEqualTo(model.seconds(workers));
    }
    assertThat(model.lines("step").get(1)).endsWith("; more than " + best + " make it slower");
    assertThat(model(Reduction.SHUFFLE).best()).isGreaterThan(best);
  }

  @Test
  void emptyJobsOfTwoSizesGiveTheCostOfATask() {
    Calibration calibration = Calibration.of(2, 0.050, 32, 0.080, 0.02);

    assertThat(calibration.launchPerTask()).isCloseTo(0.001, EXACT);
    assertThat(calibration.launchBase()).isCloseTo(0.048, EXACT);
    assertThat(Calibration.of(2, 0.080, 32, 0.050, 0.02).launchPerTask()).isZero(); // noise
  }

  @Test
  void whatIsPrintedNamesThePhases() {
    List<String> lines = model(Reduction.DRIVER).lines("step");

    assertThat(lines.get(0))
        .isEqualTo(
            "a step of 389 ms: broadcast 7 ms, compute 310 (mean of the workers 300), reduce 70,"
                + " update 2 (40 of it launches the job)");
    assertThat(lines.get(1)).startsWith("predicted ms by number of such workers: 2: 389, 4: ");
    assertThat(model(Reduction.DRIVER).figures())
        .containsEntry("reduce_ms", 70.0)
        .containsEntry("launch_ms", 40.0)
        .containsKeys("predicted_ms", "best_workers");
  }

  @Test
  void theMedianIsTakenPhaseByPhase() {
    StepCost slow = new StepCost(1, 0.001, 1, 1, 1, 1, 1);
    StepCost odd = new StepCost(0.001, 1, 0.002, 0.003, 0.004, 0.005, 0.006);

    assertThat(StepCost.median(List.of(slow, COST, odd)))
        .isEqualTo(new StepCost(0.003, 0.004, 0.310, 0.300, 0.060, 0.010, 0.006));
  }
}
