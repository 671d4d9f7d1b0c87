package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaderboardTest {
  private static final Optional<String> UNION = Optional.of("wardrobe/val-union");

  @TempDir private Path folder;

  @Test
  void everyFormOfEveryHeadIsScoredOnTheSameEmbeddingsOverTheSeeds() {
    Session session = TinyPipeline.sessionOn(folder, "train.epochs=1", "run=tiny");
    long encoded = session.artefact("encode").require().version();
    long trained = session.artefact("train/gated").require().version();

    Leaderboard.Made made = new Leaderboard(List.of(1L, 2L), UNION).run(session);

    assertThat(made.fields()).containsEntry("status", StageResult.DONE);
    assertThat(made.markdown())
        .contains("wardrobe/val-union")
        .contains("mean ± standard error of the mean over 2 runs")
        .contains("seeds of the training: 1, 2")
        .contains("](../leaderboard/seed-2-second/pages/seed-2-second.html)");
    Map<?, ?> tables = (Map<?, ?>) made.fields().get("metrics");
    assertThat(tables).hasSize(1);
    Map<?, ?> heads = (Map<?, ?>) tables.values().iterator().next();
    assertThat(heads.keySet())
        .extracting(String::valueOf)
        .containsExactlyInAnyOrder(
            "sum",
            "weighted, linear",
            "weighted, slerp",
            "gated, vector",
            "gated, scalar",
            "combiner, small",
            "combiner, full",
            "attention",
            "tirg",
            "image",
            "text");
    assertThat(value(heads, "sum", "R@10 standard error")).isZero(); // nothing is trained
    assertThat(value(heads, "combiner, full", "R@10"))
        .isNotEqualTo(value(heads, "combiner, small", "R@10"));
    assertThat(session.artefact("encode").require().version()).isEqualTo(encoded);
    assertThat(session.artefact("train/gated").require().version()).isEqualTo(trained);
    assertThat(session.artefact("train/tirg").latest()).isEmpty();

    assertThat(made.summary(List.of("R@10", "R@1")))
        .startsWith("| head | R@10 | R@1 |\n|---|---:|---:|\n| ")
        .contains("| combiner, full | ", "Percent. 2 runs, mean ± standard error of the mean.")
        .contains("seeds of the training: 1, 2")
        .doesNotContain("dress");

    Leaderboard.Made again = new Leaderboard(List.of(1L, 2L), UNION).run(session);
    assertThat(again.fields()).containsEntry("status", StageResult.UP_TO_DATE);
    assertThat(again.markdown()).isEqualTo(made.markdown());
  }

  private static double value(Map<?, ?> heads, String head, String metric) {
    return (Double) ((Map<?, ?>) heads.get(head)).get(metric);
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    assertThatThrownBy(() -> new Leaderboard(List.of(3L, 3L), UNION))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot make a leaderboard of the seeds [3, 3]");
    Leaderboard other = new Leaderboard(List.of(1L), Optional.of("cirr/val"));
    assertThatThrownBy(() -> other.run(TinyPipeline.session()))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot make a leaderboard of cirr/val")
        .hasMessageContaining("[wardrobe, wardrobe-circo]");
  }
}
