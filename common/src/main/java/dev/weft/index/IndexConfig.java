package dev.weft.index;

import dev.weft.config.Rules;

/**
 * Settings of the index stage, read from the {@code index.*} keys.
 *
 * @param kind how the vectors are laid out
 * @param galleries which images are indexed
 * @param files number of Parquet files, at least 1
 */
public record IndexConfig(Kind kind, Galleries galleries, int files) {

  /** Layouts of an index. */
  public enum Kind {
    /** Every vector as it is; a search compares all of them. */
    EXACT
  }

  /** Images that go in. */
  public enum Galleries {
    /** The candidate images of the split val. */
    VAL,
    /** Every image that has a vector. */
    ALL
  }

  public IndexConfig {
    Rules.of("index").require(files >= 1, "files", files, "must be at least 1").enforce();
  }
}
