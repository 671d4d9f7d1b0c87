package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import picocli.CommandLine;

/** The templates of conf/schedules call commands that Weft has, with options that they take. */
class ScheduleTemplatesTest {
  private static final Path FOLDER = Path.of("../conf/schedules");

  /** A command line of scripts/weft in a text, to the end of its arguments. */
  private static final Pattern IN_TEXT =
      Pattern.compile("scripts/weft ([a-z-]+(?: (?:--[a-z-]+|[A-Za-z/][A-Za-z0-9/:.{}_-]*))*)");

  private static void accepted(List<String> arguments) {
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    CommandLine weft =
        Commands.commandLine(
            new Commands.Console(
                nowhere, result -> {}, new Progress(nowhere, false, System::nanoTime)));
    CommandLine.ParseResult parsed = weft.parseArgs(arguments.toArray(String[]::new));
    assertThat(parsed.hasSubcommand()).as("%s names a command", arguments).isTrue();
  }

  private static String text(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name));
  }

  private static List<List<String>> commands(String text) {
    return IN_TEXT
        .matcher(text)
        .results()
        .map(found -> List.of(found.group(1).split(" ", -1)))
        .toList();
  }

  private static Object at(Object tree, String... path) {
    Object node = tree;
    for (String key : path) {
      assertThat(node).as("%s of %s", key, List.of(path)).isInstanceOf(Map.class);
      node = ((Map<?, ?>) node).get(key);
    }
    return node;
  }

  private static List<String> texts(Object list) {
    List<String> texts = new ArrayList<>();
    ((List<?>) list).forEach(one -> texts.add((String) one));
    return texts;
  }

  private static Object yaml(String name) throws IOException {
    return new Load(LoadSettings.builder().build()).loadFromString(text(name));
  }

  /** Where docker/Dockerfile puts the jar. */
  private static String jarOfTheImage() throws IOException {
    return only("../docker/Dockerfile", "(?m)^COPY jobs/target/weft\\.jar (\\S+)$");
  }

  /** The account that docs/deploy.md makes for drivers. */
  private static String serviceAccount() throws IOException {
    return only("../docs/deploy.md", "kubectl -n weft create serviceaccount (\\S+)");
  }

  private static String only(String file, String pattern) throws IOException {
    List<MatchResult> found =
        Pattern.compile(pattern).matcher(Files.readString(Path.of(file))).results().toList();
    assertThat(found).as("%s in %s", pattern, file).hasSize(1);
    return found.get(0).group(1);
  }

  @Test
  void cronSystemdAndAirflowCallCommandsThatThereAre() throws IOException {
    for (String name : List.of("weft.cron", "weft-fine-tune.service", "airflow_dag.py")) {
      // A word in braces is a name of the template's own language.
      List<List<String>> commands =
          commands(text(name).replace("{CONFIG}", "c").replace("{RUN_ID}", "r"));
      assertThat(commands).as(name).isNotEmpty();
      commands.forEach(ScheduleTemplatesTest::accepted);
    }
    assertThat(commands(text("weft.cron")).toString())
        .contains("[fine-tune, --config, /etc/weft/shop.yaml, --run-id, nightly");
    assertThatThrownBy(() -> accepted(List.of("fine-tune", "--confg", "a.yaml")))
        .isInstanceOf(CommandLine.ParameterException.class)
        .hasMessageContaining("--config=FILE");
  }

  @Test
  void theAirflowOperatorGivesArgumentsOfACommandThatThereIs() throws IOException {
    String dag = text("airflow_dag.py");
    MatchResult list =
        Pattern.compile("application_args=\\[(.*)]").matcher(dag).results().findFirst().get();
    accepted(List.of(list.group(1).replace("\"", "").split(", ", -1)));
    assertThat(dag)
        .contains("max_active_runs=1", "catchup=False", "java_class=\"dev.weft.jobs.Weft\"");
  }

  @Test
  void theSystemdUnitRunsOnceAndIsTimed() throws IOException {
    assertThat(text("weft-fine-tune.service"))
        .contains("Type=oneshot", "RestartPreventExitStatus=64 65 66 69 70 78");
    assertThat(text("weft-fine-tune.timer")).contains("OnCalendar=", "Persistent=true");
    assertThat(text("weft.cron")).contains("flock --nonblock");
  }

  @Test
  void theCronJobForbidsTwoAtOnce() throws IOException {
    Object job = yaml("kubernetes-cronjob.yaml");
    assertThat(at(job, "apiVersion")).isEqualTo("batch/v1");
    assertThat(at(job, "spec", "concurrencyPolicy")).isEqualTo("Forbid");
    Object containers = at(job, "spec", "jobTemplate", "spec", "template", "spec", "containers");
    Object driver = ((List<?>) containers).get(0);
    assertThat(texts(at(driver, "command"))).containsExactly("/opt/spark/bin/spark-submit");
    List<String> arguments = texts(at(driver, "args"));
    assertThat(arguments).contains("local://" + jarOfTheImage());
    int jar = arguments.indexOf("local://" + jarOfTheImage());
    assertThat(arguments.subList(0, jar))
        .containsExactly(
            "--properties-file",
            "/etc/weft/spark.conf",
            "--conf",
            "spark.submit.deployMode=client",
            "--class",
            Weft.class.getName());
    accepted(arguments.subList(jar + 1, arguments.size()));
    Object mount = ((List<?>) at(driver, "volumeMounts")).get(0);
    assertThat(at(mount, "mountPath")).isEqualTo("/etc/weft");
    Object pod = at(job, "spec", "jobTemplate", "spec", "template", "spec");
    assertThat(at(pod, "serviceAccountName")).isEqualTo(serviceAccount());
  }

  @Test
  void theSparkOperatorForbidsTwoAtOnce() throws IOException {
    Object application = yaml("scheduled-spark-application.yaml");
    assertThat(at(application, "kind")).isEqualTo("ScheduledSparkApplication");
    assertThat(at(application, "spec", "concurrencyPolicy")).isEqualTo("Forbid");
    Object template = at(application, "spec", "template");
    assertThat(at(template, "mainClass")).isEqualTo(Weft.class.getName());
    assertThat(at(template, "mainApplicationFile")).isEqualTo("local://" + jarOfTheImage());
    assertThat(at(template, "driver", "serviceAccount")).isEqualTo(serviceAccount());
    assertThat(at(template, "restartPolicy", "type")).isEqualTo("OnFailure");
    accepted(texts(at(template, "arguments")));
  }
}
