package dev.weft.jobs.train;

import dev.weft.config.Settings;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.VectorBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * Snapshots of ingest and encode with a small problem that can be learned, written by hand.
 *
 * <p>An image is a choice of one of six values for each of four attributes, its vector the sum of
 * the four unit vectors of its values. A text names one value of one attribute: its vector is that
 * value's. The target of a triplet is the reference with that attribute changed, so a head has to
 * take the old value out; a sum cannot.
 *
 * <p>The images of the two categories are the same files.
 */
final class EncodedTriplets {
  static final int ATTRIBUTES = 4;
  static final int VALUES = 6;
  static final int WIDTH = ATTRIBUTES * VALUES;
  private static final int IMAGES = VALUES * VALUES * VALUES * VALUES;
  private static final String DATASET = "codes";
  private static final List<String> CATEGORIES = List.of("round", "square");

  private final Path root;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  /**
   * Artefacts that do not exist yet.
   *
   * @param root folder of the artefacts
   */
  EncodedTriplets(Path root) {
    this.root = root;
  }

  /** The folder of the artefacts. */
  Path root() {
    return root;
  }

  /** Everything there: training triplets, one of another split and one without a target. */
  static EncodedTriplets written(Path root, int triplets) {
    EncodedTriplets made = new EncodedTriplets(root);
    made.ingest(made.triplets(triplets));
    made.encode(made.images(), made.texts());
    return made;
  }

  /** The same snapshots in another place: quicker than writing them. */
  EncodedTriplets copy(Path to) {
    try (Stream<Path> files = Files.walk(root)) {
      Files.createDirectories(to);
      for (Path from : files.toList()) {
        if (!from.equals(root)) {
          Files.copy(from, to.resolve(root.relativize(from)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new EncodedTriplets(to);
  }

  /** As {@link #written}, with a split val of its own that can be scored. */
  static EncodedTriplets validated(Path root, int training, int validation) {
    EncodedTriplets made = new EncodedTriplets(root);
    List<Row> triplets = new ArrayList<>(learnable("train", training, new SplittableRandom(5)));
    triplets.addAll(learnable("val", validation, new SplittableRandom(6)));
    made.ingest(triplets);
    made.encode(made.images(), made.texts());
    return made;
  }

  List<Row> triplets(int count) {
    List<Row> rows = new ArrayList<>(learnable("train", count, new SplittableRandom(5)));
    rows.add(triplet("val", 0, 0, List.of(id(1)), List.of("a text that is not encoded")));
    rows.add(triplet("train", count, 0, List.of(), List.of(caption(0, 1))));
    return rows;
  }

  /** The triplets of the split val of {@link #validated}, of one category. */
  List<Row> validation(int count, String category) {
    return learnable("val", count, new SplittableRandom(6)).stream()
        .filter(row -> row.getString(1).equals(category))
        .toList();
  }

  private static List<Row> learnable(String split, int count, SplittableRandom random) {
    List<Row> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      int reference = random.nextInt(IMAGES);
      int attribute = random.nextInt(ATTRIBUTES);
      int old = value(reference, attribute);
      int wanted = (old + 1 + random.nextInt(VALUES - 1)) % VALUES;
      int target = reference + (wanted - old) * (int) Math.pow(VALUES, attribute);
      rows.add(
          triplet(split, row, reference, List.of(id(target)), List.of(caption(attribute, wanted))));
    }
    return rows;
  }

  private static Row triplet(
      String split, int number, int reference, List<String> targets, List<String> captions) {
    return TripletRows.row(
        new Triplet(
            DATASET,
            CATEGORIES.get(number % 2),
            split,
            String.valueOf(number),
            id(reference),
            targets,
            captions,
            Optional.empty(),
            List.of(),
            List.of()));
  }

  private static int value(int image, int attribute) {
    return image / (int) Math.pow(VALUES, attribute) % VALUES;
  }

  private static String id(int image) {
    return "image" + image;
  }

  private static String caption(int attribute, int value) {
    return "has value " + value + " in place " + attribute;
  }

  List<Row> images() {
    List<Row> rows = new ArrayList<>();
    for (String category : CATEGORIES) {
      for (int image = 0; image < IMAGES; image++) {
        float[] vector = new float[WIDTH];
        for (int attribute = 0; attribute < ATTRIBUTES; attribute++) {
          vector[attribute * VALUES + value(image, attribute)] = 0.5f;
        }
        rows.add(
            RowFactory.create(
                DATASET,
                category,
                id(image),
                "file:/images/" + id(image) + ".png",
                String.format(Locale.ROOT, "%064x", image),
                VectorBytes.encode(vector)));
      }
    }
    return rows;
  }

  List<Row> texts() {
    List<Row> rows = new ArrayList<>();
    for (int attribute = 0; attribute < ATTRIBUTES; attribute++) {
      for (int value = 0; value < VALUES; value++) {
        float[] vector = new float[WIDTH];
        vector[attribute * VALUES + value] = 1;
        rows.add(RowFactory.create(caption(attribute, value), VectorBytes.encode(vector)));
      }
    }
    return rows;
  }

  void ingest(List<Row> triplets) {
    commit("ingest", Map.of(Table.TRIPLETS, triplets, Table.GALLERIES, List.of()), Map.of());
  }

  void encode(List<Row> images, List<Row> texts) {
    commit(
        "encode",
        Map.of(Table.IMAGE_EMBEDDINGS, images, Table.TEXT_EMBEDDINGS, texts),
        Map.of("encoder", "encoder-for-tests", "dimension", WIDTH));
  }

  private void commit(String name, Map<Table, List<Row>> tables, Map<String, Object> facts) {
    Attempt attempt =
        Artefact.open(new Configuration(), root.toString(), name)
            .begin(UUID.randomUUID().toString());
    tables.forEach(
        (table, rows) ->
            table.write(
                LocalSpark.session().createDataFrame(rows, table.schema()).repartition(2),
                attempt));
    String key = new RunKey(name, Map.of("by", attempt.id()), Map.of(), 1).hash();
    attempt.commit(
        new CommitRequest(
            key,
            Provenance.here(key, Map.of(), "test", 1),
            Table.schemas(tables.keySet().toArray(Table[]::new)),
            facts,
            Clock.systemUTC().instant()));
  }

  /** A session on the shared Spark. */
  Session session(String... pairs) {
    return session(false, Clock.systemUTC(), pairs);
  }

  /** A session that makes everything anew. */
  Session forced(String... pairs) {
    return session(true, Clock.systemUTC(), pairs);
  }

  /** A session whose clock decides when the run ends. */
  Session timed(Clock clock, String... pairs) {
    return session(false, clock, pairs);
  }

  private Session session(boolean force, Clock clock, String... pairs) {
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(Settings.ofPairs(List.of("root='" + root + "'")))
            .overriddenBy(Settings.ofPairs(List.of(pairs)));
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return new Session(
        LocalSpark.session(),
        PipelineConfig.bind(settings, "the test"),
        settings,
        new Session.Options(force, new Progress(out, false, System::nanoTime), clock));
  }

  /** What was said so far. */
  String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  Artefact artefact(String name) {
    return Artefact.open(new Configuration(), root.toString(), name);
  }
}
