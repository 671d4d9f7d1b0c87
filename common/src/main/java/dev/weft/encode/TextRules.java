package dev.weft.encode;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * How long the texts of a model are.
 *
 * @param limit most tokens of a text, those at its ends included (77 for CLIP, 64 for SigLIP)
 * @param fill whether every text is filled up to the limit
 * @param padId the token it is filled with
 */
record TextRules(int limit, boolean fill, long padId) {
  /** Where a tokenizer has no limit, its configuration says 10 to the 30th. */
  private static final int NO_LIMIT = 1 << 20;

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Reads the rules of a model.
   *
   * <p>The limit is the lowest that any of its files states. Texts are filled up where the graph
   * takes one length only, where {@code tokenizer.json} says so, and for SigLIP, which was trained
   * so, sees the padding, and has it nowhere in its files.
   *
   * @param place of the model, for messages
   * @param files content of {@code tokenizer.json}, {@code tokenizer_config.json} and {@code
   *     config.json}, by name, so far as there are such files
   * @param length the one length that the graph takes, if it is fixed
   */
  static TextRules of(String place, Map<String, byte[]> files, OptionalInt length) {
    try {
      JsonNode config = tree(files, "config.json");
      JsonNode tokenizerConfig = tree(files, "tokenizer_config.json");
      Map<String, JsonNode> tokenizer = parts(files.get("tokenizer.json"));
      JsonNode text = config.has("text_config") ? config.path("text_config") : config;
      int limit =
          IntStream.of(
                  length.orElse(0),
                  number(tokenizerConfig.path("model_max_length")),
                  number(text.path("max_position_embeddings")),
                  number(part(tokenizer, "truncation").path("max_length")))
              .filter(tokens -> tokens > 0 && tokens < NO_LIMIT)
              .min()
              .orElseThrow(() -> unlimited(place));
      JsonNode padding = part(tokenizer, "padding");
      boolean fill =
          length.isPresent()
              || padding.path("strategy").has("Fixed")
              || config.path("model_type").asText("").startsWith("siglip");
      return new TextRules(limit, fill, padId(tokenizer, tokenizerConfig, padding, text));
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: one of its files tokenizer.json, tokenizer_config.json and"
              + " config.json is no JSON (%s). Copy them again from where the model was published.",
          place,
          e.getMessage());
    }
  }

  private static int number(JsonNode value) {
    return value.isNumber() && value.asDouble() < NO_LIMIT ? value.asInt() : 0;
  }

  /** By the name of the token, as transformers finds it; else by what the files say of its id. */
  private static long padId(
      Map<String, JsonNode> tokenizer, JsonNode tokenizerConfig, JsonNode padding, JsonNode text) {
    JsonNode named = tokenizerConfig.path("pad_token");
    String token = named.isObject() ? named.path("content").asText("") : named.asText("");
    for (JsonNode added : part(tokenizer, "added_tokens")) {
      if (!token.isEmpty() && token.equals(added.path("content").asText())) {
        return added.path("id").asLong();
      }
    }
    return padding.path("pad_id").asLong(text.path("pad_token_id").asLong(0));
  }

  private static JsonNode tree(Map<String, byte[]> files, String name) throws IOException {
    return files.containsKey(name) ? JSON.readTree(files.get(name)) : JSON.createObjectNode();
  }

  private static JsonNode part(Map<String, JsonNode> parts, String name) {
    return parts.getOrDefault(name, JSON.missingNode());
  }

  /** The parts of a tokenizer beside its vocabulary, which may have tens of megabytes. */
  private static Map<String, JsonNode> parts(byte[] json) throws IOException {
    Map<String, JsonNode> parts = new HashMap<>();
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("tokenizer.json holds no object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("model")) {
          parser.skipChildren();
        } else {
          parts.put(name, parser.readValueAsTree());
        }
      }
    }
    return parts;
  }

  private static WeftException unlimited(String place) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot use the model in %s: no file says how many tokens a text may have. Put"
            + " {\"model_max_length\": 77}, with the number of the model, into its"
            + " tokenizer_config.json.",
        place);
  }
}
