package dev.weft.evaluate;

import dev.weft.ingest.ImageKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the page of a run shows: plain values, filled by the jobs and drawn by {@link ReportPage}.
 *
 * @param title the heading of the page
 * @param lead one paragraph below it
 * @param sections the parts, in order
 */
public record Report(String title, String lead, List<Section> sections) {

  public Report {
    sections = List.copyOf(sections);
  }

  /** A part of the page, with a heading that is also its place in the list of contents. */
  public sealed interface Section {
    /** The heading, different from those of the other sections. */
    String heading();
  }

  /**
   * Tables of numbers.
   *
   * @param heading the heading
   * @param tables one per protocol
   */
  public record Results(String heading, List<ResultTable> tables) implements Section {
    public Results {
      tables = List.copyOf(tables);
    }
  }

  /**
   * Queries and what a head answered.
   *
   * @param heading the heading, naming the head
   * @param note one paragraph, such as how the queries were chosen
   * @param examples the queries
   */
  public record Examples(String heading, String note, List<Example> examples) implements Section {
    public Examples {
      examples = List.copyOf(examples);
    }
  }

  /**
   * Numbers per epoch.
   *
   * @param heading the heading
   * @param note one paragraph, may be empty
   * @param charts each with curves of one unit
   */
  public record Learning(String heading, String note, List<Curves> charts) implements Section {
    public Learning {
      charts = List.copyOf(charts);
    }
  }

  /**
   * Curves that share an axis.
   *
   * @param title what they show, with its unit
   * @param curves at least one
   */
  public record Curves(String title, List<Curve> curves) {
    public Curves {
      curves = List.copyOf(curves);
    }
  }

  /**
   * One curve.
   *
   * @param name the head
   * @param values by epoch, from 0; at least one, and not every epoch need have one
   */
  public record Curve(String name, SortedMap<Integer, Double> values) {
    public Curve {
      values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }
  }

  /**
   * Heads against one another on the same queries.
   *
   * @param heading the heading
   * @param note one paragraph
   * @param comparisons of one head with others, by protocol
   */
  public record Comparisons(String heading, String note, List<Comparison> comparisons)
      implements Section {
    public Comparisons {
      comparisons = List.copyOf(comparisons);
    }

    /** The comparisons of each protocol, in order. */
    List<List<Comparison>> byProtocol() {
      Map<String, List<Comparison>> groups = new LinkedHashMap<>();
      comparisons.forEach(
          one -> groups.computeIfAbsent(one.protocol(), key -> new ArrayList<>()).add(one));
      return List.copyOf(groups.values());
    }
  }

  /**
   * Queries to filter and look at; a page has at most one gallery.
   *
   * @param heading the heading
   * @param note one paragraph
   * @param sets one per protocol, at least one
   * @param pictures the images by key; those that are missing are shown by their id
   */
  public record Gallery(
      String heading, String note, List<QuerySet> sets, Map<ImageKey, Picture> pictures)
      implements Section {
    public Gallery {
      sets = List.copyOf(sets);
      pictures = Map.copyOf(pictures);
    }
  }

  /**
   * The queries of one protocol.
   *
   * @param outcomes what every head answered
   * @param best the head shown first
   * @param other the head it is compared with at first
   * @param shown places of the queries in the gallery, ascending
   */
  public record QuerySet(Outcomes outcomes, String best, String other, List<Integer> shown) {
    public QuerySet {
      shown = List.copyOf(shown);
    }
  }

  /**
   * Names and values, such as provenance.
   *
   * @param heading the heading
   * @param note one paragraph, may be empty
   * @param facts the list
   */
  public record Facts(String heading, String note, List<Fact> facts) implements Section {
    public Facts {
      facts = List.copyOf(facts);
    }
  }

  /**
   * A name and its value.
   *
   * @param name what it is
   * @param value what it is set to or what came out
   */
  public record Fact(String name, String value) {}

  /**
   * One query.
   *
   * @param label what names it, such as {@code dress, query 17}
   * @param reference the reference picture, absent for a query of text only
   * @param sentence the modification text, empty for a query of an image only
   * @param answers the first answers, best first
   * @param targetRank one-based rank of the target, absent where there is none
   * @param candidates number of images that were ranked
   */
  public record Example(
      String label,
      Optional<Picture> reference,
      String sentence,
      List<Answer> answers,
      OptionalInt targetRank,
      int candidates) {
    public Example {
      answers = List.copyOf(answers);
    }
  }

  /** Whether an answer is one of the right ones. */
  public enum Verdict {
    /** A right answer. */
    RIGHT,
    /** Not a right answer. */
    WRONG,
    /** The right answers are not known, as for a search. */
    UNKNOWN
  }

  /**
   * One answer.
   *
   * @param picture the image
   * @param score its cosine similarity to the query
   * @param verdict whether it is right
   */
  public record Answer(Picture picture, double score, Verdict verdict) {}

  /**
   * An image on the page.
   *
   * @param name its id, shown below it
   * @param description what it shows, read out in its place; the id where nobody knows
   * @param source a data URI or relative link; absent where there is no image file
   */
  public record Picture(String name, String description, Optional<String> source) {

    /**
     * A picture inside the page.
     *
     * @param bytes the content of a small image file
     * @param mediaType its type, such as {@code image/png}
     */
    public static Picture embedded(
        String name, String description, byte[] bytes, String mediaType) {
      String data = "data:" + mediaType + ";base64," + Base64.getEncoder().encodeToString(bytes);
      return new Picture(name, description, Optional.of(data));
    }

    /** A picture beside the page, at a relative link. */
    public static Picture linked(String name, String description, String link) {
      return new Picture(name, description, Optional.of(link));
    }

    /** An image without a file, as in an annotation-only run. */
    public static Picture absent(String name, String description) {
      return new Picture(name, description, Optional.empty());
    }
  }
}
