package dev.weft.index;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import dev.weft.store.Snapshot;
import java.util.Map;

/**
 * How an index is laid out, and what that was measured to give; part of the manifest.
 *
 * @param cells C, number of cells; 1 where every search compares all vectors
 * @param probes cells that a search looks into where it is not told otherwise
 * @param recall share of the true ten nearest that such a search finds, 0 to 1, measured when the
 *     index was built; 1 where it compares all vectors
 * @param recallTarget what {@code probes} was chosen for
 * @param recallQueries how many queries it was measured on
 * @param recallSource where these queries came from
 */
public record IndexLayout(
    int cells,
    int probes,
    double recall,
    double recallTarget,
    int recallQueries,
    String recallSource) {
  /** Name of the table of an index. */
  public static final String TABLE = "index";

  /** The plain file with the centroids of the cells, C x D: {@link VectorFile}. */
  public static final String CENTROIDS = "centroids.bin";

  private static final String FACT = "layout";
  private static final JsonMapper JSON = new JsonMapper();

  public IndexLayout {
    if (cells < 1 || probes < 1 || probes > cells) {
      throw new IllegalArgumentException(probes + " of " + cells + " cells are no layout");
    }
  }

  /** Every search compares all vectors. */
  public static IndexLayout exact() {
    return new IndexLayout(1, 1, 1, 1, 0, "by construction");
  }

  /** The layout of a stored index. */
  public static IndexLayout of(Snapshot index) {
    return JSON.convertValue(require(index, FACT), IndexLayout.class);
  }

  /** Puts the layout and the contract into the facts of a manifest. */
  public void into(Map<String, Object> facts, IndexContract contract) {
    facts.put("contract", map(contract));
    facts.put(FACT, map(this));
    facts.put("count", contract.count());
    facts.put("cells", cells);
    facts.put("probes", probes);
    facts.put("recall@10", recall);
  }

  /** The contract of a stored index. */
  public static IndexContract contract(Snapshot index) {
    return JSON.convertValue(require(index, "contract"), IndexContract.class);
  }

  /** The cells of a stored index. */
  public static Cells cells(Snapshot index) {
    IndexContract contract = contract(index);
    if (of(index).cells() == 1) {
      return Cells.one(contract.width());
    }
    return Cells.ofFlat(
        VectorFile.read(index.file(CENTROIDS).toString(), index.read(CENTROIDS)), contract.width());
  }

  private static Object require(Snapshot index, String fact) {
    Object found = index.manifest().facts().get(fact);
    if (found == null) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use %s: its manifest has no %s. Build the index again with this version.",
          index.path(),
          fact);
    }
    return found;
  }

  private static Map<String, Object> map(Record record) {
    return JSON.convertValue(record, new TypeReference<Map<String, Object>>() {});
  }
}
