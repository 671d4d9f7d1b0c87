package dev.weft.ingest;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * One JSON file of annotations, read entry by entry, so that a bad entry costs only itself. A byte
 * order mark and either kind of line end are simply read.
 */
final class AnnotationFile {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Entries of an array are followed by their neighbours, which is no error. */
  private static final ObjectMapper ENTRY_MAPPER = new ObjectMapper();

  private final String uri;
  private final String text;

  private AnnotationFile(String uri, String text) {
    this.uri = uri;
    this.text = text;
  }

  /** Reads a whole file: annotations have megabytes, images are elsewhere. */
  static AnnotationFile open(Configuration hadoop, Path path) {
    try {
      FileSystem files = path.getFileSystem(hadoop);
      Path whole = files.makeQualified(path);
      try (FSDataInputStream in = files.open(whole)) {
        return new AnnotationFile(whole.toString(), decode(in.readAllBytes()));
      }
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read annotations: there is no file %s. Set ingest.datasets (or --annotations) to"
              + " where it is, or another layout.",
          path);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read annotations from %s: %s. Check that this machine can reach them, and run the"
              + " same command again.",
          path,
          e.getMessage());
    }
  }

  String uri() {
    return uri;
  }

  /** The entries of a file that is one array. */
  void array(Consumer<Entry> each) {
    parse(
        "a list",
        parser -> {
          expect(parser, parser.nextToken(), JsonToken.START_ARRAY, "a list");
          elements(parser, each);
        });
  }

  /** The entries of the array under a key of a file that is one object. */
  void arrayUnder(String key, Consumer<Entry> each) {
    String must = "an object with the list \"" + key + "\"";
    parse(
        must,
        parser -> {
          expect(parser, parser.nextToken(), JsonToken.START_OBJECT, must);
          boolean found = false;
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals(key)) {
              expect(parser, value, JsonToken.START_ARRAY, must);
              elements(parser, each);
              found = true;
            } else {
              parser.skipChildren();
            }
          }
          if (!found) {
            throw unreadable("it must be " + must + ", found no such key");
          }
        });
  }

  /** The fields of a file that is one object. */
  void object(Consumer<Entry> each) {
    parse(
        "an object",
        parser -> {
          expect(parser, parser.nextToken(), JsonToken.START_OBJECT, "an object");
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            String place = "key " + Entry.shown(name) + ", line " + line(parser);
            each.accept(new Entry(uri, place, name, ENTRY_MAPPER.readTree(parser)));
          }
        });
  }

  /**
   * The lines of a file of one JSON value a line; blank lines are skipped.
   *
   * @param broken takes the place of a line that is no JSON, and why
   */
  void lines(Consumer<Entry> each, BiConsumer<String, BadEntryException> broken) {
    int number = 0;
    int good = 0;
    int bad = 0;
    for (String line : (Iterable<String>) text.lines()::iterator) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String place = "line " + number;
      JsonNode json;
      try {
        json = MAPPER.readTree(line);
      } catch (JsonProcessingException e) {
        bad++;
        broken.accept(
            place,
            new BadEntryException(
                Reason.NOT_JSON, "the line is no JSON: " + Entry.shown(e.getOriginalMessage())));
        continue;
      }
      good++;
      each.accept(new Entry(uri, place, Integer.toString(number), json));
    }
    if (good == 0 && bad > 0) {
      throw unreadable("none of its " + bad + " lines is JSON");
    }
  }

  private void elements(JsonParser parser, Consumer<Entry> each) throws IOException {
    for (int number = 0; parser.nextToken() != JsonToken.END_ARRAY; number++) {
      if (parser.currentToken() == null) {
        throw unreadable("it ends in the middle of a list, after entry " + (number - 1));
      }
      String place = "entry " + number + ", line " + line(parser);
      JsonNode json = ENTRY_MAPPER.readTree(parser);
      each.accept(new Entry(uri, place, Integer.toString(number), json));
    }
  }

  private interface Parsing {
    void run(JsonParser parser) throws IOException;
  }

  private void parse(String must, Parsing parsing) {
    if (text.isBlank()) {
      throw unreadable("it must be " + must + ", found an empty file");
    }
    try (JsonParser parser = ENTRY_MAPPER.createParser(text)) {
      parsing.run(parser);
      if (parser.nextToken() != null) {
        throw unreadable("there is more after its end, at line " + line(parser));
      }
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : " at line " + e.getLocation().getLineNr();
      throw unreadable("it is no JSON" + line + ": " + Entry.shown(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory was not readable", e);
    }
  }

  private void expect(JsonParser parser, JsonToken found, JsonToken wanted, String must) {
    if (found != wanted) {
      throw unreadable("it must be " + must + ", found " + found + " at line " + line(parser));
    }
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  private WeftException unreadable(String why) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot read annotations from %s: %s. Get the file again, or set ingest.datasets to another"
            + " layout.",
        uri,
        why);
  }

  /**
   * Decodes UTF-8 and turns each byte that is none into half a surrogate pair, which valid text
   * cannot hold: the entry with it is then found and left out, and the rest of the file read.
   */
  private static String decode(byte[] bytes) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (result.isUnderflow()) {
        break;
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (Character.MIN_LOW_SURROGATE | (in.get() & 0xFF)));
      }
      decoder.reset();
    }
    String text = out.flip().toString();
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }
}
