package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.align.SymmetricLoss.Normalizers;
import dev.weft.align.SymmetricLoss.Share;
import dev.weft.compute.NativeBackend;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SymmetricLossTest {
  private static final long[] ALL_DIFFERENT = {0, 1, 2, 3, 4};
  private static final long[] TWO_EQUAL = {0, 7, 2, 7, 4};
  private static final double SCALE = 3.5;

  @BeforeAll
  static void load() {
    NativeBackend.load();
  }

  @Test
  void equalVectorsGiveTheLogarithmOfTheBatchSize() {
    INDArray equal = Nd4j.ones(DataType.DOUBLE, 5, 3);

    assertThat(whole(equal, equal, ALL_DIFFERENT, SCALE).loss())
        .isCloseTo(Math.log(5), within(1e-12));
  }

  @Test
  void aRowWithTheSameDescriptionIsNoNegative() {
    INDArray equal = Nd4j.ones(DataType.DOUBLE, 5, 3);

    // Three rows choose among 5, the two with the same description among 4.
    assertThat(whole(equal, equal, TWO_EQUAL, SCALE).loss())
        .isCloseTo((3 * Math.log(5) + 2 * Math.log(4)) / 5, within(1e-12));
  }

  @Test
  void theLossIsTheMeanOfBothCrossEntropies() {
    INDArray images = random(1);
    INDArray texts = random(2);

    assertThat(whole(images, texts, TWO_EQUAL, SCALE).loss())
        .isCloseTo(byDefinition(images, texts, TWO_EQUAL, SCALE), within(1e-12));
  }

  @Test
  void theGradientsAreThoseOfCentralDifferences() {
    INDArray images = random(1);
    INDArray texts = random(2);
    Share share = whole(images, texts, TWO_EQUAL, SCALE);
    double step = 1e-5;

    for (INDArray moved : new INDArray[] {images, texts}) {
      INDArray gradient = moved == images ? share.images() : share.texts();
      for (int row = 0; row < 5; row++) {
        for (int column = 0; column < 3; column++) {
          double value = moved.getDouble(row, column);
          moved.putScalar(row, column, value + step);
          double above = byDefinition(images, texts, TWO_EQUAL, SCALE);
          moved.putScalar(row, column, value - step);
          double below = byDefinition(images, texts, TWO_EQUAL, SCALE);
          moved.putScalar(row, column, value);
          assertThat(gradient.getDouble(row, column))
              .isCloseTo((above - below) / (2 * step), within(1e-9));
        }
      }
    }
    double above = byDefinition(images, texts, TWO_EQUAL, SCALE + step);
    double below = byDefinition(images, texts, TWO_EQUAL, SCALE - step);
    assertThat(share.scale()).isCloseTo((above - below) / (2 * step), within(1e-9));
  }

  @Test
  void slicesMakeUpTheWhole() {
    INDArray images = random(1);
    INDArray texts = random(2);
    SymmetricLoss loss = new SymmetricLoss(images, texts, TWO_EQUAL, SCALE);
    Normalizers all = loss.normalizers(0, 5);
    Share whole = loss.share(0, 5, all);
    Share first = loss.share(0, 2, all);
    Share second = loss.share(2, 5, all);

    assertThat(loss.normalizers(2, 5).images())
        .containsExactly(
            new double[] {all.images()[2], all.images()[3], all.images()[4]}, within(1e-14));
    assertThat(first.loss() + second.loss()).isCloseTo(whole.loss(), within(1e-14));
    assertThat(first.scale() + second.scale()).isCloseTo(whole.scale(), within(1e-14));
    assertThat(Nd4j.vstack(first.images(), second.images()).equalsWithEps(whole.images(), 1e-14))
        .isTrue();
    assertThat(Nd4j.vstack(first.texts(), second.texts()).equalsWithEps(whole.texts(), 1e-14))
        .isTrue();
  }

  @Test
  void manyTilesGiveWhatOneGives() {
    int rows = 1100; // three tiles
    INDArray images = random(3, rows);
    INDArray texts = random(4, rows);
    long[] descriptions = new long[rows];
    for (int i = 0; i < rows; i++) {
      descriptions[i] = i % 700;
    }

    assertThat(whole(images, texts, descriptions, 20).loss())
        .isCloseTo(byDefinition(images, texts, descriptions, 20), within(1e-10));
  }

  private static Share whole(INDArray images, INDArray texts, long[] descriptions, double scale) {
    SymmetricLoss loss = new SymmetricLoss(images, texts, descriptions, scale);
    int rows = descriptions.length;
    return loss.share(0, rows, loss.normalizers(0, rows));
  }

  /** The formula of the class, number by number. */
  private static double byDefinition(
      INDArray images, INDArray texts, long[] descriptions, double scale) {
    int rows = descriptions.length;
    double[][] logits = images.mmul(texts.transpose()).muli(scale).toDoubleMatrix();
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      double row = 0;
      double column = 0;
      for (int j = 0; j < rows; j++) {
        if (i == j || descriptions[i] != descriptions[j]) {
          row += Math.exp(logits[i][j]);
          column += Math.exp(logits[j][i]);
        }
      }
      sum += Math.log(row) + Math.log(column) - 2 * logits[i][i];
    }
    return sum / (2 * rows);
  }

  private static INDArray random(long seed) {
    return random(seed, 5);
  }

  private static INDArray random(long seed, int rows) {
    double[] values = new SplittableRandom(seed).doubles(3L * rows).map(v -> v - 0.5).toArray();
    INDArray raw = Nd4j.createFromArray(values).reshape(rows, 3);
    return raw.divColumnVector(raw.norm2(true, 1));
  }
}
