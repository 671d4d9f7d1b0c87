package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.store.Table;
import dev.weft.store.VectorBytes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MineJobTest {
  private static final int TRIPLETS = 150;
  private static final String[] SETTINGS = {
    "train.heads=[sum, gated]",
    "train.epochs=2",
    "train.batch-size=32",
    "train.warmup-steps=2",
    "mine.head=sum",
    "mine.per-triplet=5"
  };

  @TempDir static Path shared;
  private static EncodedTriplets original;

  @TempDir Path root;
  private EncodedTriplets problem;

  @BeforeAll
  static void write() {
    original = EncodedTriplets.written(shared, TRIPLETS);
    TrainJob.run(original.session(SETTINGS));
  }

  @BeforeEach
  void copy() {
    problem = original.copy(root);
  }

  private static String[] with(String... more) {
    List<String> pairs = new ArrayList<>(List.of(SETTINGS));
    pairs.addAll(List.of(more));
    return pairs.toArray(String[]::new);
  }

  /** What was mined, in the order of the triplets. */
  private Map<String, Mined> mine(String... more) {
    MineJob.run(problem.session(with(more)));
    Map<String, Mined> mined = new TreeMap<>();
    for (Row row :
        Table.HARD_NEGATIVES
            .read(LocalSpark.session(), problem.artefact("mine").require())
            .collectAsList()) {
      mined.put(
          row.getAs("category") + "/" + row.getAs("triplet"),
          new Mined(
              row.<Float>getAs("target_score"),
              row.getList(row.fieldIndex("images")),
              row.getList(row.fieldIndex("scores"))));
    }
    return mined;
  }

  private record Mined(float targetScore, List<String> images, List<Float> scores) {}

  /**
   * Every training image of the category, scored one by one in float64 and sorted: another way to
   * the same rows. The codes of the images make most scores ties, which ids decide.
   */
  private Map<String, Mined> byHand(int count, int skip, double margin, boolean withReference) {
    Map<String, float[]> images = new HashMap<>();
    problem.images().forEach(row -> images.put(row.getString(2), vector(row, 5)));
    Map<String, float[]> texts = new HashMap<>();
    problem.texts().forEach(row -> texts.put(row.getString(0), vector(row, 1)));
    Map<String, Set<String>> galleries = new HashMap<>();
    List<Row> triplets =
        problem.triplets(TRIPLETS).stream()
            .filter(row -> row.getString(2).equals("train") && !row.isNullAt(5))
            .toList();
    for (Row row : triplets) {
      galleries
          .computeIfAbsent(row.getString(1), unknown -> new TreeSet<>())
          .addAll(List.of(row.getString(4), row.getString(5)));
    }
    Map<String, Mined> mined = new TreeMap<>();
    for (Row row : triplets) {
      String reference = row.getString(4);
      String target = row.getString(5);
      float[] query =
          TrainedHead.read(TrainedHead.require(problem.session(SETTINGS), "sum"))
              .bundle()
              .head()
              .compose(
                  new float[][] {images.get(reference)},
                  new float[][] {texts.get(((String[]) row.get(7))[0])})[0];
      float own = score(query, images.get(target));
      Map<String, Float> scores = new HashMap<>();
      galleries.get(row.getString(1)).forEach(id -> scores.put(id, score(query, images.get(id))));
      scores.remove(target);
      if (!withReference) {
        scores.remove(reference);
      }
      List<String> hardest =
          scores.keySet().stream()
              .sorted(
                  Comparator.<String, Float>comparing(scores::get)
                      .reversed()
                      .thenComparing(Comparator.<String>naturalOrder()))
              .skip(skip)
              .filter(id -> scores.get(id) <= own - margin)
              .limit(count)
              .toList();
      mined.put(
          row.getString(1) + "/" + row.getString(3),
          new Mined(own, hardest, hardest.stream().map(scores::get).toList()));
    }
    return mined;
  }

  private static float[] vector(Row row, int column) {
    return VectorBytes.decode((byte[]) row.get(column));
  }

  private static float score(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return (float) sum;
  }

  @Test
  void theHardestImagesThatAreNotTheTargetAreFoundTiesById() {
    assertThat(mine()).hasSize(TRIPLETS).isEqualTo(byHand(5, 0, -2, false));
  }

  @Test
  void skipMarginAndReferenceDecideWhichImagesCount() {
    assertThat(mine("mine.skip=3")).isEqualTo(byHand(5, 3, -2, false));
    assertThat(mine("mine.exclude-reference=false")).isEqualTo(byHand(5, 0, -2, true));
    // So few images are that far below the target that the ranking has to go deep.
    assertThat(mine("mine.margin=0.5", "mine.skip=1")).isEqualTo(byHand(5, 1, 0.5, false));
  }

  @Test
  void anyNumberOfTasksFindsTheSame() {
    Map<String, Mined> one = mine("mine.partitions=1", "mine.head=gated");
    for (int tasks : new int[] {2, 7}) {
      MineJob.run(problem.forced(with("mine.partitions=" + tasks, "mine.head=gated")));
      assertThat(mine("mine.head=gated")).isEqualTo(one);
    }
    assertThat(problem.artefact("mine").require().version()).isEqualTo(3);
  }

  @Test
  void aHeadIsTrainedAgainWhenItsNegativesChange() {
    String[] hard = with("train.hard-negatives=3");
    byte[] without = parameters();
    mine();

    assertThat(TrainJob.run(problem.session(hard)).status()).isEqualTo(StageResult.DONE);
    byte[] mined = parameters();
    assertThat(mined).isNotEqualTo(without);
    assertThat(problem.artefact("train/sum").require().version()).isEqualTo(1);
    assertThat(TrainJob.run(problem.session(hard)).status()).isEqualTo(StageResult.UP_TO_DATE);

    mine("mine.skip=3");
    assertThat(TrainJob.run(problem.session(hard)).status()).isEqualTo(StageResult.DONE);
    assertThat(parameters()).isNotEqualTo(mined);
  }

  private byte[] parameters() {
    return problem.artefact("train/gated").require().read("params.bin");
  }

  @Test
  void negativesThatWereNotMinedAreAPlainError() {
    assertThatThrownBy(() -> TrainJob.run(problem.session(with("train.hard-negatives=3"))))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageMatching(
            "Cannot train with train.hard-negatives=3: none were mined in \\S+\\. Train a head with"
                + " train.hard-negatives=0 first, then run scripts/weft mine .*");
    mine();
    assertThatThrownBy(() -> TrainJob.run(problem.session(with("train.hard-negatives=6"))))
        .hasMessageMatching(
            "Cannot train with train.hard-negatives=6: \\S+ has 5 per triplet\\. Lower it, or run"
                + " scripts/weft mine with mine.per-triplet=6\\.");
  }

  @Test
  void negativesOfOtherTripletsAreAPlainError() {
    mine();
    problem.ingest(problem.triplets(TRIPLETS + 1));

    assertThatThrownBy(() -> TrainJob.run(problem.session(with("train.hard-negatives=3"))))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageMatching(
            "Cannot train with train.hard-negatives=3: \\S+ has no negatives of the triplet"
                + " codes/\\w+/150\\. They were mined on other triplets than there are now: run"
                + " scripts/weft mine, then this command again\\.");
  }

  @Test
  void theBestHeadNeedsAnEvaluation() {
    assertThatThrownBy(() -> mine("mine.head=best")).hasMessageContaining("evaluate");
  }
}
