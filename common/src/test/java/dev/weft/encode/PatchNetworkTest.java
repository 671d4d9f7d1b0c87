package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PatchNetworkTest {
  private static final PatchShape SHAPE = new PatchShape(4, 2, 3, 5, 2);

  @Test
  void theGradientIsThatOfCentralDifferences() {
    PatchNetwork network = PatchNetwork.inDoublePrecision(SHAPE);
    network.initialize(5);
    List<float[]> images = images(3);
    INDArray weights = Nd4j.createFromArray(new double[][] {{1, -2}, {0.5, 3}, {-1, 0.25}});
    network.forward(images);
    INDArray gradient = network.backward(weights.dup()).dup();
    INDArray parameters = network.parameters();
    double step = 1e-6;

    for (int i = 0; i < parameters.length(); i++) {
      double value = parameters.getDouble(i);
      parameters.putScalar(i, value + step);
      double above = network.forward(images).mul(weights).sumNumber().doubleValue();
      parameters.putScalar(i, value - step);
      double below = network.forward(images).mul(weights).sumNumber().doubleValue();
      parameters.putScalar(i, value);
      assertThat(gradient.getDouble(i))
          .as("parameter %d", i)
          .isCloseTo((above - below) / (2 * step), within(1e-7));
    }
  }

  @Test
  void allPatchesShareTheirWeights() {
    PatchNetwork network = PatchNetwork.of(SHAPE);
    network.initialize(5);

    // 12 inputs and a bias for 3 units, 4 patches x 3 units and a bias for 5, 5 and a bias for 2.
    assertThat(network.parameters().length()).isEqualTo(13 * 3 + 13 * 5 + 6 * 2);
    assertThat(network.parameters().dataType()).isEqualTo(DataType.FLOAT);
  }

  /** {@code data-schemas/encoder-bundle.md}: weights column by column, then biases, by layer. */
  @Test
  void theFlatParametersLieAsTheBundleFormatSays() {
    PatchNetwork network = PatchNetwork.inDoublePrecision(SHAPE);
    network.initialize(5);
    INDArray flat = network.parameters();
    for (int i = 0; i < flat.length(); i++) {
      flat.putScalar(i, flat.getDouble(i) + 0.01 * i / flat.length()); // biases too
    }
    double[] parameters = flat.toDoubleVector();
    float[] image = images(1).get(0);
    float[] cut = new float[image.length];
    SHAPE.cut(image, cut);

    double[] features = new double[4 * 3];
    for (int patch = 0; patch < 4; patch++) {
      double[] pixels = new double[12];
      for (int i = 0; i < 12; i++) {
        pixels[i] = cut[12 * patch + i];
      }
      System.arraycopy(relu(dense(parameters, 0, pixels, 3)), 0, features, 3 * patch, 3);
    }
    double[] hidden = relu(dense(parameters, 13 * 3, features, 5));
    double[] expected = dense(parameters, 13 * 3 + 13 * 5, hidden, 2);

    assertThat(network.forward(List.of(image)).toDoubleVector())
        .containsExactly(expected, within(1e-12));
  }

  private static double[] dense(double[] parameters, int at, double[] in, int units) {
    double[] out = new double[units];
    for (int unit = 0; unit < units; unit++) {
      out[unit] = parameters[at + in.length * units + unit];
      for (int i = 0; i < in.length; i++) {
        out[unit] += in[i] * parameters[at + in.length * unit + i];
      }
    }
    return out;
  }

  private static double[] relu(double[] values) {
    return Arrays.stream(values).map(value -> Math.max(0, value)).toArray();
  }

  @Test
  void cutsPatchesRowByRow() {
    float[] image = new float[SHAPE.imageLength()];
    for (int i = 0; i < image.length; i++) {
      image[i] = i;
    }
    float[] cut = new float[image.length];

    SHAPE.cut(image, cut);

    // The second patch: columns 2 and 3 of the rows 0 and 1, where a row has 12 numbers.
    assertThat(Arrays.copyOfRange(cut, 12, 24))
        .containsExactly(6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23);
  }

  @Test
  void equalSeedsGiveEqualParameters() {
    PatchNetwork one = PatchNetwork.of(SHAPE);
    PatchNetwork two = PatchNetwork.of(SHAPE);
    one.initialize(1);
    two.initialize(1);

    assertThat(one.parameters()).isEqualTo(two.parameters());
    two.initialize(2);
    assertThat(one.parameters()).isNotEqualTo(two.parameters());
  }

  @Test
  void refusesAPatchThatDoesNotDivideTheImage() {
    assertThatThrownBy(() -> new PatchShape(64, 7, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found image size 64 and patch size 7");
  }

  private static List<float[]> images(int count) {
    SplittableRandom random = new SplittableRandom(9);
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] image = new float[SHAPE.imageLength()];
      for (int j = 0; j < image.length; j++) {
        image[j] = (float) random.nextDouble() - 0.5f;
      }
      images.add(image);
    }
    return images;
  }
}
