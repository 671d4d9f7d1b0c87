package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeVectors;
import dev.weft.jobs.Session;
import dev.weft.train.LocalRound;
import dev.weft.train.PartialStep;
import dev.weft.train.StepRequest;
import dev.weft.train.StepWorkers;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossVerificationTest {
  @TempDir static Path root;
  private static EncodedTriplets problem;

  @BeforeAll
  static void write() {
    problem = EncodedTriplets.written(root, 150);
  }

  private static Session session(String heads) {
    return problem.session("train.heads=[" + heads + "]", "train.batch-size=48");
  }

  @Test
  void everyHeadIsThatOfOneProcessInFloat64() {
    Map<String, Object> figures =
        LossVerification.run(session("sum, gated, combiner, attention, tirg"));

    assertThat(figures).containsEntry("status", "done").containsEntry("checks", 4 * 4 * 6 + 4);
    assertThat((Double) figures.get("worst_gradient_error")).isPositive().isLessThan(1e-5);
    assertThat((Double) figures.get("worst_loss_error")).isPositive().isLessThan(1e-5);
    assertThat((List<?>) figures.get("rows"))
        .allSatisfy(row -> assertThat((Long) ((Map<?, ?>) row).get("masked")).isPositive());
    assertThat(problem.said())
        .contains(
            "symmetric, all negatives, smoothed",
            "8 (driver)",
            "8 (shuffle)",
            "symmetric, both sides");
  }

  /** Steps of Spark, of which one slice is a little too long. */
  private record Faulty(StepWorkers right, int slice) implements StepWorkers {
    @Override
    public List<double[]> columns(StepRequest request) {
      return right.columns(request);
    }

    @Override
    public List<int[]> notFinite(StepRequest request) {
      return right.notFinite(request);
    }

    @Override
    public List<LocalRound.Result> local(LocalRound round, byte[] state) {
      return right.local(round, state);
    }

    @Override
    public List<PartialStep> compute(StepRequest request) {
      List<PartialStep> slices = new ArrayList<>(right.compute(request));
      if (slices.size() > slice) {
        PartialStep old = slices.get(slice);
        byte[] longer = old.gradient().clone();
        FloatBuffer values = NativeVectors.floats(longer);
        for (int i = 0; i < values.limit(); i++) {
          values.put(i, values.get(i) * 1.001f);
        }
        slices.set(
            slice, new PartialStep(old.rows(), old.loss(), old.logitScaleGradient(), longer));
      }
      return slices;
    }
  }

  @Test
  void aSliceThatIsOffByAThousandthIsFound() {
    Session session = session("gated");
    LossVerification verification = new LossVerification(session, right -> new Faulty(right, 5));

    assertThatThrownBy(verification::verify)
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BUG))
        .hasMessageMatching(
            "Cannot trust the training steps of this cluster: loss and gradient of 8 of 28 checks"
                + " are not those of one process in float64; the largest relative errors are \\S+"
                + " and \\S+, and 1e-05 is allowed\\. Look .*");
    assertThat(problem.said()).contains("<- too far");
  }

  @Test
  void headsWithoutStepsHaveNothingToVerify() {
    assertThatThrownBy(() -> LossVerification.run(session("sum, weighted")))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot verify the loss: train.heads ([sum, weighted]) has no head");
  }
}
