package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import dev.weft.compute.Workers;
import dev.weft.index.IndexRows.Stored;
import dev.weft.ingest.ImageKey;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.FileEntry;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Changes an index: every change is a new version of the artefact, made of the files that stay and
 * of new ones. Nothing is changed in place, so a reader of an older version is not disturbed, a
 * change that was cut off leaves nothing that anybody sees, and every version is plain Parquet
 * without marks of deleted rows.
 *
 * <p>A delete rewrites the files that hold a deleted row; an append adds files, sorted by the cells
 * of the build; {@link #compact} brings many small files back into the order of cells. The
 * centroids stay those of the build: after much change, build again. Two editors at once: one is
 * refused with {@link ExitCode#TRY_LATER}. Memory: the given rows, and {@code rowsPerFile} rows.
 *
 * @param hadoop settings of the file systems
 * @param artefact the index
 * @param rowsPerFile most rows of a new file, at least 1
 * @param clock what time it is
 */
public record IndexEditor(Configuration hadoop, Artefact artefact, int rowsPerFile, Clock clock) {
  private static final String EDITS = "edits";

  /** The rows of an edit in the order of a file. */
  private static final Comparator<Stored> IN_FILE =
      Comparator.comparingInt(Stored::cell).thenComparing(Stored::row, IndexRow.ORDER);

  /**
   * Builds an index on one machine; {@code scripts/weft index} does it on a cluster.
   *
   * @param contract what its readers may rely on; its count is replaced
   * @param layout of {@code cells}
   */
  public Snapshot create(
      String attemptId,
      IndexColumns columns,
      IndexContract contract,
      IndexLayout layout,
      Cells cells,
      List<IndexRow> rows) {
    Attempt attempt = artefact.begin(attemptId);
    if (cells.count() > 1) {
      attempt.write(IndexLayout.CENTROIDS, VectorFile.write(cells.flat()));
    }
    distinct(rows);
    new Files(attempt, columns).writeSorted(stored(cells, rows));
    Map<String, Object> facts = new LinkedHashMap<>();
    layout.into(facts, contract.counting(rows.size()));
    return attempt.commit(request("create", attemptId, columns, facts, OptionalLong.empty(), ""));
  }

  /**
   * What a change came to.
   *
   * @param index the new version; the old one where nothing was there to change
   * @param unknown keys that were to be taken out or replaced, and that the index does not have
   */
  public record Change(Snapshot index, Set<ImageKey> unknown) {}

  /** Adds images; none of them may be in the index yet. */
  public Snapshot append(String attemptId, List<IndexRow> rows) {
    return edit(attemptId, "append", Set.of(), rows).index();
  }

  /** Adds images, in place of those with the same keys where there are such. */
  public Change replace(String attemptId, List<IndexRow> rows) {
    return edit(attemptId, "replace", distinct(rows), rows);
  }

  /** Takes images out; makes no new version where the index has none of them. */
  public Change delete(String attemptId, Set<ImageKey> keys) {
    return edit(attemptId, "delete", keys, List.of());
  }

  /** Writes all rows anew, in the order of cells, in as few files as may be. */
  public Snapshot compact(String attemptId) {
    Snapshot base = artefact.require();
    IndexColumns columns = IndexRows.columns(base);
    Attempt attempt = artefact.begin(attemptId);
    keepPlain(base, attempt);
    long[] sizes = new long[IndexLayout.of(base).cells()];
    List<IndexRows> files = IndexRows.of(hadoop, base);
    files.forEach(file -> file.countCells(sizes));
    try (Files out = new Files(attempt, columns)) {
      for (int from = 0; from < sizes.length; ) {
        Set<Integer> cells = new TreeSet<>(Set.of(from));
        long rows = sizes[from++];
        while (from < sizes.length && rows + sizes[from] <= rowsPerFile) {
          rows += sizes[from];
          cells.add(from++);
        }
        if (rows > rowsPerFile) { // one large cell: as the files come
          files.forEach(file -> file.read(Optional.of(cells), out::write));
          continue;
        }
        List<Stored> some = new ArrayList<>();
        files.forEach(file -> file.read(Optional.of(cells), some::add));
        some.sort(IN_FILE);
        some.forEach(out::write);
      }
    }
    return commit(attempt, attemptId, "compact", base, base.rows(IndexLayout.TABLE));
  }

  private Change edit(
      String attemptId, String operation, Set<ImageKey> dropped, List<IndexRow> added) {
    Snapshot base = artefact.require();
    IndexColumns columns = IndexRows.columns(base);
    check(base, columns, added);
    Set<ImageKey> fresh = new HashSet<>(distinct(added));
    fresh.removeAll(dropped);
    Set<ImageKey> unknown = new TreeSet<>(dropped);
    Attempt attempt = artefact.begin(attemptId);
    keepPlain(base, attempt);
    Files out = new Files(attempt, columns);
    long count = added.size();
    List<FileEntry> entries =
        base.manifest().files().stream().filter(entry -> !entry.table().isEmpty()).toList();
    List<IndexRows> files = IndexRows.of(hadoop, base);
    for (int i = 0; i < entries.size(); i++) {
      Set<ImageKey> held = dropped.isEmpty() && fresh.isEmpty() ? Set.of() : files.get(i).keys();
      for (ImageKey key : fresh) {
        if (held.contains(key)) {
          throw new WeftException(
              ExitCode.INPUT_MISSING,
              "Cannot append the image %s to the index %s: it is there already. Use replace to put"
                  + " a new row in its place.",
              key,
              base.path());
        }
      }
      long gone = dropped.stream().filter(held::contains).count();
      unknown.removeAll(held);
      count += entries.get(i).rows() - gone;
      if (gone == 0) {
        attempt.add(entries.get(i));
      } else if (gone < entries.get(i).rows()) {
        try (Files rewritten = out) {
          files
              .get(i)
              .read(
                  Optional.empty(),
                  row -> {
                    if (!dropped.contains(row.row().key())) {
                      rewritten.write(row);
                    }
                  });
        }
      }
    }
    if (count == 0) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot delete all %d images of the index %s: an index has at least one. Remove the"
              + " artefact's folder, or roll it back.",
          base.rows(IndexLayout.TABLE),
          base.path());
    }
    if (added.isEmpty() && unknown.size() == dropped.size()) {
      return new Change(base, unknown);
    }
    if (!added.isEmpty()) {
      out.writeSorted(stored(IndexLayout.cells(base), added));
    }
    return new Change(commit(attempt, attemptId, operation, base, count), unknown);
  }

  private static void check(Snapshot base, IndexColumns columns, List<IndexRow> rows) {
    IndexContract contract = IndexLayout.contract(base);
    for (IndexRow row : rows) {
      if (row.vector().length != contract.width()) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot add the image %s to the index %s: its vector has %d values, those of the index"
                + " %d. Encode it with the encoder %s.",
            row.key(),
            base.path(),
            row.vector().length,
            contract.width(),
            contract.encoder());
      }
      columns.check(row);
    }
  }

  private static Set<ImageKey> distinct(List<IndexRow> rows) {
    Set<ImageKey> keys = new LinkedHashSet<>();
    for (IndexRow row : rows) {
      if (!keys.add(row.key())) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot index the image %s: it is given twice. Give each image once.",
            row.key());
      }
    }
    return keys;
  }

  private static List<Stored> stored(Cells cells, List<IndexRow> rows) {
    int[] assigned = new int[rows.size()];
    if (cells.count() > 1) {
      try (Workers workers = new Workers(1)) {
        assigned = cells.assign(rows.stream().map(IndexRow::vector).toList(), workers);
      }
    }
    List<Stored> stored = new ArrayList<>(rows.size());
    for (int row = 0; row < assigned.length; row++) {
      stored.add(new Stored(rows.get(row), assigned[row]));
    }
    stored.sort(IN_FILE);
    return stored;
  }

  private static void keepPlain(Snapshot base, Attempt attempt) {
    base.manifest().files().stream().filter(file -> file.table().isEmpty()).forEach(attempt::add);
  }

  private Snapshot commit(
      Attempt attempt, String attemptId, String operation, Snapshot base, long count) {
    Map<String, Object> facts = new LinkedHashMap<>(base.manifest().facts());
    IndexLayout.of(base).into(facts, IndexLayout.contract(base).counting(count));
    facts.put(EDITS, ((Number) facts.getOrDefault(EDITS, 0)).longValue() + 1);
    return attempt.commit(
        request(
            operation,
            attemptId,
            IndexRows.columns(base),
            facts,
            OptionalLong.of(base.version()),
            base.manifest().attempt()));
  }

  private CommitRequest request(
      String operation,
      String attemptId,
      IndexColumns columns,
      Map<String, Object> facts,
      OptionalLong parent,
      String base) {
    Map<String, String> inputs = base.isEmpty() ? Map.of() : Map.of("index", base);
    RunKey key = new RunKey("index", Map.of("edit", operation, "attempt", attemptId), inputs, 1);
    String version = IndexEditor.class.getPackage().getImplementationVersion();
    return new CommitRequest(
        key.hash(),
        Provenance.here(key.hash(), inputs, version == null ? "development" : version, 0),
        Map.of(IndexLayout.TABLE, columns.ddl()),
        facts,
        clock.instant(),
        parent);
  }

  /** New files of an attempt, each closed when it is full or when cells fall. */
  private final class Files implements AutoCloseable {
    private final Attempt attempt;
    private final IndexColumns columns;
    private Optional<IndexFileWriter> open = Optional.empty();
    private int files;
    private int lastCell;

    Files(Attempt attempt, IndexColumns columns) {
      this.attempt = attempt;
      this.columns = columns;
    }

    void writeSorted(List<Stored> rows) {
      try (Files all = this) {
        rows.forEach(all::write);
      }
    }

    void write(Stored row) {
      try {
        if (open.isPresent() && (row.cell() < lastCell || open.get().rows() >= rowsPerFile)) {
          close();
        }
        if (open.isEmpty()) {
          String name = String.format(Locale.ROOT, "index-%05d.parquet", files++);
          Path folder = attempt.folder();
          open = Optional.of(new IndexFileWriter(hadoop, folder, name, columns));
        }
        lastCell = row.cell();
        open.get().write(row.row(), row.cell());
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public void close() {
      if (open.isPresent()) {
        IndexFileWriter writer = open.get();
        open = Optional.empty();
        try {
          writer.close();
        } catch (IOException | RuntimeException e) { // Parquet wraps what closing throws
          throw failed(e);
        }
        attempt.add(writer.entry());
      }
    }

    private WeftException failed(Exception cause) {
      return new WeftException(
          cause,
          ExitCode.IO,
          "Cannot write to the index %s: %s. Check that the place can be reached and written and"
              + " has room, then run the same command again.",
          attempt.folder(),
          cause);
    }
  }
}
