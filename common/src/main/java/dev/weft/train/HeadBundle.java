package dev.weft.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A fusion head as an artefact: what it is, its parameters, and the encoder whose vectors it fits.
 * The layout of the files is in {@code data-schemas/head-bundle.md}.
 *
 * @param architecture what the head is made of
 * @param encoder fingerprint of the dual encoder it was trained on
 * @param logitScale scale of the cosine similarities it was trained with
 * @param parameters its parameters, as many as the architecture has
 */
@SuppressWarnings("ArrayRecordComponent") // compared by its files
public record HeadBundle(
    HeadArchitecture architecture, String encoder, double logitScale, float[] parameters) {
  private static final int FORMAT = 1;
  private static final String DESCRIPTION = "head.json";
  private static final String PARAMETERS = "params.bin";
  private static final ObjectMapper JSON = new ObjectMapper();

  public HeadBundle {
    if (parameters.length != architecture.parameterCount()) {
      throw new IllegalArgumentException(
          parameters.length
              + " parameters for "
              + architecture
              + ", which has "
              + architecture.parameterCount());
    }
  }

  /** The trained head of a run, at the state of a checkpoint. */
  public static HeadBundle of(
      HeadArchitecture.Trainable architecture, String encoder, Checkpoint checkpoint) {
    int count = Math.toIntExact(architecture.parameterCount());
    return new HeadBundle(
        architecture,
        encoder,
        checkpoint.logitScale(),
        Arrays.copyOf(checkpoint.parameters(), count));
  }

  /** The head, ready to compose. */
  public FusionHead head() {
    return FusionHead.of(architecture, parameters);
  }

  /** The files of the bundle, name to bytes. */
  public Map<String, byte[]> files() {
    byte[] parameterFile = VectorFile.write(parameters);
    ObjectNode node = JSON.createObjectNode();
    node.put("format", FORMAT);
    node.put("kind", name(architecture.kind()));
    node.put("dimension", architecture.dimension());
    if (architecture instanceof HeadArchitecture.Weighted weighted) {
      node.put("text-weight", weighted.textWeight()).put("mix", name(weighted.mix()));
    }
    if (architecture instanceof HeadArchitecture.Gated gated) {
      node.put("gate", name(gated.gate()));
    }
    if (architecture instanceof HeadArchitecture.Combiner combiner) {
      node.put("projection", combiner.projection()).put("hidden", combiner.hidden());
      node.put("dropout", combiner.dropout());
    }
    if (architecture instanceof HeadArchitecture.Attention attention) {
      node.put("heads", attention.heads());
    }
    if (architecture instanceof HeadArchitecture.Tirg tirg) {
      node.put("hidden", tirg.hidden());
    }
    node.put("logit-scale", logitScale);
    node.put("encoder", encoder);
    node.put("parameters", parameters.length);
    node.put("parameters-sha256", DigestUtils.sha256Hex(parameterFile));
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(DESCRIPTION, Checkpoint.write(JSON, node));
    files.put(PARAMETERS, parameterFile);
    return files;
  }

  /** Reads what {@link #files} gave. */
  public static HeadBundle of(Map<String, byte[]> files) {
    require(files.containsKey(DESCRIPTION), DESCRIPTION + " is missing");
    require(files.containsKey(PARAMETERS), PARAMETERS + " is missing");
    JsonNode node;
    try {
      node = JSON.readTree(files.get(DESCRIPTION));
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot load the head: %s is not JSON (%s). Restore it, or train again.",
          DESCRIPTION,
          e.getMessage());
    }
    int format = node.path("format").asInt();
    require(
        format == FORMAT, "it has format " + format + " and this version of Weft reads " + FORMAT);
    byte[] parameterFile = files.get(PARAMETERS);
    String sha256 = DigestUtils.sha256Hex(parameterFile);
    String expected = text(node, "parameters-sha256");
    require(
        sha256.equals(expected),
        "the SHA-256 of "
            + PARAMETERS
            + " is "
            + sha256
            + ", but "
            + DESCRIPTION
            + " says "
            + expected);
    HeadArchitecture architecture = architecture(node);
    float[] parameters = VectorFile.read(PARAMETERS, parameterFile);
    require(
        parameters.length == architecture.parameterCount(),
        PARAMETERS
            + " has "
            + parameters.length
            + " numbers, but a "
            + text(node, "kind")
            + " head of these sizes has "
            + architecture.parameterCount());
    return new HeadBundle(
        architecture, text(node, "encoder"), number(node, "logit-scale"), parameters);
  }

  private static HeadArchitecture architecture(JsonNode node) {
    int dimension = (int) number(node, "dimension");
    return switch (constant(HeadKind.class, node, "kind")) {
      case SUM -> new HeadArchitecture.Sum(dimension);
      case WEIGHTED ->
          new HeadArchitecture.Weighted(
              dimension,
              number(node, "text-weight"),
              constant(HeadArchitecture.Mix.class, node, "mix"));
      case GATED ->
          new HeadArchitecture.Gated(
              dimension, constant(HeadArchitecture.Gate.class, node, "gate"));
      case COMBINER ->
          new HeadArchitecture.Combiner(
              dimension,
              (int) number(node, "projection"),
              (int) number(node, "hidden"),
              number(node, "dropout"));
      case ATTENTION -> new HeadArchitecture.Attention(dimension, (int) number(node, "heads"));
      case TIRG -> new HeadArchitecture.Tirg(dimension, (int) number(node, "hidden"));
    };
  }

  private static <E extends Enum<E>> E constant(Class<E> type, JsonNode node, String field) {
    String value = text(node, field);
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> name(constant).equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                refusal(
                    "its "
                        + field
                        + " is '"
                        + value
                        + "', which this version of Weft does not know"));
  }

  private static double number(JsonNode node, String field) {
    require(node.path(field).isNumber(), DESCRIPTION + " has no number '" + field + "'");
    return node.get(field).asDouble();
  }

  private static String text(JsonNode node, String field) {
    require(node.path(field).isTextual(), DESCRIPTION + " has no text '" + field + "'");
    return node.get(field).asText();
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw refusal(problem);
    }
  }

  private static WeftException refusal(String problem) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot load the head: %s. Use the version of Weft and the files that train wrote, or train"
            + " again.",
        problem);
  }
}
