package dev.weft.jobs;

import dev.weft.compute.ComputeBackend;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * The one Spark session of all tests of this module: starting one takes longer than most tests.
 *
 * <p>Tests neither stop it nor change its settings.
 */
public final class LocalSpark {
  private LocalSpark() {}

  /** Two task slots, UTC, no web pages. */
  public static SparkSession session() {
    return Holder.SESSION;
  }

  private static final class Holder {
    static final SparkSession SESSION =
        SparkSession.builder()
            .config(WeftPlugin.enabled(new SparkConf(), ComputeBackend.AUTO)) // as in real sessions
            .appName("weft-tests")
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", 3)
            .config("spark.driver.host", "localhost")
            .getOrCreate();
  }
}
