package dev.weft.jobs.train;

import static org.apache.spark.sql.functions.col;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.CaptionForm;
import dev.weft.encode.QueryText;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import dev.weft.train.TripletTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Reads the training rows of all data sets: every triplet of the split train with a published
 * target, in the order of (data set, category, id), with the vectors of its images and texts.
 *
 * <p>Images with the same file content are one image of the table, whatever they are called:
 * FashionIQ's shirt and toptee share files, and a row's own target is no negative of it under
 * another name.
 */
final class TrainingTable {
  private static final String[] IMAGE_KEY = {"dataset", "category", "id"};
  private static final Comparator<Triplet> ORDER =
      Comparator.comparing(Triplet::dataset)
          .thenComparing(Triplet::category)
          .thenComparing(Triplet::id);

  private final Snapshot ingest;
  private final Snapshot encode;
  private final int dimension;
  private final List<CaptionForm> forms;
  private final HoldOut holdOut;

  private final HardNegatives mined;

  private TrainingTable(
      Snapshot ingest,
      Snapshot encode,
      int dimension,
      List<CaptionForm> forms,
      HoldOut holdOut,
      HardNegatives mined) {
    this.holdOut = holdOut;
    this.ingest = ingest;
    this.encode = encode;
    this.dimension = dimension;
    this.forms = forms;
    this.mined = mined;
  }

  /** A vector, D little-endian float32, and the hash of the file it was made from. */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  private record ImageVector(String sha256, byte[] vector) {}

  /** Distinct vectors, numbered in the order of their first use. */
  private static final class Numbering {
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<byte[]> vectors = new ArrayList<>();

    int of(String identity, byte[] vector) {
      return numbers.computeIfAbsent(
          identity,
          unknown -> {
            vectors.add(vector);
            return vectors.size() - 1;
          });
    }

    float[] all(int dimension) {
      float[] all = new float[Math.multiplyExact(vectors.size(), dimension)];
      for (int i = 0; i < vectors.size(); i++) {
        System.arraycopy(VectorBytes.decode(vectors.get(i)), 0, all, i * dimension, dimension);
      }
      return all;
    }
  }

  /**
   * Collects the rows and the vectors they use on the driver.
   *
   * @param dimension embedding width D
   * @param forms the texts of each row, made of its captions
   * @param holdOut which images are set apart
   * @param mined hard negatives of the rows
   */
  static TrainingRows read(
      SparkSession spark,
      Snapshot ingest,
      Snapshot encode,
      int dimension,
      List<CaptionForm> forms,
      HoldOut holdOut,
      HardNegatives mined) {
    spark.sparkContext().setJobDescription("read the training triplets and their vectors");
    try {
      return new TrainingTable(ingest, encode, dimension, forms, holdOut, mined).read(spark);
    } finally {
      spark.sparkContext().setJobDescription(null);
    }
  }

