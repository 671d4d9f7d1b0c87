package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import dev.weft.evaluate.Report.Curve;
import dev.weft.evaluate.Report.Curves;
import dev.weft.evaluate.Report.Picture;
import dev.weft.ingest.ImageKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gallery as a real browser shows it; skipped where there is no Chromium. */
class GalleryTest {
  private static final int QUERIES = 5_000;

  private static final String DRAWN = "document.getElementById('gallery-list').children.length";

  /** Whether the top of what has the focus is in the window. */
  private static final String IN_SIGHT =
      "(box => box.top >= 0 && box.top < innerHeight)"
          + "(document.activeElement.getBoundingClientRect())";

  @TempDir private Path folder;

  /** Query i: the target is at rank 1 + i % 20 by gated, and at 11 by sum. */
  static Report report() {
    List<Query> queries = new ArrayList<>();
    List<Outcome> gated = new ArrayList<>();
    List<Outcome> sum = new ArrayList<>();
    for (int i = 0; i < QUERIES; i++) {
      String text = i == 17 ? "has </script><b>\"stripes\"</b> & dots" : "is number " + i;
      queries.add(
          new Query(
              i % 2 == 0 ? "dress" : "shirt",
              "" + i,
              "image" + i,
              text,
              List.of("image" + (i + 1)),
              List.of(),
              6000));
      gated.add(outcome(i, 1 + i % 20));
      sum.add(outcome(i, 11));
    }
    Map<String, List<Outcome>> heads = new LinkedHashMap<>();
    heads.put("sum", sum);
    heads.put("gated", gated);
    Outcomes outcomes =
        new Outcomes(
            "wardrobe/original",
            "wardrobe",
            Family.FASHIONIQ,
            "caption",
            List.of(),
            queries,
            heads);
    Map<ImageKey, Picture> pictures =
        Map.of(
            new ImageKey("wardrobe", "dress", "image0"),
            Picture.linked("image0", "a red dress", "file:///nowhere/image0.png"));
    return new Report(
        "A run",
        "About it.",
        List.of(
            new Report.Learning(
                "Learning curves",
                "",
                List.of(
                    new Curves(
                        "Training loss, nats",
                        List.of(
                            new Curve("gated", new TreeMap<>(Map.of(0, 5.0, 1, 3.0, 2, 2.5))),
                            new Curve("combiner", new TreeMap<>(Map.of(0, 4.0, 2, 2.0))))))),
            new Report.Gallery(
                "Queries",
                "A note.",
                List.of(
                    new Report.QuerySet(
                        outcomes, "gated", "sum", IntStream.range(0, QUERIES).boxed().toList())),
                pictures)));
  }

  private static Outcome outcome(int query, int rank) {
    List<String> answers = new ArrayList<>();
    List<Float> scores = new ArrayList<>();
    for (int place = 1; place <= 8; place++) {
      answers.add("image" + (place == rank ? query + 1 : (query + 7 * place + 1) % 6000));
      scores.add(1 - place / 10f);
    }
    return new Outcome(rank, 0, List.of(), answers, scores);
  }

  private HeadlessBrowser open(String address) throws IOException, InterruptedException {
    assumeTrue(HeadlessBrowser.program().isPresent(), "skipped: there is no chromium on the PATH");
    Path page = folder.resolve("page.html");
    Files.writeString(page, ReportPage.html(report()));
    return HeadlessBrowser.open(folder, page.toUri() + "#" + address);
  }

  /** The page after its script ran, at an address such as {@code gallery?show=wins}. */
  private String shown(String address) throws IOException, InterruptedException {
    try (HeadlessBrowser browser = open(address)) {
      browser.settle();
      String html = browser.value("document.documentElement.outerHTML").asText();
      return html.replaceAll("(?s)<script.*?</script>", "");
    }
  }

  private static List<String> labels(String html) {
    Matcher matcher = Pattern.compile("<h3>([^<]*)</h3>").matcher(html);
    return matcher.results().map(match -> match.group(1)).toList();
  }

