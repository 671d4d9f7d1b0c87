package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.evaluate.Protocol.Counts;
import dev.weft.evaluate.ResultTable.Cell;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultTableTest {
  static Metrics metrics(String head, Map<String, Double> values, String... reasons) {
    return new Metrics(
        head,
        "wardrobe/original",
        Family.FASHIONIQ,
        Map.of("dress", new Counts(1200, 400)),
        "by id",
        values,
        List.of(reasons));
  }

  @Test
  void aCellHasTheMeanAndItsStandardError() {
    Cell cell = Cell.of(List.of(0.1, 0.2, 0.6));

    // mean 0.3; sample variance (0.04 + 0.01 + 0.09) / 2 = 0.07; error sqrt(0.07 / 3)
    assertThat(cell.mean()).isCloseTo(0.3, within(1e-15));
    assertThat(cell.standardError().orElseThrow()).isCloseTo(Math.sqrt(0.07 / 3), within(1e-15));
    assertThat(cell).hasToString("30.00 ± 15.28");
    assertThat(Cell.of(List.of(0.35391))).hasToString("35.39");
  }

  @Test
  void theTerminalSeesAlignedColumns() {
    ResultTable table =
        ResultTable.of(
            List.of(
                metrics("gated", Map.of("R@1", 0.5, "R@10", 0.9375), "12 images are missing"),
                metrics("image", Map.of("R@1", 0.5))),
            List.of("R@1", "R@10"));

    assertThat(table.terminal())
        .isEqualTo(
            """
            wardrobe/original: dress 1,200 queries in 400 images; ties: by id
            head     R@1    R@10
            gated  50.00*  93.75*
            image  50.00*      -
              degraded: 12 images are missing
              percent; * marks the best of a column
            """);
  }

  @Test
  void theReadmeGetsMarkdown() {
    ResultTable table =
        ResultTable.of(
            List.of(
                metrics("gated", Map.of("R@1", 0.5)),
                metrics("gated", Map.of("R@1", 0.6)),
                metrics("sum", Map.of("R@1", 0.25)),
                metrics("sum", Map.of("R@1", 0.25))),
            List.of("R@1"));

    assertThat(table.markdown())
        .isEqualTo(
            """
            | head | R@1 |
            |---|---:|
            | gated | **55.00 ± 5.00** |
            | sum | 25.00 ± 0.00 |

            Percent. wardrobe/original: dress 1,200 queries in 400 images; ties: by id.

            mean ± standard error of the mean over 2 runs.
            """);
  }

  @Test
  void twoProtocolsDoNotShareATable() {
    Metrics union =
        new Metrics(
            "gated",
            "wardrobe/val-union",
            Family.FASHIONIQ,
            Map.of(),
            "by id",
            Map.of("R@1", 0.7),
            List.of());

    assertThatThrownBy(
            () ->
                ResultTable.of(
                    List.of(metrics("gated", Map.of("R@1", 0.5)), union), List.of("R@1")))
        .hasMessageStartingWith("numbers of different protocols do not stand in one table");
  }
}
