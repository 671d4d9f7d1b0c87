package dev.weft.jobs.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.jobs.cluster.ServerProcess;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * Trains a small head again and again on a Spark of several processes, kills executors and drivers
 * at moments drawn from a seed, and holds every run against one that nobody disturbed: {@code
 * scripts/soak train}.
 *
 * <p>The training data are the vectors of {@link EncodedTriplets}, read through the real tables;
 * the head is a combiner with dropout.
 */
final class TrainSoak {
  private static final String HEAD = "combiner";
  private static final int TRIPLETS = 1600;
  private static final int BATCH = 64;
  private static final int STEPS_PER_EPOCH = TRIPLETS / BATCH;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Steps until the Java machine has compiled and loaded what it needs. */
  private static final long WARM_UP = 1000;

  private static final int MEMORY_SAMPLES = 40;
  private static final int BROADCASTS = 2; // the training rows, the parameters of the step
  private static final double FLAT = 1.0; // MiB per 1,000 steps

  private static final Pattern FAILED =
      Pattern.compile(
          "Cannot go on training: step \\d+ of the combiner head failed [4-8] times, first in"
              + " partition [01] on executor \\d+ on \\S+: java\\.lang\\.OutOfMemoryError: ");

  private static final Pattern HANGING =
      Pattern.compile(
          "Cannot go on training: step \\d+ of the combiner head has not ended within"
              + " train\\.step-timeout-seconds \\(10\\), (still running: partition [01] on executor"
              + " \\d+ on \\S+ for \\d+ s|no executor has taken a task of it)");

  private final EncodedTriplets problem;
  private final Path folder;
  private final SplittableRandom random;
  private final PrintStream out;
  private final TrainProcess.Cluster cluster;
  private final Map<String, Map<String, Object>> parts = new LinkedHashMap<>();
  private boolean held = true;

  /**
   * @param problem the training data
   * @param folder where everything is written
   * @param seed of the moments
   * @param out takes the table
   */
  TrainSoak(EncodedTriplets problem, Path folder, long seed, PrintStream out) {
    this.problem = problem;
    this.folder = folder;
    this.random = new SplittableRandom(seed);
    this.out = out;
    this.cluster = TrainProcess.Cluster.of(folder.resolve("processes"), 2);
  }

  /** The training data of the soak. */
  static EncodedTriplets problem(Path folder) {
    return EncodedTriplets.written(folder.resolve("problem"), TRIPLETS);
  }

  /** Whether everything held so far. */
  boolean held() {
    return held;
  }

  /** What the parts found, by name. */
  Map<String, Map<String, Object>> parts() {
    return parts;
  }

  /** The settings of all runs of a soak. */
  static List<String> settings(int steps, int partitions, int checkpointSteps) {
    return List.of(
        "train.heads=[" + HEAD + "]",
        "train.epochs=" + steps / STEPS_PER_EPOCH,
        "train.batch-size=" + BATCH,
        "train.combiner=full",
        "train.partitions=" + partitions,
        "train.checkpoint-steps=" + checkpointSteps);
  }

  private Path root(String name) {
    Path root = folder.resolve(name);
    if (Files.notExists(root)) {
      problem.copy(root);
    }
    return root;
  }

  /**
   * A run that nobody disturbs, in one process.
   *
   * @param steps of the run, a multiple of 25
   * @return SHA-256 of its parameters, the same for all runs of so many steps
   */
  String expected(int steps) {
    TrainHistory history = new TrainHistory(root("expected-" + steps), HEAD);
    if (!history.done()) {
      cluster.local().train(history.root(), settings(steps, 2, 500)).succeed();
    }
    return history.parameters();
  }

