package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import dev.weft.WeftException;
import dev.weft.ingest.AnnotationReader;
import dev.weft.ingest.Annotations;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.BadRows;
import dev.weft.ingest.Cohort;
import dev.weft.ingest.DataSource;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageFile;
import dev.weft.ingest.ImageMode;
import dev.weft.ingest.IngestConfig;
import dev.weft.ingest.PublishedCounts;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Looks at the data sets of the configuration: layout, counts, and a sample of the images. */
final class DataChecks {
  private static final int SAMPLE = 8;

  private final Configuration hadoop;
  private final IngestConfig config;
  private final List<Check> checks = new ArrayList<>();
  private long images;
  private long sampleNanos;
  private int sampled;

  private DataChecks(Configuration hadoop, IngestConfig config) {
    this.hadoop = hadoop;
    this.config = config;
  }

  /**
   * What was found.
   *
   * @param checks of all data sets
   * @param images images that annotations name
   * @param secondsPerImage to read and decode one of the sample; 0 without one
   */
  record Found(List<Check> checks, long images, double secondsPerImage) {}

  /** Looks. */
  static Found of(Configuration hadoop, IngestConfig config) {
    DataChecks all = new DataChecks(hadoop, config);
    for (DataSource source : config.datasets()) {
      all.look(source);
    }
    return new Found(
        List.copyOf(all.checks),
        all.images,
        all.sampled == 0 ? 0 : all.sampleNanos / 1e9 / all.sampled);
  }

  private void look(DataSource source) {
    String where = source.name();
    Annotations annotations;
    try {
      annotations = AnnotationReader.of(source.layout()).read(hadoop, source);
    } catch (WeftException e) {
      checks.add(
          new Check(
              "annotations",
              where,
              ERROR,
              e.getMessage(),
              "ingest stops there",
              "ingest.datasets: annotations and layout of " + where));
      return;
    }
    checks.add(
        Check.fine("annotations", where, annotations.triplets().size() + " triplets can be read"));
    images += annotations.images().size();
    Cohort cohort = PublishedCounts.compare(where, annotations.counts());
    checks.add(
        Check.of(
            "counts",
            where,
            !cohort.degraded(),
            WARNING,
            cohort.degraded() ? String.join("; ", cohort.reasons()) : "as published, or none are",
            "numbers on another gallery do not compare with published ones",
            "fetch the annotation files of " + where + " again"));
    BadRows bad = BadRows.of(annotations.triplets().size(), annotations.quarantined());
    checks.add(
        Check.of(
            "bad-rows",
            where,
            bad.bad() <= config.maxBadFraction() * bad.rows(),
            ERROR,
            bad.bad() + " of " + bad.rows(),
            "ingest stops with exit code 65",
            "ingest.max-bad-fraction: higher than " + 1.0 * bad.bad() / Math.max(1, bad.rows())));
    if (config.images() == ImageMode.READ && source.hasImages()) {
      sample(source, annotations.images());
    }
  }

  /** Decodes images from all over the data set. */
  private void sample(DataSource source, List<ImageFile> files) {
    List<String> bad = new ArrayList<>();
    int step = Math.max(1, files.size() / SAMPLE);
    int read = 0;
    for (int i = 0; i < files.size() && read < SAMPLE; i += step) {
      read++;
      long start = System.nanoTime();
      try {
        Optional<byte[]> bytes = bytes(source, files.get(i));
        if (bytes.isEmpty()) {
          bad.add(files.get(i).path() + " is missing");
          continue;
        }
        new ImageDecoder(config.imageLimits()).decode(bytes.get());
        sampled++;
        sampleNanos += System.nanoTime() - start;
      } catch (IOException | BadImageException e) {
        bad.add(files.get(i).path() + ": " + e.getMessage());
      }
    }
    checks.add(
        Check.of(
            "image-sample",
            source.name(),
            bad.isEmpty(),
            ERROR,
            bad.isEmpty()
                ? read + " decode"
                : bad.size() + " of " + read + " do not, such as " + bad.get(0),
            "images without pixels leave galleries smaller, and numbers better, than they are",
            "ingest.datasets: images of " + source.name()));
  }

  private Optional<byte[]> bytes(DataSource source, ImageFile file) throws IOException {
    for (String candidate : file.candidates()) {
      Path path = new Path(source.images(), candidate);
      FileSystem system = path.getFileSystem(hadoop);
      if (system.exists(path)) {
        try (FSDataInputStream in = system.open(path)) {
          return Optional.of(in.readAllBytes());
        }
      }
    }
    return Optional.empty();
  }
}
