package dev.weft.jobs.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexEditor;
import dev.weft.index.IndexRow;
import dev.weft.index.IndexRows;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.release.Releases;
import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Changes the published index without building it again; the rows of a change lie in the driver's
 * memory. Where there is a release, its index is what is changed, and the change is released.
 *
 * <pre>scripts/weft change-index --append new.parquet --config conf/shop.yaml</pre>
 *
 * @param append a table of rows to add, empty for none
 * @param replace a table of rows to put in place of those with their keys, or empty
 * @param delete a table of the keys of rows to take out, or empty
 * @param compact whether to write all rows anew in the order of cells
 */
public record IndexChange(String append, String replace, String delete, boolean compact) {
  /** Rows of a new file: 330 MB at a width of 512. */
  private static final int ROWS_PER_FILE = 131_072;

  /** Images named where the index does not have them. */
  private static final int EXAMPLES = 5;

  /** Exactly one change is asked for. */
  public IndexChange {
    long asked =
        List.of(append, replace, delete).stream().filter(place -> !place.isEmpty()).count()
            + (compact ? 1 : 0);
    if (asked != 1) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot change the index: %d changes are asked for. Give one of --append FILE, --replace"
              + " FILE, --delete FILE and --compact; each makes a version of its own.",
          asked);
    }
  }

  /** Makes the change. */
  public StageResult run(Session session) {
    long start = session.clock().millis();
    Artefact artefact = session.artefact("index");
    Snapshot base = Releases.indexToChange(session);
    IndexEditor editor =
        new IndexEditor(session.hadoop(), artefact, ROWS_PER_FILE, session.clock());
    String attempt = UUID.randomUUID().toString();
    IndexEditor.Change change;
    if (!append.isEmpty()) {
      Snapshot appended = editor.append(attempt, rows(session, base, append));
      change = new IndexEditor.Change(appended, Set.of());
    } else if (!replace.isEmpty()) {
      change = editor.replace(attempt, rows(session, base, replace));
    } else if (!delete.isEmpty()) {
      change = editor.delete(attempt, new HashSet<>(keys(session, delete)));
    } else {
      change = new IndexEditor.Change(editor.compact(attempt), Set.of());
    }
    Snapshot changed = change.index();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", changed.rows("index"));
    figures.put("count_before", base.rows("index"));
    figures.put("files", changed.files("index").size());
    new Releases(session)
        .withIndex(changed)
        .ifPresent(release -> figures.put("release", release.version()));
    if (!change.unknown().isEmpty()) {
      List<String> examples =
          change.unknown().stream().limit(EXAMPLES).map(ImageKey::toString).toList();
      figures.put("unknown", change.unknown().size());
      figures.put("unknown_examples", examples);
      session
          .progress()
          .say(
              String.format(
                  Locale.ROOT,
                  "%s: the index version %d does not have %,d of the images, such as %s%s",
                  delete.isEmpty() ? replace : delete,
                  base.version(),
                  change.unknown().size(),
                  String.join(", ", examples),
                  delete.isEmpty() ? "; they are added" : ""));
    }
    return new StageResult(
        "change-index",
        changed.version() == base.version() ? StageResult.UP_TO_DATE : StageResult.DONE,
        Optional.of(changed),
        (session.clock().millis() - start) / 1000.0,
        figures);
  }

  private static List<IndexRow> rows(Session session, Snapshot base, String place) {
    IndexColumns columns = IndexRows.columns(base);
    Dataset<Row> table = IndexTable.read(session.spark(), place);
    require(table, place, "dataset", "category", "id", "location", "vector");
    if (!Arrays.asList(table.columns()).contains("description")) {
      table = table.withColumn("description", functions.lit(null).cast("string"));
    }
    for (Map.Entry<String, IndexColumns.Kind> one : columns.attributes().entrySet()) {
      boolean given = Arrays.asList(table.columns()).contains(one.getKey());
      Column value = given ? functions.col(one.getKey()) : functions.lit(null);
      table = table.withColumn(one.getKey(), value.cast(one.getValue().name()));
    }
    return table.collectAsList().stream().map(row -> IndexTable.row(row, columns)).toList();
  }

  private static List<ImageKey> keys(Session session, String place) {
    Dataset<Row> table = IndexTable.read(session.spark(), place);
    require(table, place, "dataset", "category", "id");
    return table.select("dataset", "category", "id").collectAsList().stream()
        .map(IndexTable::key)
        .toList();
  }

  private static void require(Dataset<Row> table, String place, String... columns) {
    List<String> missing =
        Arrays.stream(columns)
            .filter(name -> !Arrays.asList(table.columns()).contains(name))
            .toList();
    if (!missing.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot change the index by %s: the table has the columns %s and lacks %s. A change names"
              + " images by dataset, category and id; new ones have location and vector (D"
              + " little-endian float32) too.",
          place,
          Arrays.toString(table.columns()),
          missing);
    }
  }
}
