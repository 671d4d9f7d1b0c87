package dev.weft.evaluate;

import dev.weft.ingest.Layout;
import java.util.List;

/** The three shapes an evaluation can have, named after the data sets that brought them. */
public enum Family {
  /**
   * One gallery per category, one target per query; Recall@K per category and its macro mean. Wu et
   * al., "Fashion IQ", CVPR 2021 (arXiv:1905.12794).
   */
  FASHIONIQ(""),
  /**
   * One gallery, several ground truths per query; mAP@K, Recall@K on the first ground truth, mAP@10
   * per semantic aspect. Baldrati et al., "Zero-Shot Composed Image Retrieval", ICCV 2023
   * (arXiv:2303.15247).
   */
  CIRCO("circo/"),
  /**
   * One gallery without the reference; Recall@K, and Recall@K within the image group of the
   * reference. Liu et al., "Image Retrieval on Real-life Images", ICCV 2021 (arXiv:2108.04024).
   */
  CIRR("cirr/");

  private final String prefix;

  Family(String prefix) {
    this.prefix = prefix;
  }

  /** The family of a data set with this layout; JSON lines are scored as FashionIQ is. */
  public static Family of(Layout layout) {
    return switch (layout) {
      case FASHIONIQ, JSONL -> FASHIONIQ;
      case CIRCO -> CIRCO;
      case CIRR -> CIRR;
    };
  }

  /** What goes before its metrics where several families stand in one list, such as circo/. */
  public String prefix() {
    return prefix;
  }

  /**
   * The cut-offs K of its metrics.
   *
   * @param configured {@code evaluate.cutoffs}; only FashionIQ's family leaves the choice
   */
  public List<Integer> cutoffs(List<Integer> configured) {
    return switch (this) {
      case FASHIONIQ -> configured;
      case CIRCO -> List.of(5, 10, 25, 50);
      case CIRR -> List.of(1, 5, 10, 50);
    };
  }
}
