package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeVectors;
import dev.weft.encode.PatchShape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AlignStepTest {
  private static final PatchShape SHAPE = new PatchShape(16, 8, 6, 12, 5);
  private static final List<AlignRow> ROWS = ColouredSquares.rows(12, 1);

  @Test
  void theGradientPredictsHowTheLossMoves() {
    float[] parameters = AlignParameters.initial(SHAPE, 3, 5);
    Outcome here = outcome(parameters, 1);
    AlignParameters layout = AlignParameters.of(SHAPE);
    int[][] parts = {
      {0, layout.imageCount()},
      {layout.imageCount(), layout.scaleAt()},
      {layout.scaleAt(), layout.count()}
    };
    for (int[] part : parts) {
      // Along its own gradient, the loss of a part changes by the squared length per unit.
      float[] above = parameters.clone();
      float[] below = parameters.clone();
      double square = 0;
      for (int i = part[0]; i < part[1]; i++) {
        square += (double) here.gradient[i] * here.gradient[i];
      }
      double step = 3e-3 / Math.sqrt(square);
      for (int i = part[0]; i < part[1]; i++) {
        above[i] += (float) (step * here.gradient[i]);
        below[i] -= (float) (step * here.gradient[i]);
      }
      double slope = (outcome(above, 1).loss - outcome(below, 1).loss) / (2 * step);
      assertThat(slope).isCloseTo(square, within(0.01 * square));
    }
  }

  @Test
  void slicesAddUpToTheWhole() {
    float[] parameters = AlignParameters.initial(SHAPE, 3, 5);
    Outcome one = outcome(parameters, 1);
    Outcome three = outcome(parameters, 3);

    assertThat(three.loss).isCloseTo(one.loss, within(1e-6));
    assertThat(three.gradient).containsExactly(one.gradient, within(1e-6f));
  }

  @Test
  void aTaskThatRunsAgainReturnsTheSameBytes() {
    AlignRequest request = request(AlignParameters.initial(SHAPE, 3, 5));
    AlignStep both = step();
    Embeddings all = both.embed(request, ROWS);
    SymmetricLoss.Normalizers normalizers = AlignStep.loss(all, 5, 5).normalizers(0, ROWS.size());
    byte[] first = both.gradient(request, ROWS, 0, all, normalizers).gradient();
    byte[] again = both.gradient(request, ROWS, 0, all, normalizers).gradient();
    byte[] elsewhere = step().gradient(request, ROWS, 0, all, normalizers).gradient();

    assertThat(again).isEqualTo(first);
    assertThat(elsewhere).isEqualTo(first);
    assertThat(step().embed(request, ROWS).images()).isEqualTo(all.images());
  }

  @Test
  void activationsOfOtherParametersAreNotUsedAgain() {
    AlignStep step = step();
    step.embed(request(AlignParameters.initial(SHAPE, 3, 5)), ROWS);
    AlignRequest other = request(AlignParameters.initial(SHAPE, 4, 5));

    assertThat(step.embed(other, ROWS).images()).isEqualTo(step().embed(other, ROWS).images());
  }

  @Test
  void aSliceWithoutRowsAddsNothing() {
    AlignRequest request = request(AlignParameters.initial(SHAPE, 3, 5));

    assertThat(step().embed(request, List.of()).rows()).isZero();
    assertThat(
            step()
                .gradient(
                    request,
                    List.of(),
                    0,
                    new Embeddings(new float[0], new float[0], new long[0]),
                    new SymmetricLoss.Normalizers(new double[0], new double[0]))
                .gradient())
        .isEmpty();
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Outcome(double loss, float[] gradient) {}

  private static Outcome outcome(float[] parameters, int slices) {
    List<AlignStep> steps = new ArrayList<>();
    IntStream.range(0, slices).forEach(i -> steps.add(step()));
    LocalWorkers workers = new LocalWorkers(ROWS, steps);
    AlignRequest request = request(parameters);
    Embeddings all = Embeddings.concatenate(workers.embed(request));
    double scale = AlignParameters.of(SHAPE).scale(parameters);
    SymmetricLoss.Normalizers normalizers =
        AlignStep.loss(all, 5, scale).normalizers(0, ROWS.size());
    float[] sum = new float[parameters.length];
    double loss = 0;
    for (PartialGradient partial : workers.gradient(request, all, normalizers)) {
      loss += partial.loss();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += NativeVectors.floats(partial.gradient()).get(i);
      }
    }
    return new Outcome(loss, sum);
  }

  private static AlignStep step() {
    return new AlignStep(SHAPE, ColouredSquares.PREPROCESSING, new Augmentation(1, true), 1);
  }

  private static AlignRequest request(float[] parameters) {
    byte[] bytes = new byte[parameters.length * Float.BYTES];
    NativeVectors.floats(bytes).put(parameters);
    return new AlignRequest(0, 0, IntStream.range(0, ROWS.size()).toArray(), bytes);
  }
}
