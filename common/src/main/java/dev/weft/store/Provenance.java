package dev.weft.store;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an output was made from, and where: enough to make it again.
 *
 * @param configHash checksum of the whole resolved configuration
 * @param inputs the attempt that each input artefact was read from, by artefact name
 * @param codeVersion version of Weft
 * @param seed seed of everything random
 * @param java version of the Java runtime of the driver
 * @param os operating system and processor of the driver
 */
public record Provenance(
    String configHash,
    Map<String, String> inputs,
    String codeVersion,
    long seed,
    String java,
    String os) {

  /** Copies the inputs in the order of their names. */
  public Provenance {
    inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
  }

  /** Of work done by this process. */
  public static Provenance here(
      String configHash, Map<String, String> inputs, String codeVersion, long seed) {
    return new Provenance(
        configHash,
        inputs,
        codeVersion,
        seed,
        System.getProperty("java.runtime.version"),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"));
  }
}
