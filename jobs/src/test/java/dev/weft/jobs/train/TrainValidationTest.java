package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import dev.weft.train.FusionHead;
import dev.weft.train.HeadBundle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Heads that are scored while they are trained, through the whole job. */
class TrainValidationTest {
  private static final int TRAINING = 150;
  private static final int VALIDATION = 60;
  private static final String[] LONG = {
    "ingest.datasets=[{name: codes, layout: fashioniq, annotations: a, images: b,"
        + " descriptions: ''}]",
    "evaluate.cohort=val-union",
    "train.heads=[gated]",
    "train.epochs=40",
    "train.batch-size=32",
    "train.schedule=constant", // a shorter run is the beginning of a longer one
    "train.learning-rate=0.005",
    "train.checkpoint-steps=3"
  };

  @TempDir static Path shared;
  private static EncodedTriplets original;

  @TempDir Path root;
  private EncodedTriplets problem;

  @BeforeAll
  static void write() {
    original = EncodedTriplets.validated(shared, TRAINING, VALIDATION);
  }

  @BeforeEach
  void copy() {
    problem = original.copy(root);
  }

  private static String[] with(String... more) {
    return Stream.of(LONG, more).flatMap(Stream::of).toArray(String[]::new);
  }

  private Snapshot head() {
    return problem.artefact("train/gated").require();
  }

  private Map<String, Object> facts() {
    return head().manifest().facts();
  }

  private int fact(String name) {
    return ((Number) facts().get(name)).intValue();
  }

  /** Recall@1 over the split val, by definition: no reference, candidates of all its triplets. */
  private double recallAt1(byte[] head, byte[] parameters) {
    FusionHead composer = HeadBundle.of(Map.of("head.json", head, "params.bin", parameters)).head();
    Map<String, float[]> images = new HashMap<>();
    problem.images().forEach(row -> images.put(row.getString(2), decode(row, 5)));
    Map<String, float[]> texts = new HashMap<>();
    problem.texts().forEach(row -> texts.put(row.getString(0), decode(row, 1)));
    double sum = 0;
    for (String category : List.of("round", "square")) {
      List<Row> queries = problem.validation(VALIDATION, category);
      TreeSet<String> gallery = new TreeSet<>();
      queries.forEach(row -> gallery.addAll(List.of(row.getString(4), target(row))));
      int found = 0;
      for (Row query : queries) {
        float[] vector =
            composer
                .compose(
                    new float[][] {images.get(query.getString(4))},
                    new float[][] {texts.get(((String[]) query.get(7))[0])})[0];
        double own = dot(vector, images.get(target(query)));
        found +=
            gallery.stream()
                    .filter(id -> !id.equals(query.getString(4)) && !id.equals(target(query)))
                    .noneMatch(id -> dot(vector, images.get(id)) > own)
                ? 1
                : 0;
      }
      sum += (double) found / queries.size();
    }
    return sum / 2;
  }

  private static String target(Row triplet) {
    return triplet.getString(5);
  }

  private static float[] decode(Row row, int column) {
    return VectorBytes.decode(row.getAs(column));
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }

  @Test
  void theBestStateOnValIsTheHeadAndPatienceEndsTheRun() {
    TrainJob.run(
        problem.session(
            with(
                "train.validation.on=val",
                "train.validation.metric=R@1",
                "train.validation.select=best",
                "train.validation.patience=3")));

    int best = fact("best_epoch");
    assertThat(facts())
        .containsEntry("selected_on", "codes/val-union")
        .containsEntry("validation_metric", "R@1")
        .containsEntry("epoch", best)
        .containsEntry("steps", 5 * (best + 1 + 3));
    assertThat(best).as("epochs until the best state").isBetween(1, 35);
    byte[] chosen = head().read("params.bin");
    assertThat((Double) facts().get("validation_score"))
        .isCloseTo(recallAt1(head().read("head.json"), chosen), within(1e-9))
        .isGreaterThan(0.5);
    assertThat(problem.said())
        .contains("  epoch 1: R@1 0.", " on codes/val-union, the best so far")
        .contains("  epoch " + (best + 1) + ": R@1 ");

    TrainJob.run(problem.session(with("train.epochs=" + (best + 1))));
    assertThat(head().version()).isEqualTo(2);
    assertThat(head().read("params.bin")).isEqualTo(chosen);
  }

  @Test
  void aHoldOutIsNeitherTrainedOnNorShown() {
    String[] settings =
        with(
            "train.epochs=6",
            "train.validation.on=hold-out",
            "train.validation.share=0.2",
            "train.validation.every=2",
            "train.validation.select=best");
    TrainJob.run(problem.session(settings));

    assertThat(facts()).containsEntry("selected_on", "codes/hold-out-union");
    assertThat(fact("held_out")).isBetween(TRAINING / 10, TRAINING / 3);
    assertThat(fact("triplets") + fact("held_out") + fact("left_out")).isEqualTo(TRAINING);
    assertThat(fact("epoch")).isIn(1, 3, 5);
    assertThat(problem.said())
        .contains("  epoch 2: selection score ", "  epoch 4: ", "  epoch 6: ")
        .doesNotContain("  epoch 1: ", "  epoch 3: ");
    TrainingRows rows = rows(problem, settings);
    List<String> shown = new ArrayList<>();
    rows.triplets()
        .forEach(triplet -> shown.addAll(List.of(triplet.reference(), triplet.target().get())));
    assertThat(rows.heldOut()).hasSize(fact("held_out"));
    assertThat(rows.heldOut())
        .allSatisfy(triplet -> assertThat(shown).doesNotContain(triplet.target().orElseThrow()));
  }

  private static TrainingRows rows(EncodedTriplets problem, String... settings) {
    Session session = problem.session(settings);
    try (TrainingData data =
        new TrainingData(
            session, session.artefact("ingest").require(), session.artefact("encode").require())) {
      return data.rows();
    }
  }

  @Test
  void withoutASplitValTheRunDoesNotBegin() {
    problem.ingest(problem.triplets(TRAINING).subList(0, TRAINING));

    Session session = problem.session(with("train.validation.on=val"));

    assertThatThrownBy(() -> TrainJob.run(session))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageMatching(
            "Cannot validate: no data set of ingest version 2 has a triplet of the split val\\. Set"
                + " train\\.validation\\.on to hold-out, or ingest a data set that has it\\.");
    assertThat(problem.artefact("train/gated/checkpoint").latest()).isEmpty();
  }
}
