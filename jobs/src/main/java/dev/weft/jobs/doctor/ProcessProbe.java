package dev.weft.jobs.doctor;

import dev.weft.compute.CLibrary;
import dev.weft.compute.CudaDevice;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.VectorModule;
import dev.weft.jobs.doctor.ProcessFacts.Engine;
import dev.weft.jobs.doctor.ProcessFacts.Folder;
import dev.weft.jobs.doctor.ProcessFacts.Memory;
import dev.weft.jobs.doctor.ProcessFacts.Software;
import dev.weft.jobs.encode.TextTower;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.lang3.exception.ExceptionUtils;

/** Looks at the process it runs in. */
final class ProcessProbe {
  private ProcessProbe() {}

  /**
   * Finds the facts: starts the engines and writes to the folders.
   *
   * @param where name of the process
   * @param weft version of the jar
   * @param taskCpus cores of a task
   * @param gpus addresses that Spark gave the process
   */
  static ProcessFacts look(String where, String weft, int taskCpus, List<String> gpus) {
    Folder temp = folder(Path.of(System.getProperty("java.io.tmpdir")));
    Engine engine = engine(taskCpus);
    return new ProcessFacts(
        where,
        new Software(
            Runtime.version().feature(),
            System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            org.apache.spark.package$.MODULE$.SPARK_VERSION(),
            scala.util.Properties.versionNumberString(),
            weft,
            CLibrary.version()),
        engine,
        temp,
        cache(),
        new Memory(
            Runtime.getRuntime().maxMemory(), NativeBackend.tensorBound().orElse(0L), machine()),
        gpus,
        CudaDevice.visible().orElse(""),
        System.currentTimeMillis());
  }

  private static Engine engine(int taskCpus) {
    Optional<NativeBackend.Description> running = Optional.empty();
    String failure = "";
    try {
      running = Optional.of(NativeBackend.load());
    } catch (RuntimeException | LinkageError e) {
      failure = e.getMessage();
    }
    return new Engine(
        running.map(NativeBackend.Description::toString).orElse(""),
        failure,
        text(),
        avx2(),
        running.map(NativeBackend.Description::variant).orElse(""),
        running.map(NativeBackend.Description::blas).orElse(""),
        running.map(NativeBackend.Description::threads).orElse(0),
        taskCpus,
        VectorModule.isThere(),
        Optional.ofNullable(System.getenv("OMP_WAIT_POLICY")).orElse(""));
  }

  /** One text through tokenizer and ONNX Runtime. */
  private static String text() {
    try {
      TextTower.shared().encode(List.of("a red dress"));
      return "";
    } catch (RuntimeException | LinkageError e) {
      return ExceptionUtils.getRootCauseMessage(e);
    }
  }

  private static boolean avx2() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines.anyMatch(line -> line.startsWith("flags") && line.contains(" avx2"));
    } catch (IOException e) {
      return false;
    }
  }

  private static Folder cache() {
    try {
      return folder(NativeBackend.cacheFolder());
    } catch (IOException e) {
      return new Folder("JavaCPP's cache", e.getMessage(), false, 0);
    }
  }

  /** Writes a script into a folder and runs it: a disk mounted noexec refuses that. */
  static Folder folder(Path path) {
    Path script = path.resolve("weft-doctor-" + ProcessHandle.current().pid() + ".sh");
    try {
      Files.createDirectories(path);
      Files.writeString(script, "#!/bin/sh\nexit 0\n");
      boolean executable = script.toFile().setExecutable(true) && runs(script);
      return new Folder(path.toString(), "", executable, path.toFile().getUsableSpace());
    } catch (IOException e) {
      return new Folder(path.toString(), e.toString(), false, path.toFile().getUsableSpace());
    } finally {
      script.toFile().delete();
    }
  }

  private static boolean runs(Path script) {
    try {
      Process process = new ProcessBuilder(script.toString()).start();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Of the machine, or of the container where it has a limit. */
  private static long machine() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE;
  }
}
