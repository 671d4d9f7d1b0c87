package dev.weft.encode;

import java.net.URISyntaxException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** The models that {@code scripts/golden/models.py} wrote: real layouts, random weights. */
final class TinyModels {
  /** As a folder is used when nothing is set. */
  static final ModelOptions PLAIN =
      new ModelOptions(
          "fp32",
          ModelOptions.Pad.NONE,
          1.25,
          ModelOptions.JpegScale.FULL,
          ModelOptions.Pooling.MODEL,
          ModelOptions.Device.CPU);

  private TinyModels() {}

  /** A golden file or folder. */
  static Path golden(String name) {
    try {
      return Path.of(TinyModels.class.getResource("/golden/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static OnnxEncoder open(String name) {
    return open(golden(name), PLAIN);
  }

  static OnnxEncoder open(Path folder, ModelOptions options) {
    Configuration hadoop = new Configuration();
    ModelFiles files = ModelFiles.of(hadoop, folder.toUri().toString(), options.variant());
    return OnnxEncoder.open(files, files.local(hadoop, folder), options, 1);
  }
}