  private TrainingRows read(SparkSession spark) {
    Dataset<Row> rows =
        Table.TRIPLETS
            .read(spark, ingest)
            .where(col("split").equalTo("train").and(col("target").isNotNull()));
    List<Triplet> triplets =
        rows.collectAsList().stream().map(TripletRows::triplet).sorted(ORDER).toList();
    if (triplets.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train: of the %d triplets in %s none is of the split train with a published target."
              + " Name a data set with training triplets in ingest.datasets and run scripts/weft"
              + " ingest.",
          ingest.rows(Table.TRIPLETS.name()),
          ingest.path());
    }
    Map<ImageKey, ImageVector> images = imageVectors(spark, rows);
    requireImages(triplets, images.keySet());
    Predicate<ImageKey> apart = image -> holdOut.test(images.get(image).sha256());
    List<Triplet> heldOut = triplets.stream().filter(one -> apart.test(target(one))).toList();
    List<Triplet> training =
        triplets.stream()
            .filter(one -> !apart.test(target(one)) && !apart.test(reference(one)))
            .toList();
    requireBoth(training, heldOut);
    Map<String, byte[]> texts = textVectors(spark, training);
    requireTexts(training, texts.keySet());
    return new TrainingRows(
        table(training, images, texts),
        training,
        heldOut,
        triplets.size() - training.size() - heldOut.size());
  }

  private void requireBoth(List<Triplet> training, List<Triplet> heldOut) {
    if (training.isEmpty() || (heldOut.isEmpty() && holdOut.share() > 0)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot hold out a share of %s of the target images: %d training triplets and %d held out"
              + " are left of those in %s. Change train.validation.share, or set"
              + " train.validation.on to val.",
          holdOut.share(),
          training.size(),
          heldOut.size(),
          ingest.path());
    }
  }

  private TripletTable table(
      List<Triplet> triplets, Map<ImageKey, ImageVector> images, Map<String, byte[]> texts) {
    Numbering imageNumbers = new Numbering();
    Numbering textNumbers = new Numbering();
    int[] references = new int[triplets.size()];
    int[] targets = new int[triplets.size()];
    int[] captions = new int[triplets.size() * forms.size()];
    for (int row = 0; row < triplets.size(); row++) {
      Triplet triplet = triplets.get(row);
      ImageVector reference = images.get(reference(triplet));
      ImageVector target = images.get(target(triplet));
      references[row] = imageNumbers.of(reference.sha256(), reference.vector());
      targets[row] = imageNumbers.of(target.sha256(), target.vector());
      for (int form = 0; form < forms.size(); form++) {
        String text = QueryText.of(triplet.captions(), forms.get(form));
        captions[row * forms.size() + form] = textNumbers.of(text, texts.get(text));
      }
    }
    int[] negatives = negatives(triplets, images, imageNumbers);
    return new TripletTable(
        dimension,
        forms.size(),
        imageNumbers.all(dimension),
        textNumbers.all(dimension),
        references,
        targets,
        captions,
        mined.perTriplet(),
        negatives);
  }

  /**
   * Image numbers of the mined negatives of each row; they are images of training triplets. What is
   * set apart is left out.
   */
  private int[] negatives(
      List<Triplet> triplets, Map<ImageKey, ImageVector> images, Numbering numbers) {
    int[] negatives = new int[Math.multiplyExact(triplets.size(), mined.perTriplet())];
    Arrays.fill(negatives, -1);
    for (int row = 0; row < triplets.size(); row++) {
      int at = row * mined.perTriplet();
      for (ImageKey key : mined.of(triplets.get(row))) {
        ImageVector image = images.get(key);
        if (image == null) {
          throw mined.outdated("the image " + key + ", which no training triplet has");
        }
        if (!holdOut.test(image.sha256())) {
          negatives[at++] = numbers.of(image.sha256(), image.vector());
        }
      }
    }
    return negatives;
  }

  private static ImageKey reference(Triplet triplet) {
    return new ImageKey(triplet.dataset(), triplet.category(), triplet.reference());
  }

  private static ImageKey target(Triplet triplet) {
    return new ImageKey(triplet.dataset(), triplet.category(), triplet.target().orElseThrow());
  }

  private Map<ImageKey, ImageVector> imageVectors(SparkSession spark, Dataset<Row> triplets) {
    Dataset<Row> used =
        triplets
            .select(col("dataset"), col("category"), col("reference").as("id"))
            .union(triplets.select(col("dataset"), col("category"), col("target").as("id")));
    Iterator<Row> rows =
        Table.IMAGE_EMBEDDINGS
            .read(spark, encode)
            .select("dataset", "category", "id", "sha256", "vector")
            .join(used, IMAGE_KEY, "left_semi")
            .toLocalIterator();
    Map<ImageKey, ImageVector> vectors = new HashMap<>();
    while (rows.hasNext()) {
      Row row = rows.next();
      ImageKey key = new ImageKey(row.getAs("dataset"), row.getAs("category"), row.getAs("id"));
      byte[] vector = row.getAs("vector");
      requireWidth("image " + key, vector);
      vectors.put(key, new ImageVector(row.getAs("sha256"), vector));
    }
    return vectors;
  }

  private Map<String, byte[]> textVectors(SparkSession spark, List<Triplet> triplets) {
    List<String> used =
        triplets.stream()
            .flatMap(triplet -> forms.stream().map(form -> QueryText.of(triplet.captions(), form)))
            .distinct()
            .toList();
    Iterator<Row> rows =
        Table.TEXT_EMBEDDINGS
            .read(spark, encode)
            .join(
                spark.createDataset(used, Encoders.STRING()).toDF("text"),
                new String[] {"text"},
                "left_semi")
            .toLocalIterator();
    Map<String, byte[]> vectors = new HashMap<>();
    while (rows.hasNext()) {
      Row row = rows.next();
      String text = row.getAs("text");
      byte[] vector = row.getAs("vector");
      requireWidth("text '" + text + "'", vector);
      vectors.put(text, vector);
    }
    return vectors;
  }

  private void requireWidth(String what, byte[] vector) {
    if (vector.length != dimension * Float.BYTES) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train on %s: the vector of the %s has %d bytes, and %d numbers of four bytes were"
              + " announced. Encode again: scripts/weft encode --force.",
          encode.path(),
          what,
          vector.length,
          dimension);
    }
  }

  private void requireImages(List<Triplet> triplets, Set<ImageKey> found) {
    Set<ImageKey> missing = new LinkedHashSet<>();
    for (Triplet triplet : triplets) {
      missing.add(reference(triplet));
      missing.add(target(triplet));
    }
    int used = missing.size();
    missing.removeAll(found);
    if (missing.isEmpty()) {
      return;
    }
    Set<String> without = missing.stream().map(ImageKey::dataset).collect(Collectors.toSet());
    without.removeAll(found.stream().map(ImageKey::dataset).collect(Collectors.toSet()));
    throw new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot train: %d of the %d images of the training triplets have no vector in %s, among them"
            + " %s. %s",
        missing.size(),
        used,
        encode.path(),
        missing.iterator().next(),
        without.isEmpty()
            ? "Run scripts/weft encode, then this command again."
            : "Not one image of "
                + String.join(", ", without.stream().sorted().toList())
                + " was encoded: where a data set was ingested without image files, set"
                + " ingest.images to read and name the folder of its images in ingest.datasets, then"
                + " run scripts/weft ingest and scripts/weft encode.");
  }

  private void requireTexts(List<Triplet> triplets, Set<String> found) {
    long missing = 0;
    String first = "";
    for (Triplet triplet : triplets) {
      for (CaptionForm form : forms) {
        String text = QueryText.of(triplet.captions(), form);
        if (!found.contains(text)) {
          missing++;
          first =
              first.isEmpty()
                  ? String.format(
                      "'%s' of the triplet %s",
                      text, new ImageKey(triplet.dataset(), triplet.category(), triplet.id()))
                  : first;
        }
      }
    }
    if (missing > 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train: %d of the %d texts of the training triplets have no vector in %s, among them"
              + " %s. Run scripts/weft encode, with every form of train.caption-forms in"
              + " encode.caption-forms, then this command again.",
          missing,
          (long) triplets.size() * forms.size(),
          encode.path(),
          first);
    }
  }
}
