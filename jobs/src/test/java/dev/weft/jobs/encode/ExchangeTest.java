package dev.weft.jobs.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.NpyHeader;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.store.Table;
import dev.weft.jobs.train.TrainJob;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Vectors go out and come back, in both forms. */
class ExchangeTest {
  @TempDir private Path folder;
  private Session session;

  @BeforeEach
  void open() {
    session = TinyPipeline.sessionOn(folder.resolve("root"));
  }

  private String place() {
    return folder.resolve("exchange").toString();
  }

  private Path file(String name) {
    return folder.resolve("exchange").resolve(name);
  }

  private Map<String, String> vectors() {
    Snapshot encode = session.artefact("encode").require();
    Map<String, String> vectors = new TreeMap<>();
    for (Row row : Table.IMAGE_EMBEDDINGS.read(LocalSpark.session(), encode).collectAsList()) {
      vectors.put(
          row.getAs("dataset")
              + "/"
              + row.getAs("category")
              + "/"
              + row.getAs("id")
              + "/"
              + row.getAs("sha256"),
          hex(row.getAs("vector")));
    }
    for (Row row : Table.TEXT_EMBEDDINGS.read(LocalSpark.session(), encode).collectAsList()) {
      vectors.put(row.getAs("text"), hex(row.getAs("vector")));
    }
    return vectors;
  }

  /** To the seventh decimal: scaling to unit length again moves the last bit. */
  private static String hex(byte[] vector) {
    StringBuilder text = new StringBuilder();
    for (float value : VectorBytes.decode(vector)) {
      text.append(Math.round(value * 1e5)).append(' ');
    }
    return text.toString();
  }

  @Test
  void vectorsSurviveTheWayOutAndBackInBothForms() throws IOException {
    Map<String, String> before = vectors();
    int version = 0;
    for (ExportJob.Format format : List.of(ExportJob.Format.PARQUET, ExportJob.Format.NPY)) {
      String place = folder.resolve(format.name()).toString();
      StageResult exported = ExportJob.run(session, place, format);

      StageResult imported = ImportJob.run(session, place, "elsewhere-v1");

      assertThat(imported.figures())
          .containsEntry("encoder", "elsewhere-v1")
          .containsEntry("dimension", exported.figures().get("dimension"))
          .containsEntry("images_unknown", 0)
          .containsEntry("images_without_vector", 0);
      assertThat(imported.snapshot().orElseThrow().version()).isGreaterThan(version);
      version = (int) imported.snapshot().orElseThrow().version();
      assertThat(vectors()).isEqualTo(before);
      assertThat(ImportJob.run(session, place, "elsewhere-v1").status())
          .isEqualTo(StageResult.UP_TO_DATE);
    }
    // Features made elsewhere train.
    assertThat(TrainJob.run(session).figures().toString()).isNotEmpty();
    assertThat(
            session.artefact("train/gated").require().manifest().facts().get("encoder").toString())
        .isEqualTo("elsewhere-v1");
  }

  @Test
  void plainReadersOpenWhatIsExported() throws IOException {
    ExportJob.run(session, place(), ExportJob.Format.NPY);
    String parquet = folder.resolve("parquet").toString();
    ExportJob.run(session, parquet, ExportJob.Format.PARQUET);

    List<String> keys = Files.readAllLines(file("texts.jsonl"));
    byte[] matrix = Files.readAllBytes(file("texts.npy"));
    NpyHeader header = NpyHeader.read(new ByteArrayInputStream(matrix));
    assertThat(header.rows()).isEqualTo(keys.size());
    assertThat(matrix).hasSize((int) header.at(header.rows()));
    Row first = LocalSpark.session().read().parquet(parquet + "/texts").orderBy("text").first();
    JsonNode line = new ObjectMapper().readTree(keys.get(0));
    assertThat(line.get("text").asText()).isEqualTo(first.getAs("text"));
    float[] row = header.vector(Arrays.copyOfRange(matrix, (int) header.at(0), (int) header.at(1)));
    List<Float> array = first.getList(1);
    for (int i = 0; i < row.length; i++) {
      assertThat(array.get(i)).isEqualTo(row[i]);
    }
    JsonNode about = new ObjectMapper().readTree(file("embeddings.json").toFile());
    assertThat(about.get("dimension").asInt()).isEqualTo(header.columns());
    assertThat(about.get("encoder").asText()).hasSize(64);
  }

  @Test
  void theKeysSayWhatToEncode() throws IOException {
    StageResult keys = ExportJob.run(session, place(), ExportJob.Format.KEYS);

    assertThat(Files.readAllLines(file("images.jsonl")))
        .hasSize(Math.toIntExact((long) keys.figures().get("images")))
        .allSatisfy(line -> assertThat(line).contains("\"id\":").contains("\"location\":"));
    assertThat(Files.readAllLines(file("texts.jsonl")))
        .hasSize((int) session.artefact("encode").require().rows(Table.TEXT_EMBEDDINGS.name()));
  }

  @Test
  void anExistingFolderIsNotWrittenOver() throws IOException {
    Files.createDirectories(file("x"));

    assertThatThrownBy(() -> ExportJob.run(session, place(), ExportJob.Format.NPY))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("it is there already");
  }

  private void refused(String... parts) {
    assertThatThrownBy(() -> ImportJob.run(session, place(), "elsewhere"))
        .satisfies(
            thrown -> {
              WeftException plain = ExceptionUtils.throwableOfType(thrown, WeftException.class);
              assertThat(plain.exitCode()).isEqualTo(ExitCode.INPUT_MISSING);
              assertThat(plain).hasMessageContainingAll(parts);
            });
  }

  @Test
  void whatDoesNotFitIsSaid() throws IOException {
    refused("Cannot import from", "there is no such folder");
    ExportJob.run(session, place(), ExportJob.Format.NPY);
    byte[] matrix = Files.readAllBytes(file("texts.npy"));
    List<String> keys = Files.readAllLines(file("texts.jsonl"));

    Files.write(file("texts.npy"), Arrays.copyOf(matrix, matrix.length - 4));
    refused("texts.npy says " + keys.size() + " rows of 32 numbers and has");

    byte[] broken = matrix.clone();
    System.arraycopy(HexFormat.of().parseHex("0000c07f"), 0, broken, broken.length - 4, 4); // NaN
    Files.write(file("texts.npy"), broken);
    refused("the vector of", "holds no direction");

    Files.write(file("texts.npy"), matrix);
    Files.write(file("texts.jsonl"), keys.subList(1, keys.size()));
    refused("texts.jsonl names " + (keys.size() - 1) + " rows");

    List<String> twice = new java.util.ArrayList<>(keys);
    twice.set(0, keys.get(1));
    Files.write(file("texts.jsonl"), twice);
    refused("texts has 2 vectors for");

    Files.write(file("texts.jsonl"), keys);
    Files.write(
        file("images.jsonl"),
        Files.readAllLines(file("images.jsonl")).stream()
            .map(line -> line.replaceAll("\"id\":\"", "\"id\":\"x"))
            .toList());
    refused("none of its", "is one of the", "--format keys");

    assertThatThrownBy(() -> ImportJob.run(session, place(), "my model"))
        .hasMessageContaining("the name of the encoder is 'my model'");
  }
}
