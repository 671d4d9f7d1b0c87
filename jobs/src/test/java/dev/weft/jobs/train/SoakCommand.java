package dev.weft.jobs.train;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.jobs.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code scripts/soak train}: the whole {@link TrainSoak}. */
@Command(name = "scripts/soak train", mixinStandardHelpOptions = true)
final class SoakCommand implements Callable<Integer> {
  /** What can be run by itself. */
  private enum Part {
    MEMORY,
    EXECUTORS,
    DRIVERS,
    REPEATS,
    PARTITIONS,
    FAILURES
  }

  @Parameters(arity = "0..*", description = "${COMPLETION-CANDIDATES}; none: all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(names = "--executor-kills", defaultValue = "100")
  private int executorKills;

  @Option(names = "--driver-kills", defaultValue = "60")
  private int driverKills;

  @Option(names = "--repeats", defaultValue = "10")
  private int repeats;

  @Option(names = "--steps", defaultValue = "3000")
  private int steps;

  @Option(names = "--repeated-steps", defaultValue = "200")
  private int repeatedSteps;

  @Option(names = "--seed", defaultValue = "1")
  private long seed;

  @Option(names = "--folder", description = "Kept afterwards; none: a temporary one.")
  private Path folder;

  private SoakCommand() {}

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new SoakCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    Path place = folder == null ? Files.createTempDirectory("weft-soak") : folder;
    EncodedTriplets problem = TrainSoak.problem(place);
    LocalSpark.session().stop();
    TrainSoak soak = new TrainSoak(problem, place, seed, System.out);
    for (Part part : EnumSet.copyOf(parts)) {
      switch (part) {
        case MEMORY -> soak.memory(steps, soak.expected(steps));
        case EXECUTORS -> soak.killExecutors(executorKills, steps, soak.expected(steps));
        case DRIVERS -> soak.killDrivers(driverKills, steps, soak.expected(steps));
        case REPEATS -> soak.repeat(repeats, repeatedSteps);
        case PARTITIONS -> soak.partitions(repeatedSteps, 2, 1, 3, 8);
        case FAILURES -> soak.failures(repeatedSteps, soak.expected(repeatedSteps));
      }
    }
    if (folder == null) {
      FileUtil.fullyDelete(place.toFile());
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("soak", "train");
    result.put("held", soak.held());
    result.put("seed", seed);
    result.put("seconds", Math.round((System.nanoTime() - start) / 1e9));
    result.put("parts", soak.parts());
    System.out.println("RESULT " + new JsonMapper().writeValueAsString(result));
    return soak.held() ? 0 : 1;
  }
}
