package dev.weft.ingest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Says whether a data set is all that it claims to be: a published one whole, any with its images.
 * It is carried to every number derived from the data set.
 *
 * @param name name of the data set
 * @param reasons why its numbers are degraded; empty where every published count is met or there is
 *     none
 * @param counts triplets and candidates, as {@link Annotations#counts} names them, sorted
 */
public record Cohort(String name, List<String> reasons, Map<String, Long> counts) {

  public Cohort {
    reasons = List.copyOf(reasons);
    counts = Collections.unmodifiableMap(new TreeMap<>(counts));
  }

  /** Whether its numbers are not comparable with published ones. */
  public boolean degraded() {
    return !reasons.isEmpty();
  }

  /** The same with one more reason. */
  public Cohort degradedBy(String reason) {
    List<String> more = new ArrayList<>(reasons);
    more.add(reason);
    return new Cohort(name, more, counts);
  }
}
