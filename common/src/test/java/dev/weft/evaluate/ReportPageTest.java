package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.evaluate.Report.Answer;
import dev.weft.evaluate.Report.Example;
import dev.weft.evaluate.Report.Examples;
import dev.weft.evaluate.Report.Fact;
import dev.weft.evaluate.Report.Facts;
import dev.weft.evaluate.Report.Picture;
import dev.weft.evaluate.Report.Results;
import dev.weft.evaluate.Report.Verdict;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ReportPageTest {
  private static final Pattern TAG = Pattern.compile("<(/?)([a-z0-9]+)([^>]*)>");
  private static final Set<String> VOID = Set.of("meta", "img", "link", "br");

  private static Picture drawn(String name, Color color) {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, 64, 64);
    graphics.setColor(color);
    graphics.fillPolygon(new int[] {26, 38, 52, 12}, new int[] {8, 8, 58, 58}, 4);
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Picture.embedded(name, "a dress", bytes.toByteArray(), "image/png");
  }

  private static Example example(String label, String sentence, int rank) {
    Color[] colors = {Color.BLUE, Color.CYAN, Color.GRAY, Color.MAGENTA, Color.ORANGE, Color.PINK};
    List<Answer> answers = new ArrayList<>();
    for (int i = 1; i <= 8; i++) {
      answers.add(
          new Answer(
              i == 7
                  ? Picture.absent("dress-0099", "a red dress")
                  : drawn("dress-00" + (10 + i), colors[i % colors.length]),
              0.93 - 0.041 * i,
              i == rank ? Verdict.RIGHT : Verdict.WRONG));
    }
    return new Example(
        label,
        Optional.of(drawn("dress-0007", Color.RED)),
        sentence,
        answers,
        OptionalInt.of(rank),
        1234);
  }

  private static Report report() {
    ResultTable fashion =
        ResultTable.of(
            List.of(
                row("image only", .021, .20, .41),
                row("text only", .004, .04, .16),
                row("sum", .19, .69, .88),
                row("weighted", .20, .70, .89),
                row("gated", .55, .94, .99),
                row("combiner", .61, .97, .99)),
            List.of("R@1", "R@10", "R@50", "dress/R@1", "dress/R@10", "dress/R@50"));
    ResultTable degraded =
        ResultTable.of(
            List.of(
                ResultTableTest.metrics(
                    "gated",
                    Map.of("mAP@5", .31),
                    "3 images are missing",
                    "218 queries in 123,400 images where the published set has 220 in 123,403")),
            List.of("mAP@5", "mAP@10"));
    Example words =
        new Example(
            "one query",
            Optional.empty(),
            "a striped shirt with long sleeves",
            List.of(new Answer(drawn("shirt-1", Color.GREEN), 0.5, Verdict.UNKNOWN)),
            OptionalInt.empty(),
            900);
    return new Report(
        "Weft run 'wardrobe'",
        "Finds the catalogue image that matches a reference image plus a sentence that changes it.",
        List.of(
            new Results("Results", List.of(fashion, degraded)),
            new Examples(
                "Examples: gated",
                "The first queries of the validation set.",
                List.of(
                    example("dress, query 17", "is blue", 1),
                    example("dress, query 18", "is not red any more & has \"short\" <sleeves>", 5),
                    example("dress, query 19", "same but crimson, with a round neck", 212))),
            new Examples("Search", "", List.of(words)),
            new Facts(
                "Provenance",
                "What these numbers were made from.",
                List.of(new Fact("encoder", "starter-91ab"), new Fact("seed", "1")))));
  }

  private static Metrics row(String head, double at1, double at10, double at50) {
    return ResultTableTest.metrics(
        head,
        Map.of(
            "R@1",
            at1,
            "R@10",
            at10,
            "R@50",
            at50,
            "dress/R@1",
            at1,
            "dress/R@10",
            at10,
            "dress/R@50",
            at50));
  }

  /** Also leaves the page in target/report.html, to be looked at. */
  @Test
  void thePageIsWellFormedAndLoadsNothing() throws IOException {
    String html = ReportPage.html(report());
    Files.writeString(Path.of("target/report.html"), html);

    Deque<String> open = new ArrayDeque<>();
    Matcher tags = TAG.matcher(html.substring(html.indexOf("</style>") + "</style>".length()));
    open.push("html");
    open.push("head");
    while (tags.find()) {
      if (!tags.group(1).isEmpty()) {
        assertThat(open.pop()).isEqualTo(tags.group(2));
      } else if (!VOID.contains(tags.group(2))) {
        open.push(tags.group(2));
      }
      if (tags.group(2).equals("img")) {
        assertThat(tags.group(3)).contains("alt=\"").contains("src=\"data:image/png;base64,");
      }
    }
    assertThat(open).isEmpty();
    assertThat(html).doesNotContain("<script", "http:", "https:", "@import", "url(");
    assertThat(html).isEqualTo(ReportPage.html(report()));
  }

  @Test
  void rightAnswersAreMarkedInWordsToo() {
    String html = ReportPage.html(report());

    assertThat(html.split("<figure class=\"right\">", -1)).hasSize(3);
    assertThat(html.split("✓ right answer", -1)).hasSize(3);
    assertThat(html)
        .contains("Target at rank 212 of 1,234", "900 images ranked")
        .contains("alt=\"Reference: a dress\"")
        .contains("<span class=\"absent\">a red dress</span>");
  }

  @Test
  void tablesCarryTheirProtocolAndTheMarkOfDegradation() {
    assertThat(ReportPage.html(report()))
        .contains(
            "<caption><span>wardrobe/original: dress 1,200 queries in 400 images; ties: by id</span></caption>")
        .contains("Degraded: these numbers do not compare to published ones.")
        .contains("<li>3 images are missing</li>")
        .contains("<th scope=\"row\">combiner</th><td><strong>61.00</strong></td>")
        .contains("<td class=\"none\">none</td>");
  }

  @Test
  void everyTextIsEscaped() {
    String attack = "\"'><script>alert(1)</script>&";
    Picture picture = Picture.linked(attack, attack, "a.png?x=\"&y=1");
    Report report =
        new Report(
            attack,
            attack,
            List.of(
                new Results(
                    attack + 1,
                    List.of(
                        new ResultTable(
                            attack,
                            List.of(attack),
                            List.of(new ResultTable.Line(attack, List.of(Optional.empty()))),
                            List.of(attack),
                            List.of(attack)))),
                new Examples(
                    attack + 2,
                    attack,
                    List.of(
                        new Example(
                            attack,
                            Optional.of(picture),
                            attack,
                            List.of(
                                new Answer(picture, 1, Verdict.WRONG),
                                new Answer(Picture.absent(attack, attack), 1, Verdict.RIGHT)),
                            OptionalInt.empty(),
                            1))),
                new Facts(attack + 3, attack, List.of(new Fact(attack, attack)))));

    assertThat(ReportPage.html(report))
        .doesNotContain("<script", "\"'>", "&y")
        .contains("&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;")
        .contains("src=\"a.png?x=&quot;&amp;y=1\"");
  }

  @Test
  void twoSectionsOfOneNameAreRefused() {
    Facts facts = new Facts("Facts", "", List.of());

    assertThatThrownBy(() -> ReportPage.html(new Report("t", "l", List.of(facts, facts))))
        .hasMessage("two sections are called Facts");
  }
}
