package dev.weft.ingest;

import dev.weft.config.Rules;
import java.util.List;

/**
 * Settings of the ingest stage, read from the {@code ingest.*} keys.
 *
 * @param datasets what to read, at least one, each name once
 * @param images what to do with the image files
 * @param maxBadFraction share of bad rows above which the stage stops, 0 to 1
 * @param maxImageBytes largest image file, bytes
 * @param maxImagePixels largest image, pixels (width times height)
 * @param imageTimeoutSeconds after which the decoding of an image is given up, seconds
 * @param shards files each table is sharded into, at least 1
 */
public record IngestConfig(
    List<DataSource> datasets,
    ImageMode images,
    double maxBadFraction,
    long maxImageBytes,
    long maxImagePixels,
    int imageTimeoutSeconds,
    int shards) {

  public IngestConfig {
    datasets = List.copyOf(datasets);
    List<String> names = datasets.stream().map(DataSource::name).toList();
    Rules.of("ingest")
        .require(
            names.stream().distinct().count() == names.size(),
            "datasets",
            names,
            "must give each data set a name of its own")
        .require(
            maxBadFraction >= 0 && maxBadFraction <= 1,
            "max-bad-fraction",
            maxBadFraction,
            "must be between 0 and 1")
        .require(
            maxImageBytes >= 1 && maxImageBytes <= Integer.MAX_VALUE - 8,
            "max-image-bytes",
            maxImageBytes,
            "must be at least 1 and below 2147483640: a file is read into one array")
        .require(
            maxImagePixels >= 1 && maxImagePixels <= 700_000_000,
            "max-image-pixels",
            maxImagePixels,
            "must be at least 1 and at most 700000000: the colours are held in one array")
        .require(
            imageTimeoutSeconds >= 1,
            "image-timeout-seconds",
            imageTimeoutSeconds,
            "must be at least 1")
        .require(shards >= 1, "shards", shards, "must be at least 1")
        .enforce();
  }

  /** The largest image that is read. */
  public ImageLimits imageLimits() {
    return new ImageLimits(maxImageBytes, maxImagePixels, imageTimeoutSeconds);
  }
}
