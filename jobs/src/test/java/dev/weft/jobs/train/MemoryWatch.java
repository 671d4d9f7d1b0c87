package dev.weft.jobs.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory of one process over the steps of a run: what the operating system counts (RSS) and
 * what is left on the heap after a full collection, both in MiB.
 */
final class MemoryWatch {
  private static final Pattern LIVE = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)");
  private static final double KIBIBYTE = 1024;

  private final long pid;
  private final List<double[]> samples = new ArrayList<>(); // step, RSS, live heap

  MemoryWatch(long pid) {
    this.pid = pid;
  }

  /**
   * Measures what is in use now. The count of the live objects collects all garbage first, unless a
   * native call holds the collector off: so it is taken twice, and the lower counts. The C library
   * gives back what it keeps of freed memory first: that of a compiler thread, once, is no growth
   * of a run.
   */
  void sample(long step) {
    OptionalDouble live = live();
    command("System.trim_native_heap");
    String resident = output("ps", "-o", "rss=", "-p", String.valueOf(pid)).strip();
    if (live.isPresent() && !resident.isEmpty()) {
      samples.add(
          new double[] {
            step, Long.parseLong(resident) / KIBIBYTE, live.getAsDouble() / KIBIBYTE / KIBIBYTE
          });
    }
  }

  private OptionalDouble live() {
    OptionalDouble least = OptionalDouble.empty();
    for (int look = 0; look < 2; look++) {
      Matcher live = LIVE.matcher(command("GC.class_histogram"));
      if (live.find()) {
        double bytes = Double.parseDouble(live.group(1));
        least = OptionalDouble.of(Math.min(bytes, least.orElse(bytes)));
      }
    }
    return least;
  }

  private String command(String name) {
    String java = System.getProperty("java.home");
    return output(Path.of(java, "bin", "jcmd").toString(), String.valueOf(pid), name);
  }

  /** MiB per 1,000 steps of the resident set, by least squares over the steps from one on. */
  double residentSlope(long from) {
    return slope(from, 1);
  }

  /** MiB per 1,000 steps of the live heap, by least squares over the steps from one on. */
  double heapSlope(long from) {
    return slope(from, 2);
  }

  /** The last sample of the resident set, MiB. */
  double resident() {
    return samples.get(samples.size() - 1)[1];
  }

  /** The last sample of the live heap, MiB. */
  double heap() {
    return samples.get(samples.size() - 1)[2];
  }

  int samples(long from) {
    return (int) samples.stream().filter(sample -> sample[0] >= from).count();
  }

  private double slope(long from, int column) {
    List<double[]> chosen = samples.stream().filter(sample -> sample[0] >= from).toList();
    double meanX = chosen.stream().mapToDouble(sample -> sample[0]).average().orElse(0);
    double meanY = chosen.stream().mapToDouble(sample -> sample[column]).average().orElse(0);
    double up = 0;
    double down = 0;
    for (double[] sample : chosen) {
      up += (sample[0] - meanX) * (sample[column] - meanY);
      down += (sample[0] - meanX) * (sample[0] - meanX);
    }
    return 1000 * up / down;
  }

  private static String output(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
