package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BadRowsTest {
  private static final Finding CORRUPT =
      new Finding("tiny", "file:/i/a.jpg", "", Reason.CORRUPT_IMAGE, "the file is cut");
  private static final Finding MISSING =
      new Finding("tiny", "file:/i/b.jpg", "", Reason.MISSING_IMAGE, "there is no such file");

  @Test
  void allowsExactlyTheLimit() {
    assertThatCode(() -> BadRows.of(99, List.of(CORRUPT)).enforce("images", "tiny", 0.01))
        .doesNotThrowAnyException();
  }

  @Test
  void stopsAboveTheLimitAndNamesTheWorstReasonsFirst() {
    BadRows rows = BadRows.of(90, List.of(MISSING, CORRUPT, CORRUPT));

    assertThatThrownBy(() -> rows.enforce("images", "tiny", 0.01))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessage(
            "Cannot ingest tiny: 3 of 93 images are bad (3.23%), more than ingest.max-bad-fraction"
                + " allows (1.00%). Worst: 2 x corrupt-image in file:/i/a.jpg: the file is cut; 1 x"
                + " missing-image in file:/i/b.jpg: there is no such file. Mend the files, or raise"
                + " ingest.max-bad-fraction.");
  }

  @Test
  void addsUp() {
    BadRows sum = BadRows.of(1, List.of(CORRUPT)).plus(BadRows.of(5, List.of(CORRUPT, MISSING)));

    assertThat(sum).isEqualTo(BadRows.of(6, List.of(CORRUPT, CORRUPT, MISSING)));
    assertThat(sum.bad()).isEqualTo(3);
    assertThat(sum.rows()).isEqualTo(9);
  }

  @Test
  void noRowsAreNoneTooMany() {
    assertThatCode(() -> BadRows.of(0, List.of()).enforce("images", "tiny", 0))
        .doesNotThrowAnyException();
  }
}
