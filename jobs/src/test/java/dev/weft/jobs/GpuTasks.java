package dev.weft.jobs;

import dev.weft.WeftException;
import dev.weft.compute.ComputeBackend;
import dev.weft.compute.CudaDevice;
import dev.weft.config.Settings;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A driver that prints, a task a line, on which executor it ran, which GPU Spark gave it, and which
 * one CUDA would see there; then what {@code compute.backend=cuda} ends with.
 */
final class GpuTasks {
  private static final int TASKS = 2;

  private GpuTasks() {}

  /** The driver. */
  public static void main(String[] args) {
    SparkSession spark =
        SparkSession.builder()
            .config(WeftPlugin.enabled(new SparkConf().setAppName("gpu"), ComputeBackend.CUDA))
            .getOrCreate();
    new JavaSparkContext(spark.sparkContext())
        .parallelize(List.of(0, 1), TASKS)
        .map(number -> where())
        .collect()
        .forEach(System.out::println);
    try (Session session = onCuda(spark)) {
      session.requireBackend();
    } catch (Exception e) {
      WeftException plain = CommandLineInterface.plain(e);
      System.out.println(plain.exitCode().code() + " " + plain.getMessage());
    }
  }

  private static String where() throws InterruptedException {
    Thread.sleep(2000); // so that the other task runs on the other executor
    return String.join(
        " ",
        SparkEnv.get().executorId(),
        TaskContext.get().resources().apply("gpu").addresses()[0],
        CudaDevice.visible().orElse("all"));
  }

  private static Session onCuda(SparkSession spark) {
    Settings settings =
        PipelineConfig.defaults().overriddenBy(Settings.ofPairs(List.of("compute.backend=cuda")));
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    return new Session(
        spark,
        PipelineConfig.bind(settings, "the test"),
        settings,
        new Session.Options(
            false, new Progress(nowhere, false, System::nanoTime), Clock.systemUTC()));
  }
}
