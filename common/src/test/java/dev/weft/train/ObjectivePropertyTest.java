package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.Objective.Direction;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Each line of configuration that changes the loss, alone and with the others, against float64. */
class ObjectivePropertyTest {
  private static final int WIDTH = 6;
  private static final int TRIES = 8;

  @BeforeContainer
  static void startEngine() {
    NativeBackend.load();
  }

  @Property(tries = TRIES)
  void equalTargetsAreMasked(@ForAll long seed, @ForAll @IntRange(min = 2, max = 5) int images) {
    Problem problem = new Problem(seed, images, plain(Direction.QUERY_TO_TARGET));

    assertThat(problem.check()).isPositive(); // fewer images than rows: some repeat
  }

  @Property(tries = TRIES)
  void symmetric(@ForAll long seed, @ForAll @IntRange(min = 2, max = 40) int images) {
    new Problem(seed, images, plain(Direction.SYMMETRIC)).check();
  }

  @Property(tries = TRIES)
  void referenceAsNegative(@ForAll long seed, @ForAll Direction direction) {
    new Problem(seed, 30, new Objective(direction, true, 0, 0, 0)).check();
  }

  @Property(tries = TRIES)
  void hardNegatives(
      @ForAll long seed, @ForAll Direction direction, @ForAll @IntRange(min = 1, max = 3) int k) {
    new Problem(seed, 30, new Objective(direction, false, k, 0, 0)).check();
  }

  @Property(tries = TRIES)
  void memoryBank(
      @ForAll long seed, @ForAll Direction direction, @ForAll @IntRange(min = 1, max = 4) int m) {
    new Problem(seed, 30, new Objective(direction, false, 0, m, 0)).check();
  }

  @Property(tries = TRIES)
  void labelSmoothing(
      @ForAll long seed,
      @ForAll Direction direction,
      @ForAll @DoubleRange(min = 0.01, max = 0.9) double smoothing) {
    new Problem(seed, 30, new Objective(direction, false, 0, 0, smoothing)).check();
  }

  @Property(tries = TRIES)
  void allTogether(
      @ForAll long seed,
      @ForAll Direction direction,
      @ForAll @IntRange(min = 2, max = 30) int images,
      @ForAll @DoubleRange(min = 0, max = 0.5) double smoothing) {
    new Problem(seed, images, new Objective(direction, true, 2, 2, smoothing)).check();
  }

  private static Objective plain(Direction direction) {
    return new Objective(direction, false, 0, 0, 0);
  }

  /** Rows with few images among them, so that targets, references and negatives repeat. */
  private record Problem(long seed, int images, Objective objective) {
    private static final int ROWS = 23;
    private static final int BATCH = 9;
    private static final int HARD_NEGATIVES = 3;

    /** Compares a step with the reference; returns how many pairs were masked. */
    long check() {
      Gated architecture = new Gated(WIDTH, Gate.VECTOR);
      TripletTable table = table();
      Batches batches = new Batches(seed, ROWS, BATCH);
      GraphHead head = GraphHead.build(architecture);
      head.initialize(seed);
      StepComputation computation = new StepComputation(architecture, table, batches, objective);
      StepRequest request =
          new StepRequest(4, 1, 1, NativeVectors.bytes(head.parameters()), 1 + (seed & 31));
      if (objective.needsColumns()) {
        request = request.withColumns(new LocalWorkers(computation, 2).columns(request));
      }

      PartialStep step = computation.compute(request, 0, 1);
      ReferenceStep.Result expected =
          new ReferenceStep(architecture, table, batches, objective).compute(request);

      assertThat(step.loss()).isCloseTo(expected.loss(), within(1e-5 * (1 + expected.loss())));
      assertThat(step.logitScaleGradient()).isCloseTo(expected.logitScaleGradient(), within(1e-4));
      float[] gradient = new float[expected.gradient().length];
      NativeVectors.floats(step.gradient()).get(gradient);
      double length = 0;
      double distance = 0;
      for (int i = 0; i < gradient.length; i++) {
        length += Math.pow(expected.gradient()[i], 2);
        distance += Math.pow(gradient[i] - expected.gradient()[i], 2);
      }
      assertThat(Math.sqrt(distance)).isLessThan(1e-4 * Math.sqrt(length) + 1e-6);
      return expected.masked();
    }

    private TripletTable table() {
      SplittableRandom random = new SplittableRandom(seed);
      return new TripletTable(
          WIDTH,
          1,
          UnitRows.array(images, WIDTH, seed),
          UnitRows.array(ROWS, WIDTH, seed + 1),
          random.ints(ROWS, 0, images).toArray(),
          random.ints(ROWS, 0, images).toArray(),
          random.ints(ROWS, 0, ROWS).toArray(),
          HARD_NEGATIVES,
          random.ints((long) ROWS * HARD_NEGATIVES, -1, images).toArray());
    }
  }
}
