package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WeftTest {
  private static final Map<String, String> YARN =
      Map.of("spark.master", "yarn", "spark.submit.deployMode", "cluster");

  private final Locale locale = Locale.getDefault();

  @BeforeEach
  void runAsApplicationMaster() {
    YARN.forEach(System::setProperty);
  }

  @AfterEach
  void restore() {
    YARN.keySet().forEach(System::clearProperty);
    Locale.setDefault(locale);
  }

  @Test
  void yarnIsToldTheExitCodeAndTheReasonOfAFailure() {
    assertThatThrownBy(() -> Weft.main(new String[] {"fly"}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(
            "weft ended with exit code 64. Cannot run 'weft fly': Unmatched argument at index 0: 'fly'.");
  }
}
