package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.OwnProcess;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.train.HeadArchitecture.Attention;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Tirg;
import dev.weft.train.HeadArchitecture.Trainable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StepComputationTest {
  private static final int ROWS = 90;
  private static final Batches BATCHES = new Batches(3, ROWS, 64);

  private static final Objective PLAIN =
      new Objective(Objective.Direction.QUERY_TO_TARGET, true, 0, 0, 0);

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  static Stream<Trainable> heads() {
    return Stream.of(
        new Gated(Synthetic.WIDTH, Gate.VECTOR),
        new Combiner(Synthetic.WIDTH, 16, 24, 0.5),
        new Attention(Synthetic.WIDTH, 4),
        new Tirg(Synthetic.WIDTH, 16));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void anyNumberOfSlicesAddsUpToTheWhole(Trainable architecture) {
    StepComputation computation = computation(architecture);
    StepRequest request = request(architecture, 5);
    PartialStep whole = computation.compute(request, 0, 1);

    for (int parts : new int[] {2, 3, 8, 100}) {
      PartialStep[] slices =
          IntStream.range(0, parts)
              .mapToObj(part -> computation.compute(request, part, parts))
              .toArray(PartialStep[]::new);
      double loss = Stream.of(slices).mapToDouble(PartialStep::loss).sum();
      double scaleGradient = Stream.of(slices).mapToDouble(PartialStep::logitScaleGradient).sum();

      assertThat(Stream.of(slices).mapToInt(PartialStep::rows).sum()).isEqualTo(whole.rows());
      assertThat(loss).isCloseTo(whole.loss(), within(1e-5 * whole.loss()));
      assertThat(scaleGradient)
          .isCloseTo(whole.logitScaleGradient(), within(1e-4 * Math.abs(scaleGradient) + 1e-7));
      assertThat(distance(sum(slices), floats(whole.gradient())))
          .isLessThan(1e-5 * length(floats(whole.gradient())));
    }
  }

  @ParameterizedTest
  @MethodSource("heads")
  void aRepeatedSliceHasTheSameBytes(Trainable architecture) {
    StepRequest request = request(architecture, 5);
    StepComputation computation = computation(architecture);
    PartialStep first = computation.compute(request, 1, 3);
    computation.compute(request(architecture, 6), 0, 2);

    for (PartialStep again :
        new PartialStep[] {
          computation.compute(request, 1, 3), computation(architecture).compute(request, 1, 3)
        }) {
      assertThat(again.gradient()).isEqualTo(first.gradient());
      assertThat(again.loss()).isEqualTo(first.loss());
      assertThat(again.logitScaleGradient()).isEqualTo(first.logitScaleGradient());
    }
  }

  @Test
  void aSliceWithoutRowsIsEmpty() {
    Trainable architecture = new Gated(Synthetic.WIDTH, Gate.SCALAR);

    PartialStep slice = computation(architecture).compute(request(architecture, 0), 0, 1000);

    assertThat(slice.rows()).isZero();
    assertThat(slice.gradient()).isEmpty();
  }

  @Test
  void dropoutDiffersFromStepToStep() {
    Trainable architecture = new Combiner(Synthetic.WIDTH, 16, 24, 0.5);
    StepComputation computation = computation(architecture);

    assertThat(computation.compute(request(architecture, 5), 0, 1).loss())
        .isNotEqualTo(computation.compute(request(architecture, 6), 0, 1).loss());
  }

  @Test
  void theBytesDoNotDependOnTheNumberOfThreads() throws Exception {
    String onOne = onThreads(1);
    assertThat(onOne.lines()).hasSize(5).doesNotHaveDuplicates();
    assertThat(onThreads(2)).isEqualTo(onOne);
    assertThat(onThreads(3)).isEqualTo(onOne);
  }

  private static String onThreads(int threads) throws Exception {
    return OwnProcess.output(
        StepComputationTest.class,
        List.of("--add-modules=jdk.incubator.vector"),
        Map.of("OMP_NUM_THREADS", "" + threads));
  }

  /** Prints what a step of each head does to parameters, in widths whose products are cut. */
  public static void main(String[] arguments) {
    NativeBackend.load();
    int width = 192;
    Stream.of(
            new Gated(width, Gate.VECTOR),
            new Gated(width, Gate.SCALAR),
            new Combiner(width, 256, 320, 0.5),
            new Attention(width, 4),
            new Tirg(width, 256))
        .map(StepComputationTest::threeSteps)
        .forEach(System.out::println);
  }

  /** Clipped and decayed: whatever may be added up in another order. */
  private static String threeSteps(Trainable architecture) {
    TrainConfig config = Synthetic.config(3, 512, 0.01);
    Batches batches = new Batches(1, 512, 512);
    TripletTable table = Synthetic.random(512, architecture.dimension(), 1);
    Checkpoint end =
        new Trainer(config, architecture, batches, "threads")
            .train(
                new Trainer(config, architecture, batches, "threads").start(),
                new LocalWorkers(
                    new StepComputation(architecture, table, batches, config.objective()), 2),
                kept -> {},
                report -> {});
    return Arrays.hashCode(end.parameters()) + " " + end.history();
  }

  private static StepComputation computation(Trainable architecture) {
    return new StepComputation(architecture, Synthetic.table(ROWS, 1), BATCHES, PLAIN);
  }

  private static StepRequest request(Trainable architecture, long step) {
    GraphHead head = GraphHead.build(architecture);
    head.initialize(1);
    return new StepRequest(step, 2, 0, NativeVectors.bytes(head.parameters()), 20);
  }

  private static float[] floats(byte[] bytes) {
    float[] values = new float[bytes.length / Float.BYTES];
    NativeVectors.floats(bytes).get(values);
    return values;
  }

  private static float[] sum(PartialStep[] slices) {
    float[] sum = null;
    for (PartialStep slice : slices) {
      if (slice.rows() == 0) {
        continue;
      }
      float[] gradient = floats(slice.gradient());
      sum = sum == null ? new float[gradient.length] : sum;
      for (int i = 0; i < sum.length; i++) {
        sum[i] += gradient[i];
      }
    }
    return sum;
  }

  private static double distance(float[] first, float[] second) {
    double square = 0;
    for (int i = 0; i < first.length; i++) {
      square += Math.pow((double) first[i] - second[i], 2);
    }
    return Math.sqrt(square);
  }

  private static double length(float[] vector) {
    return distance(vector, new float[vector.length]);
  }
}
