package dev.weft.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunTableTest {
  @Test
  void aCellIsTheMeanOfTheRunsWithItsErrorAndTheBestHeadComesFirst() {
    List<Map<String, Map<String, Double>>> runs =
        List.of(
            Map.of("sum", Map.of("R@10", 0.5), "gated", Map.of("R@10", 0.8)),
            Map.of("sum", Map.of("R@10", 0.5), "gated", Map.of("R@10", 0.9)));

    assertThat(RunTable.of(runs, List.of("R@10", "R@1")).markdown().lines())
        .startsWith(
            "| head | R@10 | R@1 |",
            "|---|---:|---:|",
            "| gated | **85.00 ± 5.00** | - |",
            "| sum | 50.00 ± 0.00 | - |")
        .contains("Percent. 2 runs, mean ± standard error of the mean.");
  }
}
