package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.ComputeBackend;
import dev.weft.compute.NativeBackend;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A backend against the processor in float64. On a machine with a GPU, by one command:
 *
 * <pre>scripts/bench gpu</pre>
 */
class BackendParityTest {
  private static final String BACKEND = "weft.parity.backend";

  @TempDir Path folder;

  @BeforeAll
  static void startEngine() {
    if (System.getProperty(BACKEND) != null) {
      NativeBackend.choose(
          ComputeBackend.valueOf(System.getProperty(BACKEND).toUpperCase(Locale.ROOT)));
    }
    NativeBackend.load();
  }

  @Test
  void lossAndGradientsAreThoseOfFloat64OnTheProcessor() throws Exception {
    Path file = folder.resolve("reference");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(BackendParity.class.getName(), file.toString()));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    List<BackendParity.Result> expected = BackendParity.read(file);

    for (int i = 0; i < expected.size(); i++) {
      BackendParity.Case each = BackendParity.cases().get(i);
      BackendParity.Result computed = BackendParity.computed(each);
      double[] reference = expected.get(i).gradient();
      double distance = distance(computed.gradient(), reference) / distance(reference, null);
      if (System.getProperty(BACKEND) != null) {
        System.out.printf(
            Locale.ROOT,
            "%s %s: loss %.7f (float64 %.7f), gradient %.2g off%n",
            each.head().kind(),
            each.direction(),
            computed.loss(),
            expected.get(i).loss(),
            distance);
      }
      assertThat(computed.loss())
          .as("loss of %s", each)
          .isCloseTo(expected.get(i).loss(), within(1e-5 * expected.get(i).loss()));
      assertThat(computed.scaleGradient())
          .as("dL/ds of %s", each)
          .isCloseTo(expected.get(i).scaleGradient(), within(1e-6));
      assertThat(distance).as("relative distance of the gradient of %s", each).isLessThan(1e-5);
    }
  }

  /** From another vector, or from zero. */
  private static double distance(double[] first, double[] second) {
    double square = 0;
    for (int i = 0; i < first.length; i++) {
      square += Math.pow(first[i] - (second == null ? 0 : second[i]), 2);
    }
    return Math.sqrt(square);
  }
}
