package dev.weft.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Many queries as JSON lines: one object per line, UTF-8, empty lines allowed.
 *
 * <pre>
 *   {"id": "q1", "image": "photos/coat.jpg", "text": "in red"}
 *   {"image_id": "000123", "text": "with long sleeves"}
 *   {"text": "a striped shirt"}
 * </pre>
 *
 * <p>{@code id} is text or a whole number and may be left out: then it is the zero-based position
 * among the queries of the file. {@code image} (a file) and {@code image_id} (an indexed image)
 * exclude each other.
 */
public final class QueryFile {
  private static final ObjectReader JSON =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final List<String> KEYS = List.of("id", "image", "image_id", "text");
  private static final int SHOWN = 10;

  private final List<Query> queries = new ArrayList<>();
  private final Map<String, Integer> lineOfId = new HashMap<>();
  private final List<String> problems = new ArrayList<>();

  private QueryFile() {}

  /**
   * Reads all queries, or refuses the file with every bad line named, the first ten in full.
   *
   * @param stream the file, left open
   * @param place its name, for messages
   * @return at least one query, ids distinct
   */
  public static List<Query> read(InputStream stream, String place) throws IOException {
    QueryFile file = new QueryFile();
    // by bytes, so that one bad character spoils one line only
    byte[] bytes = stream.readAllBytes();
    int start = 0;
    int number = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '\n') {
        file.parse(ByteBuffer.wrap(bytes, start, i - start), ++number);
        start = i + 1;
      }
    }
    if (!file.problems.isEmpty()) {
      int more = file.problems.size() - SHOWN;
      throw new WeftException(
          ExitCode.BAD_ROWS,
          "Cannot search for the queries of %s: %d of its lines %s wrong.%n%s%s%nEach line is one"
              + " object with the keys id, image or image_id, and text.",
          place,
          file.problems.size(),
          file.problems.size() == 1 ? "is" : "are",
          file.problems.stream()
              .limit(SHOWN)
              .map(problem -> "  - " + problem)
              .collect(Collectors.joining(System.lineSeparator())),
          more > 0 ? System.lineSeparator() + "  - and " + more + " more" : "");
    }
    if (file.queries.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search for the queries of %s: it has none. Write one JSON object per line, such"
              + " as {\"text\": \"a red dress\"}.",
          place);
    }
    return List.copyOf(file.queries);
  }

  private void parse(ByteBuffer line, int number) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(line).toString();
      if (number == 1 && text.startsWith("\uFEFF")) {
        text = text.substring(1); // the byte order mark some editors write
      }
      if (!text.isBlank()) {
        add(query(JSON.readTree(text)), number);
      }
    } catch (CharacterCodingException e) {
      problems.add("line " + number + ": it is not valid UTF-8");
    } catch (JsonProcessingException e) {
      problems.add("line " + number + ": it is not valid JSON: " + e.getOriginalMessage());
    } catch (IllegalArgumentException e) {
      problems.add("line " + number + ": " + e.getMessage());
    }
  }

  private Query query(JsonNode object) {
    if (!object.isObject()) {
      throw new IllegalArgumentException("it is not a JSON object");
    }
    object
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!KEYS.contains(key)) {
                throw new IllegalArgumentException(
                    "'" + key + "' is not a known key; there are " + String.join(", ", KEYS));
              }
            });
    return new Query(
        id(object).orElse(String.valueOf(queries.size())),
        text(object, "image"),
        text(object, "image_id"),
        text(object, "text"));
  }

  private static Optional<String> id(JsonNode object) {
    JsonNode id = object.path("id");
    return id.isIntegralNumber() ? Optional.of(id.asText()) : text(object, "id");
  }

  private static Optional<String> text(JsonNode object, String key) {
    JsonNode value = object.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual() || value.asText().isBlank()) {
      throw new IllegalArgumentException(
          "'" + key + "' must be a text that is not blank, found " + value);
    }
    return Optional.of(value.asText());
  }

  private void add(Query query, int number) {
    Integer earlier = lineOfId.putIfAbsent(query.id(), number);
    if (earlier != null) {
      throw new IllegalArgumentException(
          "the id '" + query.id() + "' is that of line " + earlier + " already");
    }
    queries.add(query);
  }
}
