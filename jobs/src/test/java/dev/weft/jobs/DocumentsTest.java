package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What docs/operators.md quotes is what the code says, and the tests that it names are there; what
 * docs/security.md promises of the code holds.
 */
class DocumentsTest {
  private static final Path HOME = Path.of("..");
  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w+)(?:#(\\w+))?`");
  private static final Pattern QUOTED = Pattern.compile("(?<!\\*)\\*([^*]+)\\*(?!\\*)");

  private static String page() throws IOException {
    return Files.readString(HOME.resolve("docs").resolve("operators.md"));
  }

  private static List<Path> sources(String kind) throws IOException {
    List<Path> all = new ArrayList<>();
    for (String module : List.of("common", "jobs")) {
      try (Stream<Path> files = Files.walk(HOME.resolve(module).resolve("src").resolve(kind))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(all::add);
      }
    }
    return all;
  }

  @Test
  void everyTestThatIsNamedIsThere() throws IOException {
    List<Path> sources = sources("test");
    List<MatchResult> named = TEST.matcher(page()).results().toList();
    assertThat(named).hasSizeGreaterThan(20);
    for (MatchResult test : named) {
      List<Path> files =
          sources.stream().filter(file -> file.endsWith(test.group(1) + ".java")).toList();
      assertThat(files).as(test.group()).hasSize(1);
      if (test.group(2) != null) {
        assertThat(Files.readString(files.get(0))).contains("void " + test.group(2) + "(");
      }
    }
  }

  @Test
  void noStoredFileIsReadByJavaDeserialisation() throws IOException {
    Pattern forbidden =
        Pattern.compile(
            "ObjectInputStream|readObject\\(|SerializationUtils|ModelSerializer|activateDefaultTyping"
                + "|@JsonTypeInfo|XMLDecoder");
    List<Path> sources = sources("main");
    assertThat(sources).hasSizeGreaterThan(200);
    for (Path file : sources) {
      assertThat(forbidden.matcher(Files.readString(file)).find()).as(file.toString()).isFalse();
    }
  }

  @Test
  void everyMessageThatIsQuotedIsSaid() throws IOException {
    StringBuilder code = new StringBuilder();
    for (Path file : sources("main")) {
      code.append(Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", ""));
    }
    Matcher quoted = QUOTED.matcher(page());
    int found = 0;
    while (quoted.find()) {
      for (String part : quoted.group(1).split("\\.\\.\\.", -1)) {
        assertThat(code).contains(part.strip());
        found++;
      }
    }
    assertThat(found).isGreaterThan(15);
  }
}
