package dev.weft.jobs.encode;

import dev.weft.encode.AdaptedEncoder;
import dev.weft.encode.BgeTextTower;
import dev.weft.encode.DualEncoder;
import dev.weft.encode.ModelFiles;
import dev.weft.encode.ModelOptions;
import dev.weft.encode.OnnxEncoder;
import dev.weft.encode.StarterEncoder;
import dev.weft.encode.TextOnlyEncoder;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A dual encoder on its way to the tasks: what is needed to open it, once per JVM.
 *
 * @param fingerprint of the encoder
 * @param source where it comes from
 */
public record EncoderBundle(String fingerprint, Source source) implements Serializable {
  private static Optional<DualEncoder> opened = Optional.empty(); // guarded by the class

  /** Opens an encoder. */
  public sealed interface Source extends Serializable {
    /**
     * Opens it.
     *
     * @param threads that one call uses
     */
    DualEncoder open(int threads);
  }

  /**
   * The starter, as plain bytes.
   *
   * @param place where the bundle lies, for messages
   * @param files content of each file of the bundle, by name
   */
  public record Starter(String place, Map<String, byte[]> files) implements Source {
    public Starter {
      files = Map.copyOf(files);
    }

    @Override
    public DualEncoder open(int threads) {
      return StarterEncoder.load(place, files::get, TextTower.shared());
    }
  }

  /** {@link BgeTextTower} alone. */
  public record TextOnly() implements Source {
    @Override
    public DualEncoder open(int threads) {
      return new TextOnlyEncoder(TextTower.shared());
    }
  }

  /**
   * A model on some file system, fetched to each machine once.
   *
   * @param files what it consists of
   * @param options how it is used
   * @param cache folder of each machine for what is fetched
   * @param hadoop settings of the file systems
   */
  public record Model(
      ModelFiles files, ModelOptions options, String cache, SerializableConfiguration hadoop)
      implements Source {
    @Override
    public DualEncoder open(int threads) {
      return OnnxEncoder.open(files, files.local(hadoop.value(), Path.of(cache)), options, threads);
    }
  }

  /**
   * Adapters, as plain bytes, behind an encoder.
   *
   * @param place where the bundle lies, for messages
   * @param files content of each file of the bundle, by name
   * @param base the frozen encoder
   */
  public record Adapted(String place, Map<String, byte[]> files, EncoderBundle base)
      implements Source {
    public Adapted {
      files = Map.copyOf(files);
    }

    @Override
    public DualEncoder open(int threads) {
      return AdaptedEncoder.load(place, files::get, base.source().open(threads));
    }
  }

  /**
   * The encoder, opened in this JVM if it is not yet, with as many threads as a task has cores.
   *
   * <p>The one opened before is forgotten, not closed: the text tower is shared, and tasks may be
   * using it still.
   *
   * @return safe for concurrent use; not to be closed
   */
  public DualEncoder open() {
    synchronized (EncoderBundle.class) {
      if (opened.isEmpty() || !opened.get().fingerprint().equals(fingerprint)) {
        SparkEnv spark = SparkEnv.get();
        int threads = spark == null ? 1 : spark.conf().getInt("spark.task.cpus", 1);
        opened = Optional.of(source.open(threads));
      }
      return opened.get();
    }
  }
}
