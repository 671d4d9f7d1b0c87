package dev.weft.compute;

import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * Java's vector module, an incubator of Java 17, which not every process has: Spark's launcher sets
 * {@code --add-modules jdk.incubator.vector} for its drivers and executors.
 */
public final class VectorModule {
  public static final String NAME = "jdk.incubator.vector";

  private VectorModule() {}

  /** Whether this process has it. */
  public static boolean isThere() {
    return ModuleLayer.boot().findModule(NAME).isPresent();
  }

  /**
   * An implementation that uses the module. It is found by name, as it is compiled by itself.
   *
   * @param name of a class with a constructor without parameters
   * @return empty without the module, and where it does not serve on this processor
   */
  public static <T> Optional<T> load(String name, Class<T> type) {
    if (!isThere()) {
      return Optional.empty();
    }
    try {
      var constructor = Class.forName(name).asSubclass(type).getDeclaredConstructor();
      constructor.setAccessible(true);
      return Optional.of(constructor.newInstance());
    } catch (ReflectiveOperationException | LinkageError e) {
      LoggerFactory.getLogger(VectorModule.class).debug("The vector module does not serve", e);
      return Optional.empty();
    }
  }
}