  @Test
  void thousandsOfQueriesStayALightPageThatDrawsAFew() throws Exception {
    assertThat(ReportPage.html(report()).length()).isLessThan(4_000_000);

    String html = shown("");

    assertThat(html).contains("5,000 of 5,000 queries</p>");
    assertThat(labels(html)).hasSizeBetween(20, 60).startsWith("dress, query 0", "shirt, query 1");
    assertThat(html)
        .contains("gated: target at rank 1 of 6,000<br>sum: target at rank 11")
        .contains("▲ win")
        .contains("<figure class=\"right\">")
        .contains("✓ right answer")
        .contains("<label>Show <select name=\"show\">")
        .contains("role=\"status\"")
        .contains("has &lt;/script&gt;&lt;b&gt;\"stripes\"&lt;/b&gt; &amp; dots")
        .contains("Reference: a red dress")
        .contains("aria-label=\"Training loss, nats; gated from 5.000 to 2.500 in 3 epochs");
  }

  @Test
  void theAddressFiltersAndOrders() throws Exception {
    String losses = shown("gallery?show=losses&category=shirt&order=loss");

    // gated loses where its rank is above 11: i % 20 in 11..19; shirts have odd numbers
    assertThat(losses).contains("1,250 of 5,000 queries</p>");
    assertThat(labels(losses)).startsWith("shirt, query 19", "shirt, query 39");
    assertThat(losses).contains("▼ loss").doesNotContain("▲ win").doesNotContain("dress, query");

    String one = shown("gallery?text=IS%20number%204999&head=sum&other=sum");

    assertThat(one).contains("1 of 5,000 queries</p>");
    assertThat(labels(one)).containsExactly("shirt, query 4999");
    assertThat(one).contains("sum: target at rank 11 of 6,000</p>").doesNotContain("▲ win");
  }

  @Test
  void theKeyboardGetsToMoreQueriesAndTheFocusStaysInSight() throws Exception {
    try (HeadlessBrowser browser = open("")) {
      for (int i = 0; i < 40 && !focus(browser).equals("gallery-more"); i++) {
        browser.press("Tab");
      }
      browser.settle();
      assertThat(focus(browser)).isEqualTo("gallery-more");
      assertThat(browser.value(DRAWN).asInt()).isEqualTo(20);
      assertThat(browser.value(IN_SIGHT).asBoolean()).isTrue();

      browser.press("Enter");
      browser.settle();
      assertThat(browser.value("document.activeElement.querySelector('h3').textContent").asText())
          .isEqualTo("dress, query 20");
      assertThat(browser.value(DRAWN).asInt()).isEqualTo(40);
      assertThat(browser.value(IN_SIGHT).asBoolean()).isTrue();

      browser.press("Tab");
      browser.settle();
      assertThat(focus(browser)).isEqualTo("gallery-more");
      assertThat(browser.value(DRAWN).asInt()).isEqualTo(40);
      assertThat(browser.value(IN_SIGHT).asBoolean()).isTrue();
    }
  }

  private static String focus(HeadlessBrowser browser) throws Exception {
    return browser.value("document.activeElement.id").asText();
  }

  @Test
  void whoScrollsSeesMoreCome() throws Exception {
    try (HeadlessBrowser browser = open("")) {
      browser.settle();
      browser.press("End");
      browser.await(DRAWN + " > 20");
    }
  }

  @Test
  void anAddressOpensAtItsView() throws Exception {
    try (HeadlessBrowser browser = open("gallery?show=wins&protocol=wardrobe%2Foriginal")) {
      browser.settle();
      assertThat(browser.value("scrollY").asInt()).isPositive();
      assertThat(
              browser.value("document.querySelector('form').getBoundingClientRect().top").asInt())
          .isBetween(0, 100);
      assertThat(browser.value("document.querySelector('form').show.value").asText())
          .isEqualTo("wins");
    }
  }

  @Test
  void onlyItsOwnScriptMayRun() {
    String html = ReportPage.html(report());

    assertThat(html).contains("default-src 'none'").contains("script-src 'sha256-");
    assertThat(Pattern.compile("<script").matcher(html).results().count()).isEqualTo(2);
    assertThat(html).doesNotContain("</script><b>").contains("\\u003c/script>");
  }
}
