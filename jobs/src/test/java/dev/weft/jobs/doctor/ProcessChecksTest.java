package dev.weft.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.doctor.Check.Outcome;
import dev.weft.jobs.doctor.ProcessFacts.Engine;
import dev.weft.jobs.doctor.ProcessFacts.Folder;
import dev.weft.jobs.doctor.ProcessFacts.Memory;
import dev.weft.jobs.doctor.ProcessFacts.Software;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each check of a process, by a process that lacks that one thing. */
class ProcessChecksTest {
  private static final long GIB = 1L << 30;
  private static final Software SOFTWARE =
      new Software(17, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.36");
  private static final Engine ENGINE =
      new Engine("CpuBackend", "", "", true, "avx2", "OPENBLAS", 4, 4, true, "passive");
  private static final Folder FOLDER = new Folder("/tmp", "", true, 9 * GIB);
  private static final Memory MEMORY = new Memory(3 * GIB, 4 * GIB, 16 * GIB);
  private static final ProcessFacts SOUND = facts(SOFTWARE, ENGINE, FOLDER, FOLDER, MEMORY);

  @TempDir private Path folder;

  private static ProcessFacts facts(
      Software software, Engine engine, Folder temp, Folder cache, Memory memory) {
    return new ProcessFacts("x", software, engine, temp, cache, memory, List.of(), "", 1000);
  }

  private static ProcessFacts software(
      int java, String system, String spark, String scala, String weft, String glibc) {
    return facts(
        new Software(java, system, spark, scala, weft, glibc), ENGINE, FOLDER, FOLDER, MEMORY);
  }

  private static ProcessFacts engine(Engine engine) {
    return facts(SOFTWARE, engine, FOLDER, FOLDER, MEMORY);
  }

  private static ProcessFacts gpus(List<String> given, String visible) {
    return new ProcessFacts("x", SOFTWARE, ENGINE, FOLDER, FOLDER, MEMORY, given, visible, 1000);
  }

  private static List<Check> checks(ProcessFacts facts) {
    return ProcessChecks.of(facts, SOUND, 900, 1100);
  }

  @Test
  void aSoundProcessIsFine() {
    assertThat(checks(SOUND)).hasSize(23).allMatch(check -> check.outcome() == Outcome.OK);
    assertThat(checks(gpus(List.of("3"), "3"))).allMatch(check -> check.outcome() == Outcome.OK);
  }

  static Stream<Arguments> broken() {
    Folder unwritable = new Folder("/ro", "read-only", false, 9 * GIB);
    Folder noexec = new Folder("/noexec", "", false, 9 * GIB);
    return Stream.of(
        Arguments.of("java", software(11, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.36")),
        Arguments.of("java", software(23, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.36")),
        Arguments.of("system", software(17, "Linux aarch64", "4.1.1", "2.13.17", "0.1.0", "2.36")),
        Arguments.of("spark", software(17, "Linux amd64", "3.5.7", "2.13.17", "0.1.0", "2.36")),
        Arguments.of("spark", software(17, "Linux amd64", "4.10.0", "2.13.17", "0.1.0", "2.36")),
        Arguments.of(
            "spark-match", software(17, "Linux amd64", "4.1.0", "2.13.17", "0.1.0", "2.36")),
        Arguments.of("scala", software(17, "Linux amd64", "4.1.1", "2.12.20", "0.1.0", "2.36")),
        Arguments.of(
            "weft-match", software(17, "Linux amd64", "4.1.1", "2.13.17", "0.0.9", "2.36")),
        Arguments.of("glibc", software(17, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.28")),
        Arguments.of("glibc", software(17, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "")),
        Arguments.of(
            "tensors", engine(new Engine("", "no lib", "", true, "", "", 0, 4, true, "passive"))),
        Arguments.of(
            "tensor-variant",
            engine(new Engine("Cpu", "", "", true, "plain", "OPENBLAS", 4, 4, true, "passive"))),
        Arguments.of(
            "blas",
            engine(new Engine("Cpu", "", "", true, "avx2", "UNKNOWN", 4, 4, true, "passive"))),
        Arguments.of(
            "threads",
            engine(new Engine("Cpu", "", "", true, "avx2", "OPENBLAS", 1, 4, true, "passive"))),
        Arguments.of(
            "openmp-wait",
            engine(new Engine("Cpu", "", "", true, "avx2", "OPENBLAS", 4, 4, true, ""))),
        Arguments.of(
            "vector-module",
            engine(new Engine("Cpu", "", "", true, "avx2", "OPENBLAS", 4, 4, false, "passive"))),
        Arguments.of(
            "text-tower",
            engine(
                new Engine("Cpu", "", "GLIBC", true, "avx2", "OPENBLAS", 4, 4, true, "passive"))),
        Arguments.of("temp-writable", facts(SOFTWARE, ENGINE, unwritable, FOLDER, MEMORY)),
        Arguments.of("temp-executable", facts(SOFTWARE, ENGINE, noexec, FOLDER, MEMORY)),
        Arguments.of("native-cache-writable", facts(SOFTWARE, ENGINE, FOLDER, unwritable, MEMORY)),
        Arguments.of("native-cache-executable", facts(SOFTWARE, ENGINE, FOLDER, noexec, MEMORY)),
        Arguments.of(
            "disk", facts(SOFTWARE, ENGINE, new Folder("/tmp", "", true, 5), FOLDER, MEMORY)),
        Arguments.of(
            "off-heap-bound",
            facts(SOFTWARE, ENGINE, FOLDER, FOLDER, new Memory(3 * GIB, 0, 16 * GIB))),
        Arguments.of(
            "memory",
            facts(SOFTWARE, ENGINE, FOLDER, FOLDER, new Memory(3 * GIB, 6 * GIB, 8 * GIB))),
        Arguments.of("gpu", gpus(List.of("1"), "")),
        Arguments.of("gpu", gpus(List.of("1"), "0")));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void whatIsMissingIsFoundWithItsReasonAndTheLineToChange(String name, ProcessFacts facts) {
    assertThat(checks(facts))
        .filteredOn(check -> check.name().equals(name))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.outcome()).isNotEqualTo(Outcome.OK);
              assertThat(check.why()).isNotBlank();
              assertThat(check.change()).isNotBlank();
              assertThat(check.lines()).contains(name, check.why(), check.change());
            });
  }

  @Test
  void javaFrom17ToBefore23IsFine() {
    for (int java : List.of(17, 21, 22)) {
      assertThat(checks(software(java, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.36")))
          .as("Java %d", java)
          .allMatch(check -> check.outcome() == Outcome.OK);
    }
    assertThat(checks(software(25, "Linux amd64", "4.1.1", "2.13.17", "0.1.0", "2.36")))
        .filteredOn(check -> check.outcome() == Outcome.ERROR)
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.found()).isEqualTo("Java 25");
              assertThat(check.why())
                  .isEqualTo(
                      "Weft is compiled for Java 17, and Hadoop 3.4 calls what Java 23 and newer"
                          + " refuse (Subject.getSubject)");
              assertThat(check.change()).contains("/path/to/jdk-17, or 21");
            });
  }

  @Test
  void aClockThatIsOffIsFound() {
    assertThat(ProcessChecks.of(SOUND, SOUND, 20_000, 20_100))
        .filteredOn(check -> check.outcome() == Outcome.WARNING)
        .singleElement()
        .satisfies(check -> assertThat(check.found()).isEqualTo("19000 ms off the driver's"));
  }

  @Test
  void aHeapThatAloneIsTooLargeIsAnError() {
    ProcessFacts large =
        facts(SOFTWARE, ENGINE, FOLDER, FOLDER, new Memory(16 * GIB, GIB, 16 * GIB));

    assertThat(checks(large))
        .filteredOn(check -> check.outcome() == Outcome.ERROR)
        .extracting(Check::name)
        .containsExactly("memory");
  }

  @Test
  void aFolderIsWrittenToAndRunsAFile() throws IOException {
    assertThat(ProcessProbe.folder(folder))
        .satisfies(
            found -> {
              assertThat(found.failure()).isEmpty();
              assertThat(found.executable()).isTrue();
              assertThat(found.free()).isPositive();
            });
    assertThat(folder).isEmptyDirectory();
    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    assertThat(ProcessProbe.folder(file).failure()).contains("FileAlreadyExistsException");
  }
}
