package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileHashesTest {
  @TempDir private Path folder;

  @Test
  void aFileThatWasWrittenSinceIsReadAgain() throws IOException {
    Path file = Files.writeString(folder.resolve("model.onnx"), "weights");
    assertThat(FileHashes.of(file)).isEqualTo(DigestUtils.sha256Hex("weights"));

    Files.writeString(file, "WEIGHTS"); // of the same length
    Files.setLastModifiedTime(file, FileTime.fromMillis(1));
    assertThat(FileHashes.of(file)).isEqualTo(DigestUtils.sha256Hex("WEIGHTS"));

    Path other = Files.writeString(folder.resolve("other"), "wEiGhTs");
    Files.setLastModifiedTime(other, FileTime.fromMillis(1));
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING); // of the same time too
    assertThat(FileHashes.of(file)).isEqualTo(DigestUtils.sha256Hex("wEiGhTs"));
  }
}
