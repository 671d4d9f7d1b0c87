package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever has {@code params.bin} and data-schemas/head-bundle.md can compose: its order of layers,
 * read from the document, and its formulas, written out here, give what the heads give.
 */
class HeadDocumentTest {
  private static final int D = 8;
  private static final int P = 5;
  private static final int H = 6;
  private static final int HEADS = 2;

  private final Random random = new Random(7);
  private final Map<String, Layer> layers = new HashMap<>();

  /** A layer of the document: its numbers, and what follows them. */
  private static final class Layer {
    private final float[] numbers;
    private final int from;
    private final int inputs;
    private final int outputs;

    Layer(float[] numbers, int from, int inputs, int outputs) {
      this.numbers = numbers;
      this.from = from;
      this.inputs = inputs;
      this.outputs = outputs;
    }

    int count() {
      return (inputs + 1) * outputs;
    }

    double[] of(double[] input, DoubleUnaryOperator activation) {
      double[] output = new double[outputs];
      for (int o = 0; o < outputs; o++) {
        double sum = numbers[from + inputs * outputs + o];
        for (int i = 0; i < inputs; i++) {
          sum += input[i] * numbers[from + o * inputs + i];
        }
        output[o] = activation.applyAsDouble(sum);
      }
      return output;
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double relu(double x) {
    return Math.max(0, x);
  }

  static List<HeadArchitecture> heads() {
    return List.of(
        new HeadArchitecture.Sum(D),
        new HeadArchitecture.Weighted(D, 0.3, HeadArchitecture.Mix.LINEAR),
        new HeadArchitecture.Weighted(D, 0.3, HeadArchitecture.Mix.SLERP),
        new HeadArchitecture.Gated(D, HeadArchitecture.Gate.VECTOR),
        new HeadArchitecture.Gated(D, HeadArchitecture.Gate.SCALAR),
        new HeadArchitecture.Combiner(D, P, H, 0.5),
        new HeadArchitecture.Attention(D, HEADS),
        new HeadArchitecture.Tirg(D, H));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void aHeadIsComputedFromTheDocument(HeadArchitecture head) throws IOException {
    NativeBackend.load();
    float[] numbers = new float[(int) head.parameterCount()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    read(head, numbers);
    double[] image = unit(coordinates());
    double[] text = unit(coordinates());

    float[] composed =
        FusionHead.of(head, numbers)
            .compose(new float[][] {floats(image)}, new float[][] {floats(text)})[0];

    double[] expected = unit(query(head, image, text));
    for (int d = 0; d < D; d++) {
      assertThat((double) composed[d]).as("coordinate %d", d).isCloseTo(expected[d], within(1e-6));
    }
  }

  @Test
  void everyKindHasItsRow() throws IOException {
    String document = document();
    for (HeadKind kind : HeadKind.values()) {
      assertThat(document).contains("`" + kind.name().toLowerCase(Locale.ROOT) + "`");
    }
  }

  private static String document() throws IOException {
    return Files.readString(Path.of("..", "data-schemas", "head-bundle.md"));
  }

  /** Cuts the numbers into layers, in the order of the document's table. */
  private void read(HeadArchitecture head, float[] numbers) throws IOException {
    if (numbers.length == 0) {
      return;
    }
    String kind = head.kind().name().toLowerCase(Locale.ROOT);
    String table = document().split("as inputs x outputs", 2)[1];
    String row =
        table.lines().filter(line -> line.startsWith("| `" + kind + "`")).findFirst().orElseThrow();
    String cell = row.split("\\|", -1)[2];
    List<String> sizes =
        Pattern.compile("(\\d )?[DPH] x [DPH1]")
            .matcher(cell)
            .results()
            .map(MatchResult::group)
            .toList();
    List<String> names =
        Pattern.compile("[a-z]+(-[a-z]+)?(?=,| \\d? ?[DPH] x)")
            .matcher(cell)
            .results()
            .map(MatchResult::group)
            .collect(Collectors.toCollection(ArrayList::new));
    names.removeAll(List.of("all", "or")); // words between the layers
    int next = 0;
    for (int i = 0; i < names.size(); i++) {
      boolean scalar =
          head instanceof HeadArchitecture.Gated gated
              && gated.gate() == HeadArchitecture.Gate.SCALAR;
      String[] size = sizes.get(scalar ? 1 : Math.min(i, sizes.size() - 1)).split(" x ", -1);
      Layer layer = new Layer(numbers, next, length(size[0]), length(size[1]));
      layers.put(names.get(i), layer);
      next += layer.count();
    }
    assertThat(next).as("numbers of %s", names).isEqualTo(numbers.length);
  }

  private static int length(String size) {
    int factor = size.startsWith("2 ") ? 2 : 1;
    return switch (size.charAt(size.length() - 1)) {
      case 'D' -> factor * D;
      case 'P' -> factor * P;
      case 'H' -> factor * H;
      default -> 1;
    };
  }

  private double[] layer(String name, DoubleUnaryOperator activation, double[] input) {
    return layers.get(name).of(input, activation);
  }

  private double[] identity(String name, double[] input) {
    return layer(name, DoubleUnaryOperator.identity(), input);
  }

  /** The formulas of the document, before the scaling to unit length. */
  private double[] query(HeadArchitecture head, double[] v, double[] t) {
    if (head instanceof HeadArchitecture.Weighted weighted) {
      double w = weighted.textWeight();
      double angle = Math.acos(dot(v, t));
      return weighted.mix() == HeadArchitecture.Mix.LINEAR
          ? sum(times(1 - w, v), times(w, t))
          : sum(
              times(Math.sin((1 - w) * angle) / Math.sin(angle), v),
              times(Math.sin(w * angle) / Math.sin(angle), t));
    }
    return switch (head.kind()) {
      case GATED ->
          blend(layer("gate", HeadDocumentTest::sigmoid, times(Math.sqrt(D), both(v, t))), v, t);
      case COMBINER -> {
        double[] x =
            both(
                layer("text-projection", HeadDocumentTest::relu, t),
                layer("image-projection", HeadDocumentTest::relu, v));
        double[] weight =
            layer(
                "weight",
                HeadDocumentTest::sigmoid,
                layer("weight-hidden", HeadDocumentTest::relu, x));
        yield sum(
            identity("residual", layer("hidden", HeadDocumentTest::relu, x)), blend(weight, t, v));
      }
      case ATTENTION -> {
        double[] values =
            blend(attention(v, t), identity("image-value", v), identity("text-value", t));
        yield sum(sum(v, t), identity("residual", values));
      }
      case TIRG -> {
        double[] hidden =
            layer("gate-hidden", HeadDocumentTest::relu, times(Math.sqrt(D), both(v, t)));
        double[] residual =
            identity("residual", layer("residual-hidden", HeadDocumentTest::relu, both(v, t)));
        yield sum(
            blend(layer("gate", HeadDocumentTest::sigmoid, hidden), v, new double[D]), residual);
      }
      case SUM, WEIGHTED -> sum(v, t);
    };
  }

  /** The gate of each coordinate. */
  private double[] attention(double[] v, double[] t) {
    double[] keys = sum(identity("image-key", v), times(-1, identity("text-key", t)));
    int width = D / HEADS;
    double[] gates = new double[D];
    for (double[] query : List.of(identity("image-query", v), identity("text-query", t))) {
      for (int d = 0; d < D; d++) {
        double logit = 0;
        for (int i = d / width * width; i < (d / width + 1) * width; i++) {
          logit += query[i] * keys[i];
        }
        gates[d] += sigmoid(logit / Math.sqrt(width)) / 2;
      }
    }
    return gates;
  }

  /** {@code g x + (1 - g) y}; a gate of one number weighs all coordinates. */
  private static double[] blend(double[] gate, double[] x, double[] y) {
    double[] blend = new double[D];
    for (int d = 0; d < D; d++) {
      double g = gate[gate.length == 1 ? 0 : d];
      blend[d] = g * x[d] + (1 - g) * y[d];
    }
    return blend;
  }

  private static double[] both(double[] a, double[] b) {
    double[] both = new double[a.length + b.length];
    System.arraycopy(a, 0, both, 0, a.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }

  private static double[] times(double factor, double[] a) {
    double[] product = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      product[i] = factor * a[i];
    }
    return product;
  }

  private static double dot(double[] a, double[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }

  private static double[] unit(double[] a) {
    return times(1 / Math.sqrt(dot(a, a)), a);
  }

  private double[] coordinates() {
    return random.doubles(D, -1, 1).toArray();
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
