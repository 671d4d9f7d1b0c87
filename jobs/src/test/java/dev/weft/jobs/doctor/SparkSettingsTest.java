package dev.weft.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.Settings;
import dev.weft.jobs.PipelineConfig;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files of Spark's settings that Weft ships, by doctor's own rules. */
class SparkSettingsTest {
  private static final Path CONF = Path.of("..", "conf");

  /** What a cluster or a device decides; everything else is the same in all templates. */
  private static final Pattern OWN =
      Pattern.compile(
          "spark\\.(master|cores\\.max|submit\\.deployMode|standalone\\..*|yarn\\..*|kubernetes\\..*|"
              + ".*\\.resource\\..*|(driver|executor)\\.(memoryOverhead|extraJavaOptions))");

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(CONF)) {
      return files
          .filter(file -> file.getFileName().toString().matches("spark-.*\\.conf(\\.template)?"))
          .sorted()
          .toList();
    }
  }

  private static Map<String, String> read(Path file) throws IOException {
    Properties properties = new Properties();
    properties.load(new StringReader(Files.readString(file)));
    Map<String, String> all = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> all.put(key, properties.getProperty(key)));
    return all;
  }

  private static List<Check> judged(Map<String, String> settings) {
    SparkConf conf = new SparkConf(false);
    settings.forEach(conf::set);
    PipelineConfig config =
        PipelineConfig.bind(
            PipelineConfig.defaults().overriddenBy(Settings.ofPairs(List.of("root=r"))),
            "the test");
    return ClusterChecks.of(conf, config, conf.getInt("spark.executor.instances", 1), 512);
  }

  @Test
  void thereIsOneForEachClusterAndDevice() throws IOException {
    assertThat(files())
        .extracting(file -> file.getFileName().toString())
        .containsExactly(
            "spark-k8s-cpu.conf.template",
            "spark-k8s-gpu.conf.template",
            "spark-local-cluster.conf",
            "spark-local-gpu.conf.template",
            "spark-local.conf",
            "spark-standalone-cpu.conf.template",
            "spark-standalone-gpu.conf.template",
            "spark-yarn-cpu.conf.template",
            "spark-yarn-gpu.conf.template");
  }

  @ParameterizedTest
  @MethodSource("files")
  void doctorFindsNothingWrong(Path file) throws IOException {
    assertThat(judged(read(file)))
        .filteredOn(check -> check.outcome() != Check.Outcome.OK)
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("files")
  void aSmallerOverheadWouldBeFound(Path file) throws IOException {
    Map<String, String> settings = read(file);
    for (String process : List.of("executor", "driver")) {
      String key = "spark." + process + ".memoryOverhead";
      if (settings.containsKey(key)) {
        Map<String, String> smaller = new TreeMap<>(settings);
        smaller.put(key, "2g");
        assertThat(judged(smaller))
            .filteredOn(check -> check.outcome() == Check.Outcome.ERROR)
            .singleElement()
            .satisfies(check -> assertThat(check.change()).startsWith(key + "="));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void noSettingIsGivenTwice(Path file) throws IOException {
    List<String> keys =
        Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("spark."))
            .map(line -> line.split("[\\s=]", 2)[0])
            .toList();
    assertThat(keys).doesNotHaveDuplicates().isNotEmpty();
  }

  @Test
  void whatIsTheSameEverywhereIsTheSameInEveryTemplate() throws IOException {
    Map<String, String> shared = new TreeMap<>();
    List<String> different = new ArrayList<>();
    for (Path file : files()) {
      if (!file.toString().contains("-local")) {
        Map<String, String> own = read(file);
        own.keySet().removeIf(key -> OWN.matcher(key).matches());
        if (shared.isEmpty()) {
          shared.putAll(own);
        }
        if (!own.equals(shared)) {
          different.add(file + " has " + own + ", others have " + shared);
        }
      }
    }
    assertThat(different).isEmpty();
    assertThat(shared).hasSizeGreaterThan(15);
  }

  @Test
  void whatTheImageIsMadeOfIsThere() throws IOException {
    Path dockerfile = Path.of("..", "docker", "Dockerfile");
    Matcher copied =
        Pattern.compile("(?m)^COPY (?:--\\S+ )*(.*) \\S+$").matcher(Files.readString(dockerfile));
    Set<String> sources = new HashSet<>();
    while (copied.find()) {
      sources.addAll(List.of(copied.group(1).split(" ", -1)));
    }
    assertThat(sources).contains("jobs/target/weft.jar");
    assertThat(sources)
        .filteredOn(source -> !source.startsWith("jobs/target/")) // built
        .allSatisfy(source -> assertThat(Path.of("..").resolve(source)).exists());
  }
}
