package dev.weft.evaluate;

import java.util.Base64;
import org.apache.commons.codec.digest.DigestUtils;

/** The gallery of a page: a form of native controls, a list that a script fills, and its data. */
final class GallerySection {
  private static final String SCRIPT = ReportPage.resource("gallery.js");

  private GallerySection() {}

  /** What a content security policy calls the one script that may run. */
  static String scriptHash() {
    return "sha256-" + Base64.getEncoder().encodeToString(DigestUtils.sha256(SCRIPT));
  }

  static void draw(StringBuilder html, Report.Gallery gallery) {
    html.append(
        """
        <noscript><p class="note">The gallery needs a browser that runs scripts.</p></noscript>
        <form class="filter" id="gallery-filter" aria-label="Filter the queries" hidden>
        <label>Protocol <select name="protocol"></select></label>
        <label>Head <select name="head"></select></label>
        <label>Compared with <select name="other"></select></label>
        <label>Show <select name="show">
        <option value="all">all queries</option>
        <option value="wins">wins of the head</option>
        <option value="losses">losses of the head</option>
        <option value="found">found</option>
        <option value="missed">missed</option>
        </select></label>
        <label>Category or aspect <select name="category"></select></label>
        <label>Order <select name="order">
        <option value="file">as in the data set</option>
        <option value="gain">largest gain first</option>
        <option value="loss">largest loss first</option>
        <option value="best">best answered first</option>
        <option value="worst">worst answered first</option>
        </select></label>
        <label>Text or image id <input type="search" name="text" autocomplete="off"></label>
        </form>
        <p class="status" id="gallery-status" role="status"></p>
        <div id="gallery-list"></div>
        <button type="button" class="more" id="gallery-more" hidden>Show more queries</button>
        """);
    html.append("<script type=\"application/json\" id=\"gallery-data\">");
    html.append(GalleryData.json(gallery)).append("</script>\n");
    html.append("<script>").append(SCRIPT).append("</script>\n");
  }
}
