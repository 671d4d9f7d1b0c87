package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.Optimizer;
import dev.weft.compute.RandomKey;
import dev.weft.train.HeadArchitecture.Attention;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Tirg;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The layout by shapes beside the views that DL4J's own graph has of its flat vector. */
class HeadLayoutTest {
  private static final int WIDTH = 6;
  private static final String WEIGHTS = "_W";

  static Stream<HeadArchitecture.Trainable> heads() {
    return Stream.of(
        new Gated(WIDTH, Gate.VECTOR),
        new Gated(WIDTH, Gate.SCALAR),
        new Combiner(WIDTH, 5, 7, 0.5),
        new Combiner(WIDTH, 5, 7, 0),
        new Attention(WIDTH, 2),
        new Tirg(WIDTH, 5));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void theWeightsAreThoseOfTheGraph(HeadArchitecture.Trainable architecture) {
    GraphHead head = GraphHead.build(architecture);
    List<Optimizer.Span> spans = new ArrayList<>();
    for (Map.Entry<String, INDArray> entry : head.graph().paramTable().entrySet()) {
      long from = entry.getValue().offset() - head.parameters().offset();
      if (entry.getKey().endsWith(WEIGHTS)) {
        spans.add(new Optimizer.Span(from, from + entry.getValue().length()));
      }
    }
    spans.sort(Comparator.comparingLong(Optimizer.Span::from));

    assertThat(HeadLayout.of(architecture).weights()).isEqualTo(spans);
  }

  @ParameterizedTest
  @MethodSource("heads")
  void everyLayerIsDrawnByItsNameAndBiasesAreZero(HeadArchitecture.Trainable architecture) {
    GraphHead head = GraphHead.build(architecture);

    NativeVectors.fill(head.parameters(), HeadLayout.of(architecture).initial(3));

    for (Map.Entry<String, INDArray> entry : head.graph().paramTable().entrySet()) {
      INDArray values = entry.getValue();
      if (!entry.getKey().endsWith(WEIGHTS)) {
        assertThat(values.toFloatVector()).as(entry.getKey()).containsOnly(0);
        continue;
      }
      double limit = Math.sqrt(6.0 / (values.size(0) + values.size(1)));
      SplittableRandom random = new SplittableRandom(RandomKey.of(3, 3, entry.getKey().hashCode()));
      double[] drawn =
          random.doubles(values.length()).map(unit -> (2 * unit - 1) * limit).toArray();
      IntStream.range(0, drawn.length)
          .forEach(
              i ->
                  assertThat(values.getFloat(i / values.size(1), i % values.size(1)))
                      .as("%s, number %d", entry.getKey(), i)
                      .isEqualTo((float) drawn[i]));
    }
  }
}
