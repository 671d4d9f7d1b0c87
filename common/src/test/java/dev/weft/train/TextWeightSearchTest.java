package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.NativeBackend;
import dev.weft.train.HeadArchitecture.Mix;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TextWeightSearchTest {
  private static final int ROWS = 500;
  private static final int WIDTH = 4; // narrow, so that the targets crowd each other
  private static final int[] NUMBERS = IntStream.range(0, ROWS).toArray();
  private static final int[] LATER = IntStream.range(ROWS, 2 * ROWS).toArray();
  private static final float[] TARGETS = UnitRows.array(ROWS, WIDTH, 1);
  private static final float[] STRANGERS = UnitRows.array(ROWS, WIDTH, 2);

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @ParameterizedTest
  @EnumSource(Mix.class)
  void theSideThatKnowsTheTargetGetsTheWeight(Mix mix) {
    float[] images = new float[2 * ROWS * WIDTH];
    System.arraycopy(STRANGERS, 0, images, 0, STRANGERS.length);
    System.arraycopy(TARGETS, 0, images, STRANGERS.length, TARGETS.length);
    TripletTable texts = new TripletTable(WIDTH, 1, images, TARGETS, NUMBERS, LATER, NUMBERS);
    TripletTable references = new TripletTable(WIDTH, 1, images, STRANGERS, LATER, LATER, NUMBERS);

    assertThat(TextWeightSearch.search(texts, mix, 1).textWeight()).isGreaterThan(0.8);
    assertThat(TextWeightSearch.search(references, mix, 1).textWeight()).isLessThan(0.2);
  }
}
