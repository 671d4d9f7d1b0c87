package dev.weft.jobs.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineJob;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.search.SearchJob;
import dev.weft.jobs.store.Table;
import dev.weft.jobs.train.MineJob;
import dev.weft.jobs.train.TrainJob;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.sql.Row;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder in the layout of the public ONNX exports, taken through the stages. */
class ModelFolderTest {
  @TempDir private Path root;

  /** A tiny model with random weights, from the test resources of common. */
  private static String model(String name) {
    return Path.of("..", "common", "src", "test", "resources", "golden", name)
        .toAbsolutePath()
        .normalize()
        .toString();
  }

  private Session session(String... pairs) {
    return TinyWardrobe.sessionOn(root, pairs);
  }

  @Test
  void aModelGoesThroughAllStagesAndNeverMixesWithAnother() {
    String clip = "encode.model=" + model("clip");
    String padded = "encode.pad=target";
    Session session = session(clip, "train.heads=[sum]", "search.text=a red dress");
    IngestJob.run(session);
    assertThat(AlignJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);

    StageResult encoded = EncodeJob.run(session);

    assertThat(encoded.figures())
        .containsEntry("dimension", 24)
        .containsEntry("images_encoded", 180)
        .containsEntry("texts_cut", 0);
    assertThat(EncodeJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
    Row image =
        Table.IMAGE_EMBEDDINGS.read(LocalSpark.session(), encoded.snapshot().orElseThrow()).first();
    assertThat(image.<byte[]>getAs("vector")).hasSize(4 * 24);

    TrainJob.run(session);
    EvaluateJob.score(session);
    IndexJob.run(session);
    assertThat((List<?>) SearchJob.run(session).figures().get("results")).hasSize(10);

    Session other = session(clip, padded, "train.heads=[sum]", "search.text=a red dress");
    assertThatThrownBy(() -> SearchJob.run(other))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot use the index version 1 with the encoder file:")
        .hasMessageContaining(String.valueOf(encoded.figures().get("encoder")));
    StageResult again = EncodeJob.run(other);
    assertThat(again.figures()).containsEntry("images_encoded", 180);
    assertThat(again.figures().get("encoder")).isNotEqualTo(encoded.figures().get("encoder"));
    List<ThrowingCallable> onVectorsOfBoth =
        List.of(
            () -> IndexJob.run(other), () -> EvaluateJob.score(other), () -> MineJob.run(other));
    for (ThrowingCallable stage : onVectorsOfBoth) {
      assertThatThrownBy(stage)
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
          .hasMessageContaining(String.valueOf(again.figures().get("encoder")))
          .hasMessageContaining(String.valueOf(encoded.figures().get("encoder")));
    }
  }

  @Test
  void aPipelineOnAnnotationsAloneEndsWithTheVectorsOfTheTexts() {
    Session session = session("encode.model=bge-small-en-v1.5", "ingest.images=none");

    StageResult pipeline = PipelineJob.run(session);

    Map<?, ?> stages = (Map<?, ?>) pipeline.figures().get("stages");
    assertThat(stages.keySet().stream().map(String::valueOf))
        .containsExactly("wardrobe", "ingest", "align", "encode");
    assertThat(session.artefact("encode").require().manifest().facts())
        .containsEntry("dimension", 384)
        .containsEntry("images", 0)
        .containsKey("texts_cut")
        .extractingByKey("texts_encoded")
        .satisfies(texts -> assertThat((int) texts).isGreaterThan(50));
  }

  @Test
  void theTextTowerAloneRefusesImages() {
    Session session = session("encode.model=bge-small-en-v1.5");
    IngestJob.run(session);

    assertThatThrownBy(() -> EncodeJob.run(session))
        .satisfies(
            thrown ->
                assertThat(ExceptionUtils.throwableOfType(thrown, WeftException.class))
                    .hasMessageContaining("Cannot encode images with bge-small-en-v1.5")
                    .hasMessageContaining("ingest.images to none"));
  }
}
