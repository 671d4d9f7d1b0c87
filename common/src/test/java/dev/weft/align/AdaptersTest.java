package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeVectors;
import dev.weft.encode.Projection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The two passes of a step with adapters behind frozen towers. */
class AdaptersTest {
  private static final int WIDTH = 6;
  private static final AlignModel MODEL = new AlignModel.Adapters(WIDTH, 5);
  private static final List<AlignRow> ROWS = rows();

  private static List<AlignRow> rows() {
    SplittableRandom random = new SplittableRandom(2);
    List<AlignRow> rows = new ArrayList<>();
    for (int row = 0; row < 9; row++) {
      rows.add(new AlignRow(row, new AlignRow.Vector(draw(random)), draw(random), row));
    }
    return rows;
  }

  private static float[] draw(SplittableRandom random) {
    float[] vector = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      vector[i] = (float) (random.nextDouble() - 0.5);
    }
    return vector;
  }

  @SuppressWarnings("ArrayRecordComponent") // compared element by element
  private record Outcome(double loss, float[] gradient) {}

  private static Outcome outcome(float[] parameters, int slices) {
    int[] all = new int[ROWS.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(parameters.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(parameters);
    AlignRequest request = new AlignRequest(0, 0, all, bytes.array());
    List<AlignStep> steps = new ArrayList<>();
    for (int i = 0; i < slices; i++) {
      steps.add(MODEL.step(1));
    }
    LocalWorkers workers = new LocalWorkers(ROWS, steps);
    Embeddings embedded = Embeddings.concatenate(workers.embed(request));
    double scale = MODEL.layout().scale(parameters);
    SymmetricLoss.Normalizers normalizers =
        AlignStep.loss(embedded, WIDTH, scale).normalizers(0, ROWS.size());
    double loss = 0;
    float[] gradient = new float[parameters.length];
    for (PartialGradient share : workers.gradient(request, embedded, normalizers)) {
      loss += share.loss();
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] += NativeVectors.floats(share.gradient()).get(i);
      }
    }
    return new Outcome(loss, gradient);
  }

  /** Somewhere off the identity, where no gradient is special. */
  private static float[] parameters() {
    float[] parameters = MODEL.initial(1);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < parameters.length - 1; i++) {
      parameters[i] += (float) (random.nextDouble() - 0.5);
    }
    return parameters;
  }

  @Test
  void theyBeginAtTheEncoderAsItIs() {
    float[] parameters = MODEL.initial(1);
    AlignParameters layout = MODEL.layout();

    assertThat(layout.count()).isEqualTo(2 * WIDTH * WIDTH + 1);
    assertThat(layout.scale(parameters)).isCloseTo(5, within(1e-5));
    float[] unit = layout.projection(parameters).apply(new float[] {0, 3, 0, 4, 0, 0});
    assertThat(unit).containsExactly(0, 0.6f, 0, 0.8f, 0, 0);
  }

  @Test
  void theGradientOfEveryParameterMatchesCentralDifferences() {
    float[] parameters = parameters();
    Outcome here = outcome(parameters, 1);
    for (int i = 0; i < parameters.length; i++) {
      float[] above = parameters.clone();
      float[] below = parameters.clone();
      above[i] += 5e-3f;
      below[i] -= 5e-3f;
      double slope =
          (outcome(above, 1).loss - outcome(below, 1).loss) / ((double) above[i] - below[i]);
      assertThat((double) here.gradient[i]).as("parameter %d", i).isCloseTo(slope, within(1e-3));
    }
  }

  @Test
  void slicesAddUpToTheWhole() {
    Outcome one = outcome(parameters(), 1);
    Outcome four = outcome(parameters(), 4);

    assertThat(four.loss).isCloseTo(one.loss, within(1e-6));
    assertThat(four.gradient).containsExactly(one.gradient, within(1e-6f));
  }

  /**
   * The image tower gives the same numbers as the text tower, each in another place. A linear map
   * brings them back; without one an image finds its text by luck, one time in a hundred.
   */
  @Test
  void theyRecoverALinearRelation() {
    SplittableRandom random = new SplittableRandom(4);
    AlignModel model = new AlignModel.Adapters(WIDTH, 10);
    List<AlignRow> training = new ArrayList<>();
    for (int row = 0; row < 300; row++) {
      float[] text = draw(random);
      training.add(new AlignRow(row, new AlignRow.Vector(moved(text)), text, row));
    }
    AlignConfig config =
        new AlignConfig(40, 100, 0.02, 4, 10, 100, WIDTH, 16, 8, 16, 32, 0, false, 10_000, 0);
    float[] trained =
        new AlignTrainer(config, model, training.size(), 1)
            .train(new LocalWorkers(training, List.of(model.step(1))), step -> {});

    List<float[]> unseen = Stream.generate(() -> draw(random)).limit(100).toList();
    assertThat(found(model, model.initial(1), unseen)).isLessThan(20);
    assertThat(found(model, trained, unseen)).isGreaterThan(80);
  }

  private static float[] moved(float[] text) {
    float[] image = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      image[(i + 2) % WIDTH] = text[i];
    }
    return image;
  }

  /** How many images are nearest to their own text. */
  private static long found(AlignModel model, float[] parameters, List<float[]> texts) {
    AlignParameters layout = model.layout();
    Projection image = new Projection(WIDTH, layout.image(parameters));
    Projection text = layout.projection(parameters);
    List<float[]> candidates = texts.stream().map(text::apply).toList();
    return IntStream.range(0, texts.size())
        .filter(i -> nearest(image.apply(moved(texts.get(i))), candidates) == i)
        .count();
  }

  private static int nearest(float[] query, List<float[]> candidates) {
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < candidates.size(); i++) {
      double cosine = 0;
      for (int d = 0; d < query.length; d++) {
        cosine += query[d] * candidates.get(i)[d];
      }
      if (cosine > highest) {
        highest = cosine;
        best = i;
      }
    }
    return best;
  }
}
