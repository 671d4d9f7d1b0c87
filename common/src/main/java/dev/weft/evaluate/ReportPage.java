package dev.weft.evaluate;

import dev.weft.evaluate.Report.Answer;
import dev.weft.evaluate.Report.Comparisons;
import dev.weft.evaluate.Report.Example;
import dev.weft.evaluate.Report.Examples;
import dev.weft.evaluate.Report.Facts;
import dev.weft.evaluate.Report.Gallery;
import dev.weft.evaluate.Report.Learning;
import dev.weft.evaluate.Report.Picture;
import dev.weft.evaluate.Report.Results;
import dev.weft.evaluate.Report.Section;
import dev.weft.evaluate.Report.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Draws a {@link Report} as one HTML file that opens from disk: no server, nothing loaded from
 * anywhere but links to image files, and no script but that of the gallery, which its hash names.
 *
 * <p>Right answers carry a frame, a tick and the words "right answer", so that neither colour nor
 * sight is needed. Works with the keyboard, in light and dark, on a narrow screen and on paper. All
 * text is escaped. Equal reports give equal bytes.
 */
public final class ReportPage {
  private final StringBuilder html = new StringBuilder();

  private ReportPage() {}

  /** The page as HTML, to be written as UTF-8. */
  public static String html(Report report) {
    Set<String> headings = new HashSet<>();
    for (Section section : report.sections()) {
      if (!headings.add(section.heading())) {
        throw new IllegalArgumentException("two sections are called " + section.heading());
      }
    }
    ReportPage page = new ReportPage();
    page.draw(report);
    return page.html.toString();
  }

