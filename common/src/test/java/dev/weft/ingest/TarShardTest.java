package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarShardTest {
  private static final Configuration HADOOP = new Configuration();
  private static final String LONG = "folder/".repeat(20) + "long.jpg"; // beyond the header's 100

  @TempDir private java.nio.file.Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Path write(int longNames) throws IOException {
    java.nio.file.Path file = folder.resolve("a b-000.tar");
    try (OutputStream out = Files.newOutputStream(file);
        TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      tar.setLongFileMode(longNames);
      tar.putArchiveEntry(new TarArchiveEntry("dress/"));
      tar.closeArchiveEntry();
      for (String name :
          new String[] {
            "dress/one.jpg", "dress/one.json", "./two.PNG", "._two.PNG", LONG, "é.webp"
          }) {
        byte[] content = bytes("content of " + name);
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
    return new Path(file.toUri());
  }

  private static Map<String, TarShard.Member> members(Path path, long maxBytes) throws IOException {
    Map<String, TarShard.Member> members = new LinkedHashMap<>();
    try (TarShard shard = TarShard.open(FileSystem.getLocal(HADOOP), path, maxBytes)) {
      shard.forEachRemaining(member -> members.put(member.location().member(), member));
    }
    return members;
  }

  @Test
  void everyImageIsReadAndFoundAgainAtItsPlace() throws IOException {
    for (int longNames :
        new int[] {TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.LONGFILE_POSIX}) {
      Map<String, TarShard.Member> members = members(write(longNames), 1000);

      assertThat(members.keySet()).containsExactly("dress/one.jpg", "two.PNG", LONG, "é.webp");
      for (TarShard.Member member : members.values()) {
        byte[] again = ImageLocation.of(member.location().toString()).read(HADOOP, 1000);
        assertThat(again).isEqualTo(member.bytes().orElseThrow());
        assertThat(new String(again, StandardCharsets.UTF_8)).startsWith("content of ");
      }
    }
  }

  @Test
  void aMemberBeyondTheLimitIsNotRead() throws IOException {
    Map<String, TarShard.Member> members = members(write(TarArchiveOutputStream.LONGFILE_GNU), 30);

    assertThat(members.get(LONG).bytes()).isEqualTo(Optional.empty());
    assertThat(members.get("two.PNG").bytes()).isPresent();
    assertThat(
            new ImageProbe(new ImageLimits(30, 100, 60))
                .probe(new ImageKey("tiny", "", "long"), members.get(LONG)))
        .isInstanceOfSatisfying(
            ImageCheck.Unusable.class,
            bad -> {
              assertThat(bad.finding().reason()).isEqualTo(Reason.TOO_LARGE_IMAGE);
              assertThat(bad.finding().file()).contains("a b-000.tar#").endsWith(LONG);
            });
  }

  @Test
  void aCutArchiveIsNamedWithTheLastGoodMember() throws IOException {
    Path path = write(TarArchiveOutputStream.LONGFILE_GNU);
    java.nio.file.Path file = java.nio.file.Path.of(path.toUri());
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 6 * 512 + 5)); // in the second image

    assertThatThrownBy(() -> members(path, 1000))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.IO))
        .hasMessageContaining("Cannot read the shard file:")
        .hasMessageContaining("after dress/one.jpg");
  }

  @Test
  void aFileOfItsOwnIsItsOwnLocation() throws IOException {
    java.nio.file.Path file = folder.resolve("a#1+2.jpg");
    Files.write(file, bytes("abc"));
    String uri = new Path(file.toUri()).toString();

    ImageLocation location = ImageLocation.of(uri);

    assertThat(location.member()).isEmpty();
    assertThat(location).hasToString(uri);
    assertThat(location.read(HADOOP, 2)).isEqualTo(bytes("ab"));
    assertThat(location.read(HADOOP, 9)).isEqualTo(bytes("abc"));
  }
}
