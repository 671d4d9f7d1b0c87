package dev.weft.jobs.ingest;

import dev.weft.ingest.wardrobe.WardrobeConfig;
import dev.weft.ingest.wardrobe.WardrobeReport;
import dev.weft.ingest.wardrobe.WardrobeWriter;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Draws the wardrobe on the driver, once; a folder that already holds the same one is left as it
 * is.
 *
 * <pre>scripts/weft wardrobe --config conf/wardrobe.yaml</pre>
 */
public final class WardrobeJob {
  private WardrobeJob() {}

  /** Runs the command in the given session. */
  public static StageResult run(Session session) {
    long start = session.clock().millis();
    WardrobeConfig config = session.config().wardrobe();
    session.progress().begin("draw the wardrobe", config.allImages());
    WardrobeReport report =
        WardrobeWriter.write(
            config, session.hadoop(), drawn -> session.progress().at(drawn, "images"));
    session.progress().end();
    WardrobeReport.Contents contents = report.contents();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("folder", report.folder());
    figures.put("images", contents.images() + contents.circoImages());
    figures.put(
        "triplets", contents.trainTriplets() + contents.valTriplets() + contents.testTriplets());
    figures.put("circo_queries", contents.circoValQueries() + contents.circoTestQueries());
    figures.put("val_twins", contents.valTwins());
    return new StageResult(
        "wardrobe",
        report.drawn() ? StageResult.DONE : StageResult.UP_TO_DATE,
        Optional.empty(),
        (session.clock().millis() - start) / 1000.0,
        figures);
  }
}
