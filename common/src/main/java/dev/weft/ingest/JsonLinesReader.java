package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Reads custom triplets, one JSON object a line, as {@code data-schemas/custom-triplets.md} says:
 * {@code triplets*.jsonl} and optional {@code gallery.<split>.jsonl} in the annotations folder, or
 * one file of triplets.
 *
 * <p>An image's id is its path below the images folder without the extension. A split without a
 * gallery file has all images of the images folder as candidates, or, in an annotation-only run,
 * all images that its triplets name.
 */
public final class JsonLinesReader implements AnnotationReader {
  private static final Pattern TRIPLETS = Pattern.compile("triplets.*\\.jsonl");
  private static final Pattern GALLERY = Pattern.compile("gallery\\.(train|val|test)\\.jsonl");

  private record Part(String category, String split) {}

  /** A line as written, before its images are looked up. */
  private record Line(Entry entry, Triplet triplet, boolean named, Map<String, String> images) {}

  @Override
  public Annotations read(Configuration hadoop, DataSource source) {
    Folder folder = Folder.of(hadoop, source.annotations());
    AnnotationCollector collector = new AnnotationCollector(source.name());
    Set<String> splits = new LinkedHashSet<>();
    List<Path> files = List.of(folder.path());
    if (!folder.isFile()) {
      List<String> names = folder.names();
      names.forEach(name -> readGallery(hadoop, collector, folder, name).ifPresent(splits::add));
      files =
          names.stream()
              .filter(name -> TRIPLETS.matcher(name).matches())
              .map(folder::resolve)
              .toList();
    }
    List<Line> lines =
        files.stream().flatMap(file -> lines(hadoop, collector, source, file)).toList();
    if (files.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read custom triplets: %s has no file triplets*.jsonl. Set ingest.datasets (or"
              + " --annotations) to the folder that holds them, or to one file.",
          folder.path());
    }
    fillGalleries(hadoop, collector, source, splits, lines);
    for (String split : AnnotationCollector.SPLITS) {
      lines.stream()
          .filter(line -> line.triplet().split().equals(split))
          .forEach(line -> accept(collector, splits, line));
    }
    return collector.annotations();
  }

  private static Optional<String> readGallery(
      Configuration hadoop, AnnotationCollector collector, Folder folder, String name) {
    Matcher matcher = GALLERY.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String split = matcher.group(1);
    AnnotationFile file = AnnotationFile.open(hadoop, folder.resolve(name));
    file.lines(
        collector.each(
            entry -> {
              String path = entry.object().path("image");
              String category = entry.optionalText("category").orElse("");
              collector.candidate(category, split, ImageFile.stem(path), path);
            }),
        (place, why) -> collector.quarantine(file.uri(), place, why));
    return Optional.of(split);
  }

  private static Stream<Line> lines(
      Configuration hadoop, AnnotationCollector collector, DataSource source, Path path) {
    AnnotationFile file = AnnotationFile.open(hadoop, path);
    Stream.Builder<Line> lines = Stream.builder();
    file.lines(
        collector.each(entry -> lines.add(line(source.name(), entry.object()))),
        (place, why) -> collector.quarantine(file.uri(), place, why));
    return lines.build();
  }

  private static Line line(String dataset, Entry entry) {
    String split = entry.text("split");
    if (!AnnotationCollector.SPLITS.contains(split)) {
      throw new BadEntryException(
          Reason.WRONG_TYPE,
          "split must be train, val or test, found '" + Entry.shown(split) + "'");
    }
    Map<String, String> images = new LinkedHashMap<>();
    String reference = take(images, entry.path("reference"));
    List<String> targets =
        targets(entry, split).stream().map(path -> take(images, path)).distinct().toList();
    List<String> captions = entry.has("text") ? entry.caption("text") : entry.captions("captions");
    List<String> subset =
        entry.has("subset")
            ? entry.paths("subset").stream().map(path -> take(images, path)).toList()
            : List.of();
    String file = entry.file().substring(entry.file().lastIndexOf('/') + 1);
    Triplet triplet =
        new Triplet(
            dataset,
            entry.optionalText("category").orElse(""),
            split,
            entry.optionalText("id").orElse(file + ":" + entry.name()),
            reference,
            targets,
            captions,
            entry.optionalText("concept"),
            entry.optionalTexts("aspects"),
            subset);
    return new Line(entry, triplet, entry.has("id"), images);
  }

  private static List<String> targets(Entry entry, String split) {
    if (entry.has("targets")) {
      return entry.paths("targets");
    }
    if (split.equals("test") && !entry.has("target")) {
      return List.of();
    }
    return List.of(entry.path("target"));
  }

  private static String take(Map<String, String> images, String path) {
    String id = ImageFile.stem(path);
    images.putIfAbsent(id, path);
    return id;
  }

  /** Gives each split without a gallery file the images of the folder, or those it names. */
  private static void fillGalleries(
      Configuration hadoop,
      AnnotationCollector collector,
      DataSource source,
      Set<String> splits,
      List<Line> lines) {
    Map<Part, Map<String, String>> named = new LinkedHashMap<>();
    for (Line line : lines) {
      if (!splits.contains(line.triplet().split())) {
        named
            .computeIfAbsent(
                new Part(line.triplet().category(), line.triplet().split()),
                part -> new LinkedHashMap<>())
            .putAll(line.images());
      }
    }
    Map<String, String> inFolder = new LinkedHashMap<>();
    boolean there = source.hasImages() && Folder.of(hadoop, source.images()).exists();
    if (there && !named.isEmpty()) {
      Folder.of(hadoop, source.images())
          .images()
          .forEach(path -> inFolder.putIfAbsent(ImageFile.stem(path), path));
    }
    named.forEach(
        (part, images) ->
            (there ? inFolder : images)
                .forEach(
                    (id, path) -> collector.candidate(part.category(), part.split(), id, path)));
  }

  private static void accept(AnnotationCollector collector, Set<String> splits, Line line) {
    Triplet triplet = line.triplet();
    collector
        .each(
            entry -> {
              // With a gallery file, references may lie outside of it.
              if (!splits.contains(triplet.split())) {
                collector.requireReference(
                    triplet.category(), triplet.split(), triplet.reference());
              }
              collector.requireTargets(triplet.category(), triplet.split(), triplet.groundTruths());
              if (line.named()) {
                collector.triplet(entry, triplet);
              } else {
                collector.tripletWithoutId(entry, triplet);
              }
              line.images().forEach((id, path) -> collector.image(triplet.category(), id, path));
            })
        .accept(line.entry());
  }
}
