package dev.weft.train;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.VectorModule;
import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the passes in vector registers by name: they are compiled by themselves, against a module
 * that not every process has.
 */
final class VectorPasses {
  private static final boolean PRESENT = isPresent();

  private VectorPasses() {}

  /** Whether they take numbers of this type on this backend: they see main memory only. */
  static boolean runOn(DataType type, NativeBackend.Description backend) {
    return type == DataType.FLOAT && !backend.onGpu() && PRESENT;
  }

  /** A new object of a class of this package. */
  static <T> T make(Class<T> passes, String name) {
    return VectorModule.load(VectorPasses.class.getPackageName() + "." + name, passes)
        .orElseThrow(() -> new IllegalStateException("this build lacks " + name));
  }

  private static boolean isPresent() {
    boolean found = VectorModule.isThere();
    Logger log = LoggerFactory.getLogger(VectorPasses.class);
    if (found) {
      log.info("The loss is computed by the vector passes");
    } else {
      log.warn(
          "The loss is computed by ND4J's own operations, which take about four times as long as"
              + " the vector passes: start Java with --add-modules {} (spark-submit does).",
          VectorModule.NAME);
    }
    return found;
  }
}
