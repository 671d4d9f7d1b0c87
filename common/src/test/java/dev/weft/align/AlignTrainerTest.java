package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeVectors;
import dev.weft.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlignTrainerTest {
  private static final List<AlignRow> TRAINING = ColouredSquares.rows(256, 1);

  @Test
  void imagesOfUnseenNoiseFindTheirDescription() {
    AlignConfig config = config(10, 10, 100);
    AlignParameters layout = AlignParameters.of(config.shape());
    float[] trained = train(config, new ArrayList<>());
    List<AlignRow> unseen = ColouredSquares.rows(200, 2);
    AlignStep step = new AlignStep(config.shape(), ColouredSquares.PREPROCESSING, still(), 1);
    Embeddings vectors = step.embed(new AlignRequest(0, 0, new int[0], bytes(trained)), unseen);

    long right =
        unseen.stream()
            .filter(row -> nearestText(vectors, row.row(), layout.dimension()) == row.description())
            .count();

    assertThat(right).isGreaterThanOrEqualTo(175); // by chance 6
  }

  @Test
  void equalSeedsGiveEqualBytesAndTheLossFalls() {
    List<AlignProgress> curve = new ArrayList<>();
    float[] one = train(config(2, 10, 100), curve);

    assertThat(train(config(2, 10, 100), new ArrayList<>())).isEqualTo(one);
    assertThat(curve).hasSize(2 * 256 / 32);
    assertThat(curve.get(curve.size() - 1).loss()).isLessThan(curve.get(0).loss() - 0.5);
  }

  @Test
  void theLogitScaleStopsAtItsLimit() {
    List<AlignProgress> curve = new ArrayList<>();
    train(config(4, 1, 1.01), curve);

    assertThat(curve).allSatisfy(p -> assertThat(p.logitScale()).isLessThan(1.0101));
    assertThat(curve).anySatisfy(p -> assertThat(p.logitScale()).isGreaterThan(1.0099));
  }

  @Test
  void refusesToTrainWithoutDescriptions() {
    assertThatThrownBy(() -> new AlignTrainer(config(1, 10, 100), 1, 1))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot align: 1 training images have a description");
  }

  @Test
  void aLossThatIsNoNumberStopsTheRun() {
    AlignConfig config = config(1, 10, 100);
    AlignStep step = new AlignStep(config.shape(), ColouredSquares.PREPROCESSING, still(), 1);
    List<AlignRow> rows = new ArrayList<>(TRAINING);
    rows.replaceAll(
        row -> {
          float[] text = row.text().clone();
          text[0] = Float.NaN;
          return new AlignRow(row.row(), row.image(), text, row.description());
        });

    assertThatThrownBy(
            () ->
                new AlignTrainer(config, rows.size(), 1)
                    .train(new LocalWorkers(rows, List.of(step)), p -> {}))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot go on aligning: at step 0 (epoch 0, first row")
        .hasMessageContaining("Lower align.learning-rate");
  }

  @Test
  void reportsEveryBrokenRuleOfTheConfiguration() {
    assertThatThrownBy(
            () -> new AlignConfig(0, 1, 0.001, 0, 10, 5, 16, 16, 7, 8, 32, 0, false, 9, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("align.epochs")
        .hasMessageContaining("align.batch-size")
        .hasMessageContaining("align.max-logit-scale")
        .hasMessageContaining("align.image-size");
  }

  private static float[] train(AlignConfig config, List<AlignProgress> curve) {
    AlignStep step =
        new AlignStep(config.shape(), ColouredSquares.PREPROCESSING, config.augmentation(), 1);
    return new AlignTrainer(config, TRAINING.size(), 1)
        .train(new LocalWorkers(TRAINING, List.of(step)), curve::add);
  }

  static AlignConfig config(int epochs, double logitScale, double maxLogitScale) {
    return new AlignConfig(
        epochs, 32, 0.003, 4, logitScale, maxLogitScale, 16, 16, 8, 16, 32, 0, false, 10_000, 0);
  }

  private static Augmentation still() {
    return new Augmentation(0, false);
  }

  private static byte[] bytes(float[] values) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    NativeVectors.floats(bytes).put(values);
    return bytes;
  }

  private static long nearestText(Embeddings vectors, int row, int dimension) {
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < vectors.rows(); i++) {
      double cosine = 0;
      for (int d = 0; d < dimension; d++) {
        cosine += vectors.images()[row * dimension + d] * vectors.texts()[i * dimension + d];
      }
      if (cosine > highest) {
        highest = cosine;
        best = i;
      }
    }
    return vectors.descriptions()[best];
  }
}
