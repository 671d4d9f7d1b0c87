package dev.weft.ingest.wardrobe;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ingest.wardrobe.FashionPlan.Part;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Writes the annotation files of a wardrobe, row by row, as FashionIQ and CIRCO publish theirs:
 * same names, keys, types and indentation.
 */
final class AnnotationWriter {
  private static final JsonMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();
  private static final DefaultIndenter FOUR_SPACES = new DefaultIndenter("    ", "\n");
  private static final ObjectWriter INDENTED =
      JSON.writer(
          new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER))
              .withObjectIndenter(FOUR_SPACES)
              .withArrayIndenter(FOUR_SPACES));
  private static final ObjectWriter ONE_LINE_EACH = JSON.writer().withRootValueSeparator("\n");

  private final FileSystem files;
  private final Path folder;
  private final WardrobeConfig config;

  private record Triplet(String target, String candidate, List<String> captions) {}

  /** The targets of FashionIQ's test split are not published. */
  private record TestTriplet(String candidate, List<String> captions) {}

  private record Query(
      int referenceImgId,
      int targetImgId,
      String relativeCaption,
      String sharedConcept,
      List<Integer> gtImgIds,
      int id,
      List<String> semanticAspects) {}

  /** The ground truths of CIRCO's test queries are not published. */
  private record TestQuery(
      int referenceImgId, String relativeCaption, String sharedConcept, int id) {}

  private record Description(String category, String image, String text) {}

  AnnotationWriter(FileSystem files, Path folder, WardrobeConfig config) {
    this.files = files;
    this.folder = folder;
    this.config = config;
  }

  /** Writes {@code image_splits/split.<category>.<split>.json}: the gallery. */
  void writeSplit(FashionPlan plan, Part part) throws IOException {
    writeArray(
        "image_splits/split." + nameOf(part),
        plan.numbers(part.category(), part.split()).mapToObj(plan::id));
  }

  /** Writes {@code captions/cap.<category>.<split>.json}. */
  void writeTriplets(FashionPlan plan, Part part) throws IOException {
    long firstKey = FashionPlan.key(part.category(), part.split()) << 32;
    writeArray(
        "captions/cap." + nameOf(part),
        IntStream.range(0, part.pairs().size())
            .filter(i -> plan.delivered(part.pairs().get(i)))
            .mapToObj(
                i -> {
                  FashionPlan.Pair pair = part.pairs().get(i);
                  SplittableRandom random = Chance.CAPTIONS.of(config.seed(), firstKey + i);
                  List<String> captions =
                      CaptionWriter.pair(
                              plan.garment(pair.reference()), plan.garment(pair.target()), random)
                          .stream()
                          .map(RelativeCaption::text)
                          .toList();
                  String candidate = plan.id(pair.reference());
                  return part.split() == Split.TEST
                      ? new TestTriplet(candidate, captions)
                      : new Triplet(plan.id(pair.target()), candidate, captions);
                }));
  }

  private static String nameOf(Part part) {
    return part.category().key() + "." + part.split().key() + ".json";
  }

  /** Writes {@code descriptions.jsonl}: what every FashionIQ-style image shows. */
  void writeDescriptions(FashionPlan plan) throws IOException {
    try (OutputStream out = create("descriptions.jsonl");
        SequenceWriter lines = ONE_LINE_EACH.writeValues(out)) {
      for (int number = 0; number < plan.images(); number++) {
        if (!plan.delivered(number)) {
          continue;
        }
        Garment garment = plan.garment(number);
        String text = garment.describe(Chance.DESCRIPTIONS.of(config.seed(), number));
        lines.write(new Description(garment.category().key(), plan.id(number), text));
      }
    }
  }

  /** Writes {@code circo/annotations/val.json} and {@code test.json}. */
  void writeQueries(CircoPlan plan, List<CircoPlan.Query> queries) throws IOException {
    int val = config.circoValQueries();
    writeArray(
        "circo/annotations/val.json",
        IntStream.range(0, val).mapToObj(i -> query(plan, queries.get(i), i)));
    writeArray(
        "circo/annotations/test.json",
        IntStream.range(val, queries.size())
            .mapToObj(i -> query(plan, queries.get(i), i))
            .map(
                query ->
                    new TestQuery(
                        query.referenceImgId(),
                        query.relativeCaption(),
                        query.sharedConcept(),
                        query.id() - val)));
  }

  private Query query(CircoPlan plan, CircoPlan.Query query, int number) {
    SplittableRandom random = Chance.CIRCO_CAPTIONS.of(config.seed(), number);
    RelativeCaption caption =
        CaptionWriter.statement(
            plan.garment(query.reference()), plan.garment(query.target()), random);
    return new Query(
        plan.id(query.reference()),
        plan.id(query.target()),
        caption.text(),
        plan.sharedConcept(query, random),
        query.groundTruths().stream().map(plan::id).toList(),
        number,
        caption.aspects().stream().map(Aspect::tag).toList());
  }

  private void writeArray(String name, Stream<?> rows) throws IOException {
    try (OutputStream out = create(name);
        SequenceWriter array = INDENTED.writeValuesAsArray(out)) {
      for (Iterator<?> row = rows.iterator(); row.hasNext(); ) {
        array.write(row.next());
      }
    }
  }

  private OutputStream create(String name) throws IOException {
    return files.create(new Path(folder, name), true);
  }
}
