package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Preset;
import dev.weft.train.HeadArchitecture.Sum;
import dev.weft.train.HeadArchitecture.Weighted;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class FusionHeadTest {
  private static final int WIDTH = 8;

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  static Stream<FusionHead> heads() {
    GraphHead gated = GraphHead.build(new Gated(WIDTH, Gate.VECTOR));
    GraphHead scalar = GraphHead.build(new Gated(WIDTH, Gate.SCALAR));
    GraphHead combiner = GraphHead.build(new Combiner(WIDTH, 5, 7, 0.5));
    GraphHead attention = GraphHead.build(new HeadArchitecture.Attention(WIDTH, 2));
    GraphHead tirg = GraphHead.build(new HeadArchitecture.Tirg(WIDTH, 5));
    Stream.of(gated, scalar, combiner, attention, tirg).forEach(head -> head.initialize(1));
    return Stream.of(
        new SumHead(new Sum(WIDTH)),
        new WeightedHead(new Weighted(WIDTH, 0.3, Mix.LINEAR)),
        new WeightedHead(new Weighted(WIDTH, 0.3, Mix.SLERP)),
        gated,
        scalar,
        combiner,
        attention,
        tirg);
  }

  @ParameterizedTest
  @MethodSource("heads")
  void queriesHaveUnitLengthAndInputsStay(FusionHead head) {
    INDArray images = UnitRows.matrix(6, WIDTH, 1).castTo(DataType.FLOAT);
    INDArray texts = UnitRows.matrix(6, WIDTH, 2).castTo(DataType.FLOAT);

    INDArray queries = head.compose(images, texts);

    for (double norm : queries.norm2(1).toDoubleVector()) {
      assertThat(norm).isCloseTo(1, within(1e-6));
    }
    assertThat(images).isEqualTo(UnitRows.matrix(6, WIDTH, 1).castTo(DataType.FLOAT));
    assertThat(texts).isEqualTo(UnitRows.matrix(6, WIDTH, 2).castTo(DataType.FLOAT));
    assertThat(head.compose(images, texts)).isEqualTo(queries);
  }

  @Test
  void weightsOfNoughtAndOneAreTheImageAndTheText() {
    INDArray images = UnitRows.matrix(4, WIDTH, 1);
    INDArray texts = UnitRows.matrix(4, WIDTH, 2);

    for (Mix mix : Mix.values()) {
      assertThat(new WeightedHead(new Weighted(WIDTH, 0, mix)).compose(images, texts))
          .isEqualTo(images);
      assertThat(new WeightedHead(new Weighted(WIDTH, 1, mix)).compose(images, texts))
          .isEqualTo(texts);
    }
  }

  @Test
  void slerpDividesTheAngle() {
    INDArray image = Nd4j.createFromArray(new double[][] {{1, 0}});
    INDArray text = Nd4j.createFromArray(new double[][] {{0, 1}});

    INDArray query = new WeightedHead(new Weighted(2, 0.25, Mix.SLERP)).compose(image, text);

    assertThat(query.getDouble(0, 0)).isCloseTo(Math.cos(Math.PI / 8), within(1e-9));
  }

  @Test
  void aGateWithoutParametersIsTheSum() {
    INDArray images = UnitRows.matrix(4, WIDTH, 1);
    INDArray texts = UnitRows.matrix(4, WIDTH, 2);

    INDArray gated =
        GraphHead.build(new Gated(WIDTH, Gate.SCALAR), DataType.DOUBLE).compose(images, texts);

    INDArray sum = new SumHead(new Sum(WIDTH)).compose(images, texts);
    assertThat(gated.sub(sum).amaxNumber().doubleValue()).isLessThan(1e-9);
  }

  @Test
  void sizesOfThePaperGiveItsParameterCount() {
    // CLIP4Cir with RN50x4: D = 640, projection 4 D, hidden 8 D.
    long projections = 2 * (640 * 2560 + 2560);
    long hiddens = 2 * (5120 * 5120 + 5120);
    long outputs = (5120 * 640 + 640) + (5120 + 1);
    assertThat(Preset.FULL.combiner(640)).isEqualTo(new Combiner(640, 2560, 5120, 0.5));
    assertThat(Preset.FULL.combiner(640).parameterCount())
        .isEqualTo(projections + hiddens + outputs);
  }

  @Test
  void dropoutDependsOnStepAndRowButNotOnTheSlice() {
    INDArray whole = Nd4j.create(DataType.FLOAT, 3, 200);
    new RowKeys(1, 5, new int[] {7, 8, 9}).dropout(0, 0.5, whole);
    INDArray last = Nd4j.create(DataType.FLOAT, 1, 200);
    new RowKeys(1, 5, new int[] {9}).dropout(0, 0.5, last);
    INDArray otherStep = Nd4j.create(DataType.FLOAT, 1, 200);
    new RowKeys(1, 6, new int[] {9}).dropout(0, 0.5, otherStep);
    INDArray otherLayer = Nd4j.create(DataType.FLOAT, 1, 200);
    new RowKeys(1, 5, new int[] {9}).dropout(1, 0.5, otherLayer);

    assertThat(last).isEqualTo(whole.getRows(2));
    assertThat(otherStep).isNotEqualTo(last);
    assertThat(otherLayer).isNotEqualTo(last);
  }

  @Test
  void dropoutKeepsTheMeanOfAUnit() {
    INDArray mask = Nd4j.create(DataType.FLOAT, 1, 40_000);

    new RowKeys(1, 1, new int[] {1}).dropout(0, 0.2, mask);

    assertThat(mask.meanNumber().doubleValue()).isCloseTo(1, within(0.01));
    assertThat(mask.eq(0).castTo(DataType.FLOAT).meanNumber().doubleValue())
        .isCloseTo(0.2, within(0.01));
  }
}