  /**
   * A run on two executors that nobody disturbs: what it holds in memory, and how many broadcasts.
   *
   * @param steps of the run, a multiple of 25
   * @param expected SHA-256 of the parameters
   */
  void memory(int steps, String expected) {
    TrainHistory history = new TrainHistory(root("memory"), HEAD);
    long start = System.nanoTime();
    TrainProcess process =
        cluster
            .with(Map.of("spark.extraListeners", BroadcastCount.class.getName()))
            .train(history.root(), settings(steps, 2, 20));
    Map<Long, MemoryWatch> watches = new TreeMap<>();
    long next = 0;
    while (process.isAlive()) {
      long step = history.step();
      if (step >= next && step < steps) {
        List<ProcessHandle> all = new ArrayList<>(process.executors());
        all.add(process.driver());
        all.forEach(
            one -> watches.computeIfAbsent(one.pid(), MemoryWatch::new).sample(history.step()));
        next = step + Math.max(1, steps / MEMORY_SAMPLES);
      }
      ServerProcess.pause(50);
    }
    process.succeed();
    String parameters = history.parameters();
    int[] broadcasts = broadcasts(process);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("steps", steps);
    figures.put("seconds", seconds(start));
    figures.put("same_sha256", parameters.equals(expected));
    figures.put("broadcasts_alive_at_most", broadcasts[0]);
    figures.put("broadcasts_of_spark_alive_at_most", broadcasts[1]);
    boolean good = broadcasts[0] <= BROADCASTS && parameters.equals(expected);
    if (steps > WARM_UP + STEPS_PER_EPOCH) {
      good &= memory(watches, process.driver().pid(), figures);
    }
    report("memory", good, figures);
  }

  /** Ours, and those of Spark. */
  private static int[] broadcasts(TrainProcess process) {
    return process
        .errors()
        .lines()
        .filter(line -> line.startsWith(BroadcastCount.SAID))
        .map(line -> line.substring(BroadcastCount.SAID.length()).split(" "))
        .map(two -> new int[] {Integer.parseInt(two[0]), Integer.parseInt(two[1])})
        .findFirst()
        .orElseThrow();
  }

  private static boolean memory(
      Map<Long, MemoryWatch> watches, long driver, Map<String, Object> figures) {
    boolean flat = true;
    int executor = 0;
    for (Map.Entry<Long, MemoryWatch> one : watches.entrySet()) {
      MemoryWatch watch = one.getValue();
      String who = one.getKey() == driver ? "driver" : "executor_" + ++executor;
      double resident = watch.residentSlope(WARM_UP);
      double heap = watch.heapSlope(WARM_UP);
      figures.put(who + "_rss_mb", rounded(watch.resident()));
      figures.put(who + "_rss_mb_per_1000_steps", rounded(resident));
      figures.put(who + "_heap_mb", rounded(watch.heap()));
      figures.put(who + "_heap_mb_per_1000_steps", rounded(heap));
      figures.put(who + "_samples", watch.samples(WARM_UP));
      flat &= resident < FLAT && heap < FLAT;
    }
    return flat;
  }

  /**
   * One run whose executors are killed, one or all at once, at moments drawn by step or by time.
   *
   * @param kills processes to kill
   * @param steps of the run
   * @param expected SHA-256 of the parameters of the undisturbed run
   */
  void killExecutors(int kills, int steps, String expected) {
    TrainHistory history = new TrainHistory(root("executors"), HEAD);
    long start = System.nanoTime();
    TrainProcess process = cluster.train(history.root(), settings(steps, 2, 5));
    int killed = 0;
    for (int moment = 0; killed < kills; moment++) {
      if (moment % 2 == 0) {
        double share = (killed + random.nextDouble()) / kills;
        long step = 1 + (long) (0.9 * share * steps);
        await(process, () -> history.step() >= step);
        ServerProcess.pause(random.nextInt(100));
      } else {
        ServerProcess.pause(200 + random.nextInt(4000));
      }
      await(process, () -> !process.executors().isEmpty());
      if (!process.isAlive()) {
        break;
      }
      List<ProcessHandle> alive = process.executors();
      int many = random.nextInt(10) == 0 ? Math.min(alive.size(), kills - killed) : 1;
      int first = random.nextInt(Math.max(1, alive.size()));
      for (int i = 0; i < Math.min(many, alive.size()); i++) {
        alive.get((first + i) % alive.size()).destroyForcibly(); // SIGKILL
        killed++;
      }
      if (killed % 10 == 0) {
        say("executors", killed + " killed, at step " + history.step() + " of " + steps);
      }
    }
    process.succeed();
    String parameters = history.parameters();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("kills", killed);
    figures.put("steps", steps);
    figures.put("seconds", seconds(start));
    figures.put("same_sha256", parameters.equals(expected));
    report("executors", killed == kills && parameters.equals(expected), figures);
  }

