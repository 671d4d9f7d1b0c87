package dev.weft.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What decides the content of an output. Two runs with equal keys would write the same, so the
 * second need not run.
 *
 * @param stage name of the stage, such as {@code encode}
 * @param config its part of the configuration: maps, lists, texts, numbers and booleans
 * @param inputs the attempt that each input artefact is read from, by artefact name
 * @param codeFormat raised by hand when the stage begins to write something else from the same
 *     input; a new release of Weft alone does not make outputs stale
 */
public record RunKey(
    String stage, Map<String, ?> config, Map<String, String> inputs, int codeFormat) {

  /** Copies the maps in the order of their keys. */
  public RunKey {
    config = Collections.unmodifiableMap(new TreeMap<>(config));
    inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
  }

  /** SHA-256 of the canonical JSON (sorted keys, no blanks): 64 hexadecimal digits. */
  public String hash() {
    try {
      return Sha256.of(Json.MAPPER.writeValueAsBytes(this));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "Cannot make a run key of " + this + ": the configuration must be plain JSON values.", e);
    }
  }
}
