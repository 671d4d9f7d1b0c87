package dev.weft.jobs.evaluate;

import dev.weft.evaluate.RankedQuery;
import dev.weft.ingest.Triplet;
import dev.weft.rank.Hit;
import dev.weft.rank.Ranking;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * A row of the table <code>rankings</code> in the making.
 *
 * @param head what composed the query
 * @param protocol name of the protocol
 * @param dataset name of the data set
 * @param category empty where there is none
 * @param question the query
 * @param ranking its answers
 * @param subset the ranking of its image group, empty where there is none
 */
record RankingRow(
    String head,
    String protocol,
    String dataset,
    String category,
    Question question,
    Ranking ranking,
    List<Hit> subset) {

  /** In the order of {@code rankings.ddl}. */
  Row row() {
    OptionalInt rank = ranking.targetRank();
    return RowFactory.create(
        head,
        protocol,
        dataset,
        category,
        question.query(),
        question.reference(),
        question.text(),
        question.groundTruths().toArray(String[]::new),
        rank.isPresent() ? rank.getAsInt() : null,
        ranking.ids().toArray(String[]::new),
        ranking.hits().stream().map(Hit::score).toArray(Float[]::new),
        subset.stream().map(hit -> hit.image().id()).toArray(String[]::new));
  }

  /**
   * What the metrics need of a row.
   *
   * @param triplet the triplet it answers
   * @param candidates number of images that were ranked
   */
  static RankedQuery scored(Row row, Triplet triplet, int candidates) {
    return new RankedQuery(
        triplet.category(),
        triplet.id(),
        texts(row, "ranking"),
        triplet.groundTruths(),
        triplet.aspects(),
        texts(row, "subset_ranking"),
        targetRank(row),
        candidates);
  }

  /** One-based rank of the target. */
  static OptionalInt targetRank(Row row) {
    int column = row.fieldIndex("target_rank");
    return row.isNullAt(column) ? OptionalInt.empty() : OptionalInt.of(row.getInt(column));
  }

  /** A column of texts. */
  static List<String> texts(Row row, String column) {
    return row.getList(row.fieldIndex(column));
  }
}