  /**
   * One run whose driver is killed and started again: while it starts, between any two instructions
   * of its steps, and in its commits. Every life has executors of its own.
   *
   * @param kills drivers to kill
   * @param steps of the run
   * @param expected SHA-256 of the parameters of the undisturbed run
   */
  void killDrivers(int kills, int steps, String expected) {
    TrainHistory history = new TrainHistory(root("drivers"), HEAD);
    long start = System.nanoTime();
    int killed = 0;
    int commits = 0;
    List<String> lost = new ArrayList<>();
    for (int life = 0; killed < kills && !history.done(); life++) {
      long before = history.step();
      TrainProcess process = cluster.train(history.root(), settings(steps, 2, 5));
      switch (life % 3) {
        case 0 -> ServerProcess.pause(1000 + random.nextInt(14_000)); // anywhere from the start on
        case 1 -> {
          await(process, () -> history.step() > before);
          ServerProcess.pause(random.nextInt(1500));
        }
        default -> {
          await(process, () -> history.step() > before);
          for (int skip = random.nextInt(4); skip >= 0; skip--) {
            long attempts = history.attempts();
            await(process, () -> history.attempts() != attempts, 0);
          }
          ServerProcess.pause(random.nextInt(8));
        }
      }
      long seen = history.version();
      long step = history.step();
      boolean running = process.isAlive();
      process.kill();
      if (!running) {
        break;
      }
      killed++;
      commits += history.interruptedCommit() ? 1 : 0;
      history.loss(seen).ifPresent(lost::add);
      if (history.step() < step) {
        lost.add("step " + step + " was committed and the newest is " + history.step());
      }
      if (killed % 10 == 0) {
        say("drivers", killed + " killed, at step " + history.step() + " of " + steps);
      }
    }
    cluster.local().train(history.root(), settings(steps, 2, 5)).succeed();
    String parameters = history.parameters();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("kills", killed);
    figures.put("in_a_commit", commits);
    figures.put("steps", steps);
    figures.put("seconds", seconds(start));
    figures.put("versions", history.version());
    figures.put("versions_lost", lost.size());
    figures.put("same_sha256", parameters.equals(expected));
    lost.forEach(out::println);
    report("drivers", killed == kills && lost.isEmpty() && parameters.equals(expected), figures);
  }

