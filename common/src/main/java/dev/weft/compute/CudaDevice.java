package dev.weft.compute;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;

/**
 * The GPU of this process: which one it may see, and whether the CUDA backend can run on it.
 *
 * <p>CUDA reads the variable {@code CUDA_VISIBLE_DEVICES} when it is first called in a process, and
 * then numbers the devices it may see from 0. Choosing a device later, by code, still takes memory
 * on device 0. A JVM cannot change its own environment through Java, but through the C library it
 * can, as Python's {@code os.environ} does; so {@link #pin} must come before anything that uses
 * CUDA: ND4J, ONNX Runtime.
 */
public final class CudaDevice {
  /** The variable that says which devices a process sees: numbers or UUIDs, with commas. */
  public static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

  /** Numbers are those of nvidia-smi then, and not by speed. */
  private static final String ORDER = "CUDA_DEVICE_ORDER";

  /**
   * Compute capabilities, as major * 10 + minor, for which nd4j-cuda-11.6 1.0.0-M2.1 has machine
   * code. It has no PTX, so a device can run it only if one of these has its major and no greater
   * minor.
   */
  private static final List<Integer> COMPILED_FOR = List.of(37, 50, 52, 60, 61, 70, 75, 80, 86);

  private CudaDevice() {}

  /**
   * Makes one GPU the only one that CUDA sees in this process.
   *
   * @param address as Spark gave it: a number in the order of nvidia-smi, or a UUID
   */
  public static void pin(String address) {
    String before = visible().orElse("");
    if (before.equals(address)) {
      return;
    }
    if (!before.isEmpty() && !Arrays.asList(before.split(",", -1)).contains(address)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot use GPU %s, which Spark gave this process: %s=%s in its environment hides it."
              + " Unset the variable for the worker, or let the discovery script report only these"
              + " devices.",
          address,
          VISIBLE,
          before);
    }
    if (NativeBackend.running().filter(NativeBackend.Description::onGpu).isPresent()) {
      throw new IllegalStateException("CUDA runs already, and sees '" + before + "'");
    }
    set(ORDER, "PCI_BUS_ID");
    set(VISIBLE, address);
  }

  /** What the C library, and so CUDA, finds in {@link #VISIBLE}; empty if it is not set. */
  public static Optional<String> visible() {
    return CLibrary.getenv(VISIBLE);
  }

  private static void set(String name, String value) {
    if (!CLibrary.setenv(name, value)) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot set %s=%s in this process: the C library refused. Set it in the environment of"
              + " the worker instead.",
          name,
          value);
    }
  }

  /**
   * Why the devices that ND4J found cannot run its CUDA code; empty if they can.
   *
   * @param environment what ND4J says about its machine
   */
  static Optional<String> unsupported(Properties environment) {
    Object devices = environment.get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY);
    if (!(devices instanceof List<?> list)) {
      return Optional.empty();
    }
    for (Object device : list) {
      if (device instanceof Map<?, ?> facts) {
        int major = number(facts, Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY);
        int minor = number(facts, Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY);
        if (!runsOn(major, minor)) {
          return Optional.of(
              facts.get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY)
                  + " has compute capability "
                  + major
                  + "."
                  + minor
                  + ", and ND4J's CUDA library has code for 3.7 and 5.0 to 8.9 only");
        }
      }
    }
    return Optional.empty();
  }

  private static int number(Map<?, ?> facts, String key) {
    return facts.get(key) instanceof Number number ? number.intValue() : -1;
  }

  /** Whether ND4J's CUDA library has machine code that a device can run. */
  static boolean runsOn(int major, int minor) {
    return COMPILED_FOR.stream().anyMatch(code -> code / 10 == major && code % 10 <= minor);
  }
}
