package dev.weft.jobs.search;

import dev.weft.evaluate.Report;
import dev.weft.evaluate.Report.Example;
import dev.weft.evaluate.Report.Fact;
import dev.weft.evaluate.Report.Picture;
import dev.weft.evaluate.Report.Verdict;
import dev.weft.evaluate.ReportPage;
import dev.weft.jobs.evaluate.Pictures;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** The page of a search: queries and their answers as pictures. */
final class SearchPage {
  /** Longest side of a picture, pixels. */
  static final int SIDE = 160;

  private final Pictures pictures;
  private final Map<String, Picture> drawn = new HashMap<>();
  private final List<Example> examples = new ArrayList<>();

  SearchPage(Pictures pictures) {
    this.pictures = pictures;
  }

  /**
   * Adds a query.
   *
   * @param reference URI of the image of the query
   * @param candidates number of images that were ranked
   */
  void add(QueryParts query, Optional<String> reference, List<Answer> answers, long candidates) {
    List<Report.Answer> shown = new ArrayList<>();
    for (Answer answer : answers) {
      Optional<String> description =
          Optional.of(answer.description()).filter(words -> !words.isEmpty());
      Picture picture =
          drawn.computeIfAbsent(
              answer.location(), location -> pictures.of(answer.id(), description, location));
      shown.add(new Report.Answer(picture, answer.score(), Verdict.UNKNOWN));
    }
    examples.add(
        new Example(
            "Query " + query.id(),
            reference.map(location -> pictures.of(name(location), Optional.empty(), location)),
            query.text(),
            shown,
            OptionalInt.empty(),
            Math.toIntExact(candidates)));
  }

  private static String name(String location) {
    return location.substring(location.lastIndexOf('/') + 1);
  }

  /**
   * The page as HTML in UTF-8.
   *
   * @param note one line on the queries shown
   */
  byte[] html(String note, List<Fact> facts) {
    Report report =
        new Report(
            "Search",
            "Images of the index by image and sentence, by image alone, or by sentence alone.",
            List.of(
                new Report.Examples("Answers, best first", note, examples),
                new Report.Facts("How it was made", "", facts)));
    return ReportPage.html(report).getBytes(StandardCharsets.UTF_8);
  }
}
