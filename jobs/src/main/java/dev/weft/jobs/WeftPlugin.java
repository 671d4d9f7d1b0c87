package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.ComputeBackend;
import dev.weft.compute.CudaDevice;
import dev.weft.compute.NativeBackend;
import dev.weft.config.Binder;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.resource.ResourceInformation;

/**
 * What Weft does in every process of Spark before the first task: says on what to compute, and
 * makes the GPU that Spark gave the process the only one that CUDA sees in it; and lets its tasks
 * ask the driver.
 *
 * <p>Weft's own sessions switch it on. In a session opened elsewhere, such as a notebook, {@code
 * spark.plugins} has to name it.
 */
public final class WeftPlugin implements SparkPlugin {
  private static final String PLUGINS = "spark.plugins";
  private static final String BACKEND = "spark.weft.compute.backend";
  private static final String GPU = "gpu";

  /** How Spark calls the executor of a local session. */
  private static final String DRIVER = "driver";

  /** The settings of Spark that switch the plugin on, beside plugins that are on already. */
  static SparkConf enabled(SparkConf conf, ComputeBackend backend) {
    Set<String> plugins = plugins(conf);
    plugins.add(WeftPlugin.class.getName());
    return conf.set(PLUGINS, String.join(",", plugins)).set(BACKEND, Binder.kebab(backend));
  }

  /** Whether a session has it, and so its tasks can ask the driver. */
  public static boolean isOn(SparkConf conf) {
    return plugins(conf).contains(WeftPlugin.class.getName());
  }

  /** Those that are on, in their order. */
  private static Set<String> plugins(SparkConf conf) {
    Set<String> plugins = new LinkedHashSet<>();
    if (!conf.get(PLUGINS, "").isBlank()) {
      plugins.addAll(List.of(conf.get(PLUGINS).strip().split("\\s*,\\s*", -1)));
    }
    return plugins;
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Executor();
  }

  /** Computes where there are no executors, otherwise only adds up what they return. */
  private static final class Driver implements DriverPlugin {
    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      NativeBackend.choose(spark.isLocal() ? backend(context.conf()) : ComputeBackend.CPU);
      if (spark.isLocal()) {
        pin(context.resources());
      }
      return Map.of();
    }

    @Override
    public Object receive(Object message) {
      return DriverCalls.answer(message);
    }
  }

  private static final class Executor implements ExecutorPlugin {
    @Override
    public void init(PluginContext context, Map<String, String> fromDriver) {
      DriverCalls.connect(context);
      if (!context.executorID().equals(DRIVER)) {
        NativeBackend.choose(backend(context.conf()));
        pin(context.resources());
      }
    }
  }

  private static ComputeBackend backend(SparkConf conf) {
    return ComputeBackend.valueOf(conf.get(BACKEND, "auto").toUpperCase(Locale.ROOT));
  }

  /**
   * A process computes on one GPU. What is wrong with it is said by the first task that computes:
   * an executor that cannot start would be started again and again, and nobody told why.
   */
  private static void pin(Map<String, ResourceInformation> resources) {
    ResourceInformation gpus = resources.get(GPU);
    if (gpus == null || gpus.addresses().length == 0) {
      return;
    }
    try {
      if (gpus.addresses().length > 1) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot compute on the GPUs %s in one executor: each computes on one. Set"
                + " spark.executor.resource.gpu.amount to 1, and start more executors.",
            String.join(", ", gpus.addresses()));
      }
      CudaDevice.pin(gpus.addresses()[0]);
    } catch (WeftException e) {
      NativeBackend.refuse(e);
    }
  }
}
