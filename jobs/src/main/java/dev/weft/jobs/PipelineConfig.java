package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.align.AlignConfig;
import dev.weft.compute.ComputeConfig;
import dev.weft.config.Binder;
import dev.weft.config.Rules;
import dev.weft.config.Settings;
import dev.weft.encode.EncodeConfig;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.index.IndexConfig;
import dev.weft.ingest.IngestConfig;
import dev.weft.ingest.wardrobe.WardrobeConfig;
import dev.weft.jobs.tracking.TrackingConfig;
import dev.weft.release.FineTuneConfig;
import dev.weft.search.SearchConfig;
import dev.weft.train.MineConfig;
import dev.weft.train.TrainConfig;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The whole configuration: every key of {@code conf/defaults.yaml}.
 *
 * @param root folder of all artefacts, on any Hadoop file system
 * @param run name of the pipeline run
 * @param seed seed of every random choice
 * @param compute on what to compute
 * @param wardrobe the drawn data set
 * @param ingest settings of ingest
 * @param align settings of align
 * @param encode settings of encode
 * @param train settings of train
 * @param mine settings of the mining of hard negatives
 * @param evaluate settings of evaluate
 * @param index settings of index
 * @param search settings of search
 * @param tracking who else is told of a run
 * @param fineTune settings of scheduled fine-tuning
 */
public record PipelineConfig(
    String root,
    String run,
    long seed,
    ComputeConfig compute,
    WardrobeConfig wardrobe,
    IngestConfig ingest,
    AlignConfig align,
    EncodeConfig encode,
    TrainConfig train,
    MineConfig mine,
    EvaluateConfig evaluate,
    IndexConfig index,
    SearchConfig search,
    TrackingConfig tracking,
    FineTuneConfig fineTune) {

  private static final String DEFAULTS = "/dev/weft/conf/defaults.yaml";

  public PipelineConfig {
    Rules.of("")
        .require(!root.isBlank(), "root", root, "must name a folder")
        .require(
            run.matches("[A-Za-z0-9][A-Za-z0-9._-]*"),
            "run",
            run,
            "must be a file name of letters, digits, dots, underscores and hyphens")
        .require(!run.equals("search"), "run", run, "must leave this name to the page of searches")
        .enforce();
  }

  /** Every default, from the file inside the jar. */
  public static Settings defaults() {
    try (InputStream in = PipelineConfig.class.getResourceAsStream(DEFAULTS)) {
      return Settings.parse(
          new String(in.readAllBytes(), StandardCharsets.UTF_8), "conf/defaults.yaml");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Defaults, then the file, then the pairs.
   *
   * @param hadoop settings of the file system the file is on
   * @param file URI of a YAML file
   * @param pairs {@code key=value} settings of the command line
   */
  public static Settings load(Configuration hadoop, String file, List<String> pairs) {
    return defaults()
        .overriddenBy(Settings.parse(text(hadoop, file), file))
        .overriddenBy(Settings.ofPairs(pairs));
  }

  /**
   * Binds settings strictly.
   *
   * @param settings all layers
   * @param file what to call them in a report
   */
  public static PipelineConfig bind(Settings settings, String file) {
    return Binder.bind(settings, PipelineConfig.class, file);
  }

  private static String text(Configuration hadoop, String file) {
    Path path = new Path(file);
    try {
      FileSystem files = path.getFileSystem(hadoop);
      try (InputStream in = files.open(path)) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read the configuration %s: there is no such file. conf/wardrobe.yaml is an"
              + " example that runs as it is.",
          file);
    } catch (IOException e) {
      throw new WeftException(
          e, ExitCode.IO, "Cannot read the configuration %s: %s.", file, e.getMessage());
    }
  }
}
