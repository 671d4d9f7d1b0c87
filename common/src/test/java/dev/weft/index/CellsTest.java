package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.compute.Workers;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CellsTest {
  private static final List<float[]> VECTORS =
      Samples.clustered(new SplittableRandom(2), 3000, 24, 10);

  private static double spread(Cells cells, int[] assigned) {
    double sum = 0;
    for (int row = 0; row < assigned.length; row++) {
      float[] centroid = cells.centroid(assigned[row]);
      for (int i = 0; i < centroid.length; i++) {
        sum += centroid[i] * VECTORS.get(row)[i];
      }
    }
    return sum / assigned.length;
  }

  @Test
  void trainingBringsCentroidsToTheirMembersTheSameForAnyNumberOfWorkers() {
    try (Workers one = new Workers(1);
        Workers three = new Workers(3)) {
      Cells first = Cells.train(VECTORS, 10, 1, 7, one);
      Cells trained = Cells.train(VECTORS, 10, 12, 7, one);

      assertThat(spread(trained, trained.assign(VECTORS, one)))
          .isGreaterThan(spread(first, first.assign(VECTORS, one)));
      assertThat(Cells.train(VECTORS, 10, 12, 7, three).flat()).isEqualTo(trained.flat());
      assertThat(Cells.ofFlat(trained.flat(), 24).flat()).isEqualTo(trained.flat());
      int[] sizes = new int[10];
      Arrays.stream(trained.assign(VECTORS, three)).forEach(cell -> sizes[cell]++);
      assertThat(sizes).doesNotContain(0);
    }
  }

  @Test
  void recallIsThatOfTheCellsLookedInto() {
    Cells cells =
        new Cells(
            new float[][] {
              {1, 0}, {0, 1}, {-1, 0}, {(float) Math.sqrt(0.5), (float) Math.sqrt(0.5)}
            });
    try (Workers workers = new Workers(1)) {
      List<float[]> queries = List.of(new float[] {1, 0}, new float[] {0, 1});
      CellRecall recall =
          CellRecall.measure(
              cells, queries, List.of(new int[] {0, 0, 3, 2}, new int[] {1, 3, 3, 3}), workers);

      assertThat(recall.at(1)).isEqualTo(3 / 8.0);
      assertThat(recall.at(2)).isEqualTo(7 / 8.0);
      assertThat(recall.at(4)).isEqualTo(1);
      assertThat(recall.reaching(0.8, "two"))
          .isEqualTo(new IndexLayout(4, 2, 7 / 8.0, 0.8, 2, "two"));
      assertThat(recall.reaching(1, "two").probes()).isEqualTo(4);
      assertThatThrownBy(() -> CellRecall.measure(cells, List.of(), List.of(), workers))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("recall needs queries");
    }
  }
}