  /**
   * The same run again and again, on two executors and in one process by turns.
   *
   * @param runs how often
   * @param steps of each run
   */
  void repeat(int runs, int steps) {
    long start = System.nanoTime();
    List<String> parameters = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      TrainHistory history = new TrainHistory(root("repeat-" + run), HEAD);
      (run % 2 == 1 ? cluster : cluster.local())
          .train(history.root(), settings(steps, 2, 100))
          .succeed();
      parameters.add(history.parameters());
    }
    long same = parameters.stream().filter(parameters.get(0)::equals).count();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("runs", runs);
    figures.put("steps", steps);
    figures.put("seconds", seconds(start));
    figures.put("same_sha256", same);
    report("repeats", same == runs, figures);
  }

  /**
   * The same run in other numbers of partitions.
   *
   * @param steps of each run
   * @param first what the others are held against
   * @param others numbers of partitions
   */
  void partitions(int steps, int first, int... others) {
    long start = System.nanoTime();
    List<Double> curve = curve(steps, first);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("steps", steps);
    double worst = 0;
    for (int count : others) {
      double difference = difference(curve, curve(steps, count));
      figures.put(count + "_partitions", String.format(Locale.ROOT, "%.1e", difference));
      worst = Math.max(worst, difference);
    }
    figures.put("seconds", seconds(start));
    report("partitions", worst <= 1e-5, figures);
  }

  private List<Double> curve(int steps, int partitions) {
    TrainHistory history = new TrainHistory(root("partitions-" + partitions), HEAD);
    cluster.local().train(history.root(), settings(steps, partitions, 100)).succeed();
    return losses(history);
  }

  /**
   * A task that fails four times, and an executor that stops in the middle of a step: both end the
   * run and are named, and the command goes on afterwards.
   *
   * @param steps of the run
   * @param expected SHA-256 of the parameters of the undisturbed run
   */
  void failures(int steps, String expected) {
    TrainHistory history = new TrainHistory(root("failures"), HEAD);
    long start = System.nanoTime();
    Map<String, Object> figures = new LinkedHashMap<>();
    TrainProcess failing =
        cluster
            .withExecutorOption(
                "-Dorg.bytedeco.javacpp.maxphysicalbytes=400m") // less than the heap
            .train(history.root(), settings(steps, 2, 5));
    figures.put("failing_exit_code", failing.await());
    figures.put("failing_named", FAILED.matcher(failing.errors()).find());
    figures.put("hang_exit_code", hang(history, steps, figures));
    cluster.train(history.root(), settings(steps, 2, 5)).succeed();
    boolean same = history.parameters().equals(expected);
    figures.put("same_sha256", same);
    figures.put("steps", steps);
    figures.put("seconds", seconds(start));
    boolean named =
        figures.get("failing_named").equals(true) && figures.get("hang_named").equals(true);
    boolean codes =
        figures.get("failing_exit_code").equals(ExitCode.RESOURCE_MISSING.code())
            && figures.get("hang_exit_code").equals(ExitCode.TRY_LATER.code());
    report("failures", same && named && codes, figures);
  }

  private int hang(TrainHistory history, int steps, Map<String, Object> figures) {
    List<String> settings = new ArrayList<>(settings(steps, 2, 5));
    settings.add("train.step-timeout-seconds=10");
    TrainProcess process = cluster.train(history.root(), settings);
    await(process, () -> history.step() > steps / 4);
    List<ProcessHandle> executors = process.executors();
    // All of them: one that has nothing in hand when it is stopped is passed over.
    executors.forEach(executor -> signal("STOP", executor));
    int code = process.await();
    executors.forEach(ProcessHandle::destroyForcibly);
    figures.put("hang_named", HANGING.matcher(process.errors()).find());
    if (code != ExitCode.TRY_LATER.code()) {
      out.println(process);
    }
    return code;
  }

  private static void signal(String name, ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static double difference(List<Double> one, List<Double> other) {
    double worst = one.size() == other.size() ? 0 : Double.POSITIVE_INFINITY;
    for (int epoch = 0; epoch < Math.min(one.size(), other.size()); epoch++) {
      worst = Math.max(worst, Math.abs(other.get(epoch) / one.get(epoch) - 1));
    }
    return worst;
  }

  private static List<Double> losses(TrainHistory history) {
    try {
      List<Double> losses = new ArrayList<>();
      for (JsonNode epoch : new JsonMapper().readTree(history.history())) {
        losses.add(epoch.get("loss").asDouble());
      }
      return losses;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void report(String part, boolean good, Map<String, Object> figures) {
    held &= good;
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("held", good);
    all.putAll(figures);
    parts.put(part.replace(' ', '_'), all);
    StringBuilder line =
        new StringBuilder(String.format("%-17s %-5s", part, good ? "held" : "NOT"));
    figures.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    out.println(line);
    out.flush();
  }

  private void say(String part, String what) {
    out.println("  " + part + ": " + what);
    out.flush();
  }

  private static void await(TrainProcess process, BooleanSupplier condition) {
    await(process, condition, 5);
  }

  /** Waits until something is so, or the process has ended. */
  private static void await(TrainProcess process, BooleanSupplier condition, int everyMillis) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (process.isAlive() && !condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("nothing came in " + PATIENCE + "; " + process);
      }
      ServerProcess.pause(everyMillis);
    }
  }

  private static double seconds(long start) {
    return Math.round((System.nanoTime() - start) / 1e8) / 10.0;
  }

  private static double rounded(double value) {
    return Math.round(value * 100) / 100.0;
  }
}
