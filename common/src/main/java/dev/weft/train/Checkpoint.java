package dev.weft.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The whole state of a training run between two steps: going on from it gives the same bytes as
 * never having stopped.
 *
 * <p>Dimensions: P = parameters of the head. The logit scale is trained as its logarithm, kept
 * after the parameters of the head. The layout of the files is in {@code
 * data-schemas/checkpoint.md}.
 *
 * @param configHash what the run depends on; another hash is another run
 * @param step steps done
 * @param epochLossSum sum of the losses of the rows of the unfinished epoch
 * @param history the finished epochs
 * @param parameters parameters of the head and logarithm of the logit scale, P + 1 numbers
 * @param updater first and second moments of Adam, 2 (P + 1) numbers
 * @param scores what the validations gave so far
 * @param best the parameters of the best of them where that one becomes the head, P + 1 numbers;
 *     empty otherwise, and before the first validation
 */
@SuppressWarnings("ArrayRecordComponent") // compared by its files
public record Checkpoint(
    String configHash,
    long step,
    double epochLossSum,
    List<EpochLoss> history,
    float[] parameters,
    float[] updater,
    List<EpochScore> scores,
    float[] best) {
  private static final int FORMAT = 2;
  private static final int FIRST_FORMAT = 1;
  private static final String STATE = "state.json";
  private static final String PARAMETERS = "params.bin";
  private static final String UPDATER = "adam.bin";
  private static final String BEST = "best.bin";
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE).build();

  /** What {@code state.json} holds. */
  private record State(
      int format,
      String configHash,
      long step,
      double epochLossSum,
      List<EpochLoss> history,
      List<EpochScore> scores,
      String parametersSha256,
      String updaterSha256,
      String bestSha256) {}

  /** A state without validation. */
  public Checkpoint(
      String configHash,
      long step,
      double epochLossSum,
      List<EpochLoss> history,
      float[] parameters,
      float[] updater) {
    this(configHash, step, epochLossSum, history, parameters, updater, List.of(), new float[0]);
  }

  public Checkpoint {
    history = List.copyOf(history);
    scores = List.copyOf(scores);
    if (parameters.length == 0 || updater.length != 2 * parameters.length) {
      throw new IllegalArgumentException(
          updater.length + " numbers of updater state for " + parameters.length + " parameters");
    }
    if (best.length != 0 && best.length != parameters.length) {
      throw new IllegalArgumentException(
          best.length + " best parameters for " + parameters.length + " parameters");
    }
  }

  /** The files of the checkpoint, name to bytes. */
  public Map<String, byte[]> files() {
    byte[] parameterFile = VectorFile.write(parameters);
    byte[] updaterFile = VectorFile.write(updater);
    State state =
        new State(
            FORMAT,
            configHash,
            step,
            epochLossSum,
            history,
            scores,
            DigestUtils.sha256Hex(parameterFile),
            DigestUtils.sha256Hex(updaterFile),
            best.length == 0 ? "" : DigestUtils.sha256Hex(VectorFile.write(best)));
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(STATE, write(JSON, state));
    files.put(PARAMETERS, parameterFile);
    files.put(UPDATER, updaterFile);
    if (best.length > 0) {
      files.put(BEST, VectorFile.write(best));
    }
    return files;
  }

  /**
   * Reads what {@link #files} gave.
   *
   * @param files name to bytes
   */
  public static Checkpoint of(Map<String, byte[]> files) {
    byte[] parameterFile = require(files, PARAMETERS);
    byte[] updaterFile = require(files, UPDATER);
    State state;
    try {
      JsonNode tree = JSON.readTree(require(files, STATE));
      int format = tree.path("format").asInt();
      if (format != FORMAT && format != FIRST_FORMAT) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot resume from this checkpoint: it has format %d and this version of Weft reads up to %d."
                + " Use the version that wrote it, or remove it to train from the start.",
            format,
            FORMAT);
      }
      state = JSON.treeToValue(tree, State.class);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot resume from this checkpoint: %s is not readable (%s). Remove it to resume from the"
              + " one before.",
          STATE,
          e.getMessage());
    }
    requireHash(PARAMETERS, parameterFile, state.parametersSha256());
    requireHash(UPDATER, updaterFile, state.updaterSha256());
    boolean first = state.format() == FIRST_FORMAT;
    float[] best = new float[0];
    if (!first && !state.bestSha256().isEmpty()) {
      byte[] bestFile = require(files, BEST);
      requireHash(BEST, bestFile, state.bestSha256());
      best = VectorFile.read(BEST, bestFile);
    }
    return new Checkpoint(
        state.configHash(),
        state.step(),
        state.epochLossSum(),
        state.history(),
        VectorFile.read(PARAMETERS, parameterFile),
        VectorFile.read(UPDATER, updaterFile),
        first ? List.of() : state.scores(),
        best);
  }

  /** The best validation, the earliest of equals; empty if there was none. */
  public Optional<EpochScore> bestScore() {
    return scores.stream()
        .max(
            Comparator.comparingDouble(EpochScore::score)
                .thenComparing(Comparator.comparingInt(EpochScore::epoch).reversed()));
  }

  /** The state whose parameters become the head. */
  public Checkpoint chosen() {
    return best.length == 0
        ? this
        : new Checkpoint(
            configHash, step, epochLossSum, history, best, updater, scores, new float[0]);
  }

  /** The logit scale. */
  public double logitScale() {
    return Math.exp(parameters[parameters.length - 1]);
  }

  /** Lines with two blanks of indent, ended by \n on every system. */
  static byte[] write(ObjectMapper json, Object value) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter().withObjectIndenter(indenter);
    printer.indentArraysWith(indenter);
    try {
      return json.writer(printer).writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of numbers and text is always JSON", e);
    }
  }

  private static byte[] require(Map<String, byte[]> files, String name) {
    if (!files.containsKey(name)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot resume from this checkpoint: %s is missing among %s. Remove it to resume from the"
              + " one before.",
          name,
          files.keySet());
    }
    return files.get(name);
  }

  private static void requireHash(String name, byte[] bytes, String expected) {
    String found = DigestUtils.sha256Hex(bytes);
    if (!found.equals(expected)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot resume from this checkpoint: the SHA-256 of %s is %s, but %s says %s. The file was"
              + " changed or damaged: remove the checkpoint to resume from the one before.",
          name,
          found,
          STATE,
          expected);
    }
  }
}
