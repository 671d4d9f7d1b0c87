package dev.weft.jobs.release;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.config.Binder;
import dev.weft.store.Attempt;
import dev.weft.store.Release;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a scheduled run decided, and what it decided by: plain values for a manifest.
 *
 * @param facts {@code outcome}, {@code reasons} and the figures behind them
 */
record Decision(Map<String, Object> facts) {
  /** The fact of a release that holds its decision. */
  static final String FACT = "decision";

  static final String OUTCOME = "outcome";
  static final String REASONS = "reasons";

  private static final String FILE = "decision.json";
  private static final JsonMapper JSON = new JsonMapper();

  /** How a run ended that did something. */
  enum Outcome {
    /** A new head and a new index were released together. */
    PROMOTED,
    /** The champion's head stays. */
    REFUSED,
    /** Nothing to train on: the champion's head has a new index. */
    REFRESHED
  }

  static Decision of(Outcome outcome, List<String> reasons) {
    return new Decision(Map.of(OUTCOME, Binder.kebab(outcome), REASONS, List.copyOf(reasons)));
  }

  /** The decision that a release carries, with its number. */
  static Decision of(Release release) {
    Map<String, Object> facts = new TreeMap<>();
    if (release.snapshot().manifest().facts().get(FACT) instanceof Map<?, ?> carried) {
      carried.forEach((name, value) -> facts.put((String) name, value));
    }
    facts.put("release", release.version());
    return new Decision(facts);
  }

  Decision with(Map<String, Object> more) {
    Map<String, Object> all = new TreeMap<>(facts);
    all.putAll(more);
    return new Decision(all);
  }

  List<String> reasons() {
    return ((List<?>) facts.get(REASONS)).stream().map(String::valueOf).toList();
  }

  /** Writes it as a file for people; gives the facts of the manifest. */
  Map<String, Object> into(Attempt attempt) {
    try {
      attempt.write(FILE, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(facts));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a decision is plain values", e);
    }
    return facts;
  }
}
