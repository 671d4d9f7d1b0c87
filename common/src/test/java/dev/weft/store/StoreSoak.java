package dev.weft.store;

import com.google.errorprone.annotations.FormatMethod;
import dev.weft.MarkedSection;
import dev.weft.store.StoreFaults.Tally;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.FileUtil;

/**
 * All scenarios of {@link StoreFaults}, a row each; ends at the first that fails.
 *
 * <pre>scripts/soak store [--schedules N] [--seed N] [--into docs/deploy.md]</pre>
 */
public final class StoreSoak {
  private final PrintStream out;
  private final StringBuilder table = new StringBuilder();

  private StoreSoak(PrintStream out) {
    this.out = out;
  }

  /** Runs it; a failed scenario ends the process with its message. */
  public static void main(String[] arguments) throws Exception {
    int schedules = 10_000;
    long seed = 1;
    Optional<Path> document = Optional.empty();
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      switch (arguments[i]) {
        case "--schedules" -> schedules = Integer.parseInt(arguments[i + 1]);
        case "--seed" -> seed = Long.parseLong(arguments[i + 1]);
        case "--into" -> document = Optional.of(Path.of(arguments[i + 1]));
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    StoreSoak soak = new StoreSoak(System.out);
    soak.run(schedules, seed);
    document.ifPresent(file -> MarkedSection.replace(file, "soak store", soak.table.toString()));
  }

  private void run(int schedules, long seed) throws Exception {
    say("| scenario | scenarios | committed | failed | killed | orphans |");
    say("|---|---:|---:|---:|---:|---:|");
    Tally all = Tally.NONE;
    for (boolean likeS3 : new boolean[] {false, true}) {
      String store = likeS3 ? "conditional create" : "rename";
      all = all.plus(row("every moment, 1 writer, " + store, StoreFaults.everyMoment(likeS3, 0)));
      all =
          all.plus(
              row("every moment, 1 and 2 writers, " + store, StoreFaults.everyMoment(likeS3, 8)));
    }
    Tally drawn = Tally.NONE;
    for (int i = 0; i < schedules; i++) {
      drawn = drawn.plus(StoreFaults.drawn(seed + i));
    }
    all = all.plus(row("drawn schedules, 1 to 3 writers and vacuum", drawn));
    Path folder = Files.createTempDirectory("weft-soak-store");
    try {
      long opened = StoreFaults.readers(folder.resolve("readers"), 8, 100, 10_000);
      say("");
      say("8 readers during 100 publications: %,d opens, no error.", opened);
      int files = StoreFaults.flippedBits(folder.resolve("bits"), seed, 1_000);
      say("1,000 flipped bits in %d files: all found by `--verify`.", files);
      out.printf(
          Locale.ROOT,
          "RESULT {\"stage\":\"soak\",\"status\":\"done\",\"scenarios\":%d,\"committed\":%d,"
              + "\"failed\":%d,\"killed\":%d,\"orphans\":%d,\"opens\":%d,\"flipped_bits\":1000}%n",
          all.scenarios(),
          all.committed(),
          all.failed(),
          all.killed(),
          all.orphans(),
          opened);
    } finally {
      FileUtil.fullyDelete(folder.toFile());
    }
  }

  /** A line of the table, to be seen at once. */
  @FormatMethod
  private void say(String format, Object... arguments) {
    String line = String.format(Locale.ROOT, format, arguments);
    out.println(line);
    table.append(line).append('\n');
  }

  private Tally row(String name, Tally tally) {
    say(
        "| %-52s | %,9d | %,9d | %,6d | %,6d | %,7d |",
        name,
        tally.scenarios(),
        tally.committed(),
        tally.failed(),
        tally.killed(),
        tally.orphans());
    return tally;
  }
}
