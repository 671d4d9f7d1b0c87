package dev.weft.evaluate;

import dev.weft.config.Rules;
import dev.weft.encode.CaptionForm;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * Settings of the evaluate stage, read from the {@code evaluate.*} keys.
 *
 * @param cohort the candidates of a query
 * @param captionForms texts of a query with several captions, whose vectors are averaged; each once
 * @param splits the splits to evaluate, at least one
 * @param cutoffs K of Recall@K for data sets of FashionIQ's family, ascending; 10 and 50 among them
 * @param depth length of the stored rankings, at least 50 and every cut-off
 * @param baselines queries that no head composed, scored beside the heads
 * @param examples queries per protocol in the gallery of the page, 0 for no gallery
 * @param answers answers kept and shown per query, at least 1
 * @param pictureMegabytes most megabytes of pictures inside the page; beyond, it links to files
 * @param resamples resamples of the intervals on the page, at least 100
 */
public record EvaluateConfig(
    CandidateRule cohort,
    List<CaptionForm> captionForms,
    List<String> splits,
    List<Integer> cutoffs,
    int depth,
    List<Baseline> baselines,
    int examples,
    int answers,
    int pictureMegabytes,
    int resamples) {

  /** A query of one part only. */
  public enum Baseline {
    /** The reference image alone. */
    IMAGE,
    /** The modification text alone. */
    TEXT
  }

  public EvaluateConfig {
    captionForms = List.copyOf(captionForms);
    splits = List.copyOf(splits);
    cutoffs = List.copyOf(cutoffs);
    baselines = List.copyOf(baselines);
    Rules.of("evaluate")
        .require(
            !captionForms.isEmpty() && Set.copyOf(captionForms).size() == captionForms.size(),
            "caption-forms",
            captionForms,
            "must name at least one form, each once")
        .require(!splits.isEmpty(), "splits", splits, "must name at least one split")
        .require(
            cutoffs.containsAll(List.of(10, 50)),
            "cutoffs",
            cutoffs,
            "must have 10 and 50: heads are chosen by the mean of R@10 and R@50")
        .require(ascending(cutoffs), "cutoffs", cutoffs, "must be positive and in ascending order")
        .require(
            depth >= 50 && (cutoffs.isEmpty() || depth >= Collections.max(cutoffs)),
            "depth",
            depth,
            "must be at least 50 and at least the largest of evaluate.cutoffs")
        .require(
            Set.copyOf(baselines).size() == baselines.size(),
            "baselines",
            baselines,
            "must not repeat a baseline")
        .require(examples >= 0, "examples", examples, "must not be negative")
        .require(
            answers >= 1 && answers <= depth,
            "answers",
            answers,
            "must be at least 1 and at most evaluate.depth")
        .require(
            pictureMegabytes >= 0, "picture-megabytes", pictureMegabytes, "must not be negative")
        .require(resamples >= 100, "resamples", resamples, "must be at least 100")
        .enforce();
  }

  private static boolean ascending(List<Integer> cutoffs) {
    int previous = 0;
    for (int cutoff : cutoffs) {
      if (cutoff <= previous) {
        return false;
      }
      previous = cutoff;
    }
    return true;
  }
}
