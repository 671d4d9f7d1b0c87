package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTest {
  private static final Configuration SETTINGS = new Configuration();

  @TempDir Path root;

  private Snapshot snapshot;
  private Path params;

  @BeforeEach
  void commit() {
    Artefact artefact = Artefact.open(SETTINGS, root.toString(), "train/gated");
    snapshot = Outputs.committed(artefact, "a1", "x");
    params = Path.of(snapshot.file("params.bin").toUri().getPath());
  }

  @Test
  void missingFileIsNamed() throws Exception {
    Files.delete(params);

    refused(() -> snapshot.file("params.bin"), "params.bin is gone. Restore that file");
    refused(() -> snapshot.verify(), "params.bin is gone");
  }

  @Test
  void shortAndLongFilesAreNamed() throws Exception {
    byte[] content = Files.readAllBytes(params);
    Files.write(params, new byte[content.length - 1]);
    refused(() -> snapshot.read("params.bin"), "params.bin has 11 bytes instead of 12");

    Files.write(params, new byte[content.length + 1]);
    refused(() -> snapshot.file("params.bin"), "params.bin has 13 bytes instead of 12");

    Files.write(params, new byte[0]);
    refused(() -> snapshot.file("params.bin"), "params.bin has 0 bytes instead of 12");
  }

  @Test
  void flippedBitIsNoticedByReadAndVerify() throws Exception {
    byte[] content = Files.readAllBytes(params);
    content[3] ^= 1;
    Files.write(params, content);

    refused(() -> snapshot.read("params.bin"), "has not the content that was written");
    refused(() -> snapshot.verify(), "has not the content that was written");
  }

  private static void refused(Runnable read, String why) {
    assertThatThrownBy(read::run)
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.IO))
        .hasMessageStartingWith("Cannot read version 1 of train/gated: ")
        .hasMessageContaining(why)
        .hasMessageEndingWith("scripts/weft train --force.");
  }

  @Test
  void readerOvertakenByVacuumIsToldToTryAgain() throws Exception {
    Outputs.committed(snapshot.artefact(), "a2", "y");
    Files.delete(params);
    Files.delete(Path.of(snapshot.path().toUri().getPath()));

    assertThatThrownBy(() -> snapshot.file("params.bin"))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
        .hasMessageContaining("because vacuum removed that version")
        .hasMessageContaining("it will read version 2");
  }

  @Test
  void unknownNamesSayWhatThereIs() {
    assertThatThrownBy(() -> snapshot.file("params"))
        .hasMessage(
            "Cannot read the file params from version 1 of train/gated: it has no such file. Make"
                + " the artefact again: scripts/weft train.");
    assertThatThrownBy(() -> snapshot.files("images"))
        .hasMessageContaining("Cannot read the table images")
        .hasMessageContaining("it has the tables []");
  }

  @Test
  void tableFilesKeepTheirOrder() throws Exception {
    Artefact ingest = Artefact.open(SETTINGS, root.toString(), "ingest");
    Attempt attempt = ingest.begin("a1");
    for (String name : new String[] {"images-2.parquet", "images-0.parquet", "images-1.parquet"}) {
      HashingOutput out = HashingOutput.create(SETTINGS, attempt.folder(), name);
      out.write(new byte[] {1, 2, 3});
      out.write(4);
      assertThatThrownBy(() -> out.entry("images", 5))
          .hasMessage("Cannot list a1/" + name + ": it is not closed yet.");
      out.close();
      attempt.add(out.entry("images", 5));
    }
    CommitRequest plain = Outputs.request("x");

    Snapshot committed =
        attempt.commit(
            new CommitRequest(
                plain.runKey(),
                plain.provenance(),
                Map.of("images", "id STRING"),
                Map.of(),
                Instant.EPOCH));

    assertThat(committed.files("images"))
        .extracting(org.apache.hadoop.fs.Path::getName)
        .containsExactly("images-2.parquet", "images-0.parquet", "images-1.parquet");
    assertThat(committed.rows("images")).isEqualTo(15);
    assertThat(committed.manifest().files().get(0).bytes()).isEqualTo(4);
    assertThat(committed.manifest().files().get(0).sha256())
        .isEqualTo(Sha256.of(new byte[] {1, 2, 3, 4}));
  }
}
