package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileEntryTest {
  private static final String SHA = "0".repeat(64);

  @Test
  void pathIsAttemptAndName() {
    FileEntry entry = new FileEntry("a1/head/params.bin", "", 1, 0, SHA);

    assertThat(entry.attempt()).isEqualTo("a1");
    assertThat(entry.name()).isEqualTo("head/params.bin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a/b", "a/../b", "a//b", "a/_b", "a/.b", "a/b c", "a/b/"})
  void pathsThatLeaveTheAttemptOrHideAreRefused(String path) {
    assertThatThrownBy(() -> new FileEntry(path, "", 1, 0, SHA))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot use '" + path + "' as a path inside the store");
  }

  @Test
  void countsAndChecksumAreChecked() {
    assertThatThrownBy(() -> new FileEntry("b", "", 1, 0, SHA))
        .hasMessageContaining("its path must begin with its attempt");
    assertThatThrownBy(() -> new FileEntry("a/b", "t", -1, 0, SHA))
        .hasMessageContaining("with -1 bytes");
    assertThatThrownBy(() -> new FileEntry("a/b", "", 1, 2, SHA))
        .hasMessageContaining("plain file 'a/b' with 2 rows");
    assertThatThrownBy(() -> new FileEntry("a/b", "", 1, 0, "abc"))
        .hasMessageContaining("'abc' is no SHA-256 checksum");
  }
}