  private void draw(Report report) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // pictures may come from the page itself or from beside it, and nothing else may load or run
    html.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
        .append(" img-src 'self' data: file:; style-src 'unsafe-inline'; script-src '")
        .append(GallerySection.scriptHash())
        .append("'\">\n");
    element("title", report.title());
    html.append("<style>\n").append(style()).append("</style>\n</head>\n<body>\n");
    html.append("<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n");
    element("h1", report.title());
    html.append("<p class=\"lead\">").append(escape(report.lead())).append("</p>\n");
    contents(report.sections());
    html.append("</header>\n<main id=\"content\">\n");
    for (int i = 0; i < report.sections().size(); i++) {
      Section section = report.sections().get(i);
      String id = "section-" + (i + 1);
      html.append("<section aria-labelledby=\"").append(id).append("\">\n<h2 id=\"");
      html.append(id).append("\">").append(escape(section.heading())).append("</h2>\n");
      if (section instanceof Results results) {
        results.tables().forEach(this::table);
      } else if (section instanceof Examples examples) {
        note(examples.note());
        examples.examples().forEach(this::example);
      } else if (section instanceof Learning learning) {
        note(learning.note());
        html.append("<div class=\"charts\">\n");
        learning.charts().forEach(chart -> CurveChart.draw(html, chart));
        html.append("</div>\n");
      } else if (section instanceof Comparisons comparisons) {
        note(comparisons.note());
        comparisons.byProtocol().forEach(group -> ComparisonTable.draw(html, group));
      } else if (section instanceof Gallery gallery) {
        note(gallery.note());
        GallerySection.draw(html, gallery);
      } else if (section instanceof Facts facts) {
        facts(facts);
      }
      html.append("</section>\n");
    }
    html.append("</main>\n<footer>Made by Weft. Metrics are in percent; scores are cosine");
    html.append(" similarities.</footer>\n</body>\n</html>\n");
  }

  private void contents(List<Section> sections) {
    html.append("<nav aria-label=\"Contents\"><ul>\n");
    for (int i = 0; i < sections.size(); i++) {
      html.append("<li><a href=\"#section-").append(i + 1).append("\">");
      html.append(escape(sections.get(i).heading())).append("</a></li>\n");
    }
    html.append("</ul></nav>\n");
  }

  private void table(ResultTable table) {
    html.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html.append(escape("Results, " + table.caption())).append("\">\n<table>\n");
    html.append("<caption><span>").append(escape(table.caption())).append("</span></caption>\n");
    html.append("<thead><tr><th scope=\"col\">head</th>");
    for (String column : table.columns()) {
      html.append("<th scope=\"col\">").append(escape(column)).append("</th>");
    }
    html.append("</tr></thead>\n<tbody>\n");
    for (int line = 0; line < table.lines().size(); line++) {
      html.append("<tr><th scope=\"row\">");
      html.append(escape(table.lines().get(line).head())).append("</th>");
      for (int column = 0; column < table.columns().size(); column++) {
        cell(table, line, column);
      }
      html.append("</tr>\n");
    }
    html.append("</tbody>\n</table>\n</div>\n");
    notes(table);
  }

  private void cell(ResultTable table, int line, int column) {
    table
        .lines()
        .get(line)
        .cells()
        .get(column)
        .ifPresentOrElse(
            cell ->
                html.append(table.best(line, column) ? "<td><strong>" : "<td>")
                    .append(escape(cell.toString()))
                    .append(table.best(line, column) ? "</strong></td>" : "</td>"),
            () -> html.append("<td class=\"none\">none</td>"));
  }

  private void notes(ResultTable table) {
    if (!table.degradedBecause().isEmpty()) {
      html.append("<div class=\"degraded\" role=\"note\"><strong>⚠ Degraded: these numbers do not");
      html.append(" compare to published ones.</strong>");
      list("", table.degradedBecause());
      html.append("</div>\n");
    }
    if (!table.notes().isEmpty()) {
      list(" class=\"notes\"", table.notes());
    }
  }

  private void list(String attributes, List<String> items) {
    html.append("<ul").append(attributes).append(">\n");
    items.forEach(item -> element("li", item));
    html.append("</ul>\n");
  }

  private void example(Example example) {
    html.append("<article class=\"example\">\n<div class=\"question");
    html.append(example.reference().isEmpty() ? " words" : "").append("\">\n");
    element("h3", example.label());
    example
        .reference()
        .ifPresent(
            picture -> {
              html.append("<figure>");
              picture(picture, "Reference: ");
              html.append("<figcaption>").append(escape(picture.name()));
              html.append("</figcaption></figure>\n");
            });
    if (!example.sentence().isEmpty()) {
      element("blockquote", example.sentence());
    }
    html.append("<p class=\"rank\">").append(escape(rank(example))).append("</p>\n</div>\n");
    html.append("<ol class=\"answers\" aria-label=\"Answers, best first\">\n");
    example.answers().forEach(this::answer);
    html.append("</ol>\n</article>\n");
  }

  private static String rank(Example example) {
    if (example.targetRank().isPresent()) {
      return String.format(
          Locale.ROOT,
          "Target at rank %,d of %,d",
          example.targetRank().getAsInt(),
          example.candidates());
    }
    return String.format(Locale.ROOT, "%,d images ranked", example.candidates());
  }

  private void answer(Answer answer) {
    boolean right = answer.verdict() == Verdict.RIGHT;
    html.append("<li><figure").append(right ? " class=\"right\"" : "").append(">");
    picture(answer.picture(), "");
    html.append("<figcaption>");
    if (right) {
      html.append("<span class=\"verdict\">✓ right answer</span>");
    }
    html.append("<span class=\"score\">");
    html.append(String.format(Locale.ROOT, "%.3f", answer.score()));
    html.append("</span> ").append(escape(answer.picture().name()));
    html.append("</figcaption></figure></li>\n");
  }

  private void picture(Picture picture, String role) {
    String description = escape(role + picture.description());
    picture
        .source()
        .ifPresentOrElse(
            source ->
                html.append("<img loading=\"lazy\" alt=\"")
                    .append(description)
                    .append("\" src=\"")
                    .append(escape(source))
                    .append("\">"),
            () -> html.append("<span class=\"absent\">").append(description).append("</span>"));
  }

  private void facts(Facts facts) {
    note(facts.note());
    html.append("<dl>\n");
    facts
        .facts()
        .forEach(
            fact -> {
              element("dt", fact.name());
              element("dd", fact.value());
            });
    html.append("</dl>\n");
  }

  private void note(String note) {
    if (!note.isEmpty()) {
      html.append("<p class=\"note\">").append(escape(note)).append("</p>\n");
    }
  }

  private void element(String name, String text) {
    html.append('<').append(name).append('>').append(escape(text));
    html.append("</").append(name).append(">\n");
  }

  /** Makes text safe inside elements and quoted attributes. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String style() {
    return resource("report.css");
  }

  /** A file beside this class. */
  static String resource(String name) {
    try (InputStream file = ReportPage.class.getResourceAsStream(name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name + " is on the class path", e);
    }
  }
}
