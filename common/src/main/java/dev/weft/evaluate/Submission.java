package dev.weft.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Protocol.Counts;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The files that an evaluation server takes, with its own rules checked before anybody uploads.
 *
 * <ul>
 *   <li>CIRCO: one object, every query id with a list of exactly 50 distinct whole numbers;
 *   <li>CIRR: {@code recall} with 50 names and {@code recall_subset} with 3 per pair id, each with
 *       {@code "version": "rc2"} and its metric, at most 5 MB;
 *   <li>FashionIQ, whose server is gone: JSON lines.
 * </ul>
 *
 * <p>Source: github.com/miccunifi/CIRCO, section "Submission Format";
 * github.com/Cuberick-Orion/CIRR, {@code Test-split_server.md}.
 */
public final class Submission {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int CIRR_BYTES = 5_000_000;

  /** Ids are numbers for both servers: shorter ones first. */
  private static final Comparator<Prediction> ORDER =
      Comparator.comparing(Prediction::category)
          .thenComparing(prediction -> prediction.query().length())
          .thenComparing(Prediction::query);

  private Submission() {}

  /**
   * Makes the files of checked predictions.
   *
   * @param predictions one per query of the protocol, with known distinct images
   * @return file name to content
   */
  static Map<String, byte[]> files(Protocol protocol, List<Prediction> predictions) {
    List<Prediction> sorted = predictions.stream().sorted(ORDER).toList();
    requireAll(protocol, sorted);
    String name = protocol.name().replace('/', '-');
    Map<String, byte[]> files = new LinkedHashMap<>();
    switch (protocol.family()) {
      case CIRCO -> files.put(name + ".json", circo(sorted));
      case CIRR -> {
        requireSubsets(protocol, sorted);
        files.put(
            name + "-recall.json",
            cirr("recall", sorted, one -> first(one.ranking(), Predictions.SUBMISSION_DEPTH)));
        files.put(
            name + "-recall_subset.json",
            cirr("recall_subset", sorted, one -> first(one.subset(), Predictions.SUBSET_DEPTH)));
      }
      case FASHIONIQ -> files.put(name + ".jsonl", lines(sorted));
    }
    return files;
  }

  /** Predictions as JSON lines, in the order given. */
  public static byte[] lines(List<Prediction> predictions) {
    StringBuilder text = new StringBuilder();
    for (Prediction one : predictions) {
      ObjectNode line = JSON.createObjectNode();
      if (!one.category().isEmpty()) {
        line.put("category", one.category());
      }
      line.put("query", one.query());
      texts(line.putArray("ranking"), one.ranking());
      if (!one.subset().isEmpty()) {
        texts(line.putArray("subset"), one.subset());
      }
      text.append(line).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void requireAll(Protocol protocol, List<Prediction> predictions) {
    int published = protocol.published().values().stream().mapToInt(Counts::queries).sum();
    if (published > 0 && predictions.size() != published) {
      throw new WeftException(
          ExitCode.BAD_ROWS,
          "Cannot export a submission for %s: the annotations have %,d queries, and the server"
              + " expects %,d. Get the published annotations again.",
          protocol,
          predictions.size(),
          published);
    }
  }

  private static void requireSubsets(Protocol protocol, List<Prediction> predictions) {
    for (Prediction one : predictions) {
      if (one.subset().isEmpty()) {
        throw new WeftException(
            ExitCode.BAD_ROWS,
            "Cannot export a submission for %s: %s has no ranking of its image group (%s). Give"
                + " both files, or \"subset\" in every line.",
            protocol,
            one.name(),
            one.place());
      }
    }
  }

  private static byte[] circo(List<Prediction> predictions) {
    ObjectNode file = JSON.createObjectNode();
    for (Prediction one : predictions) {
      ArrayNode images = file.putArray(one.query());
      first(one.ranking(), Predictions.SUBMISSION_DEPTH)
          .forEach(image -> images.add(Long.parseLong(image)));
    }
    return bytes(file);
  }

  private static byte[] cirr(
      String metric, List<Prediction> predictions, Function<Prediction, List<String>> images) {
    ObjectNode file = JSON.createObjectNode();
    file.put("version", "rc2");
    file.put("metric", metric);
    predictions.forEach(one -> texts(file.putArray(one.query()), images.apply(one)));
    byte[] bytes = bytes(file);
    if (bytes.length > CIRR_BYTES) {
      throw new WeftException(
          ExitCode.BAD_ROWS,
          "Cannot export CIRR's %s: the file would have %,d bytes, and the server takes %,d. Its"
              + " names are longer than CIRR's own; look at the predictions.",
          metric,
          bytes.length,
          CIRR_BYTES);
    }
    return bytes;
  }

  private static List<String> first(List<String> images, int count) {
    return images.subList(0, Math.min(count, images.size()));
  }

  private static void texts(ArrayNode array, List<String> texts) {
    texts.forEach(array::add);
  }

  private static byte[] bytes(ObjectNode file) {
    try {
      return JSON.writeValueAsBytes(file);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an object of texts and numbers is always JSON", e);
    }
  }
}
