package dev.weft.jobs.search;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.search.Query;
import dev.weft.search.QueryFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * The queries of a run and the state of the image files they name.
 *
 * @param queries ids are distinct
 * @param files each image file as the queries name it, and what is there
 */
record Queries(List<Query> queries, Map<String, FileStatus> files) {
  private static final List<String> COLUMNS = List.of("id", "image", "image_id", "text");
  private static final int SHOWN = 10;

  Queries {
    queries = List.copyOf(queries);
    files = Map.copyOf(files);
  }

  /** Queries that were given otherwise; looks at their image files. */
  static Queries of(Session session, List<Query> queries) {
    Map<String, FileStatus> files = new TreeMap<>();
    List<String> missing = new ArrayList<>();
    for (Query query : queries) {
      if (query.image().isEmpty() || files.containsKey(query.image().get())) {
        continue;
      }
      String name = query.image().get();
      try {
        Path path = new Path(name);
        files.put(name, path.getFileSystem(session.hadoop()).getFileStatus(path));
      } catch (FileNotFoundException e) {
        missing.add(name);
      } catch (IllegalArgumentException e) {
        missing.add(name + " (" + e.getMessage() + ")");
      } catch (IOException e) {
        throw new WeftException(
            e,
            ExitCode.IO,
            "Cannot look at the query image %s: %s. Check that the place can be reached.",
            name,
            e.getMessage());
      }
    }
    if (!missing.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search: %d of the query images %s not there: %s%s. Give the path or URI of an"
              + " image file.",
          missing.size(),
          missing.size() == 1 ? "is" : "are",
          String.join(", ", missing.subList(0, Math.min(SHOWN, missing.size()))),
          missing.size() > SHOWN ? " ..." : "");
    }
    return new Queries(queries, files);
  }

  /** Reads a file of queries: a folder or {@code .parquet} file as Parquet, else JSON lines. */
  static Queries read(Session session, String place) {
    Path path = new Path(place);
    try {
      FileSystem files = path.getFileSystem(session.hadoop());
      if (files.getFileStatus(path).isDirectory()
          || place.toLowerCase(Locale.ROOT).endsWith(".parquet")) {
        return of(session, parquet(session, place));
      }
      try (FSDataInputStream in = files.open(path)) {
        return of(session, QueryFile.read(in, place));
      }
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read the queries %s: there is no such file. Set search.queries to a JSON-lines"
              + " file such as {\"image\": \"photo.jpg\", \"text\": \"make it blue\"}, or to a"
              + " Parquet file with these columns.",
          place);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read the queries %s: %s. Check that the place can be reached.",
          place,
          e.getMessage());
    }
  }

  private static List<Query> parquet(Session session, String place) {
    Dataset<Row> table = table(session, place);
    List<String> present =
        COLUMNS.stream().filter(Arrays.asList(table.columns())::contains).toList();
    if (present.isEmpty() || present.equals(List.of("id"))) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search for the queries of %s: it has the columns %s, and none of image, image_id"
              + " and text. Name the columns so.",
          place,
          Arrays.toString(table.columns()));
    }
    List<Row> rows =
        table
            .select(
                present.stream()
                    .map(name -> functions.col(name).cast("string").as(name))
                    .toArray(Column[]::new))
            .collectAsList();
    List<Query> queries = new ArrayList<>(rows.size());
    Set<String> ids = new HashSet<>();
    for (Row row : rows) {
      try {
        Query query =
            new Query(
                text(row, present, "id").orElse(String.valueOf(queries.size())),
                text(row, present, "image"),
                text(row, present, "image_id"),
                text(row, present, "text"));
        if (!ids.add(query.id())) {
          throw new IllegalArgumentException("an earlier row has the id '" + query.id() + "' too");
        }
        queries.add(query);
      } catch (IllegalArgumentException e) {
        throw new WeftException(
            e,
            ExitCode.BAD_ROWS,
            "Cannot search for the queries of %s: row %,d: %s.",
            place,
            queries.size() + 1,
            e.getMessage());
      }
    }
    if (queries.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search for the queries of %s: it has no rows. Write one row per query.",
          place);
    }
    return queries;
  }

  private static Dataset<Row> table(Session session, String place) {
    try {
      return session.spark().read().parquet(place);
    } catch (Exception e) { // Spark throws checked ones that it does not declare
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read the queries %s as Parquet: %s. Give a Parquet file or folder, or JSON lines"
              + " in a file of another ending.",
          place,
          e.getMessage());
    }
  }

  private static Optional<String> text(Row row, List<String> present, String column) {
    if (!present.contains(column)) {
      return Optional.empty();
    }
    return Optional.ofNullable(row.<String>getAs(column)).filter(value -> !value.isBlank());
  }

  /** Whether any has a picture or words to be encoded; indexed images have their vector. */
  boolean needEncoder() {
    return queries.stream()
        .anyMatch(query -> query.image().isPresent() || query.text().isPresent());
  }

  /** Whether any has both an image and words. */
  boolean needHead() {
    return queries.stream().anyMatch(query -> query.kind() == Query.Kind.COMPOSED);
  }

  /** All that decides their answers, as plain text. */
  List<String> settings() {
    List<String> settings = new ArrayList<>();
    for (Query query : queries) {
      settings.add(
          query
              + query
                  .image()
                  .map(files::get)
                  .map(file -> " " + file.getLen() + " " + file.getModificationTime())
                  .orElse(""));
    }
    return settings;
  }
}
