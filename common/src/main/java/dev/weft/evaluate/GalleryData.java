package dev.weft.evaluate;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import dev.weft.evaluate.Report.Picture;
import dev.weft.ingest.ImageKey;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The queries that the gallery of a page shows, in the compact form that its script reads: {@code
 * sets} of {@code {protocol, heads, best, other, queries}}, and {@code pictures} as {@code [name,
 * description, source]}, which queries name by their place. A query has {@code c}ategory, {@code
 * i}d, {@code r}eference, {@code t}ext, {@code g}round truths, {@code a}spects, {@code n}umber of
 * candidates, and for each {@code h}ead {@code [rank of the target or 0, average precision or null,
 * answers, scores in thousandths]}.
 */
final class GalleryData {
  private final List<Picture> pictures = new ArrayList<>();
  private final Map<ImageKey, Integer> places = new LinkedHashMap<>();
  private final Map<ImageKey, Picture> known;

  private GalleryData(Map<ImageKey, Picture> known) {
    this.known = known;
  }

  /** The data as JSON that is safe inside a script element. */
  static String json(Report.Gallery gallery) {
    StringWriter text = new StringWriter();
    GalleryData data = new GalleryData(gallery.pictures());
    try (JsonGenerator json = new JsonMapper().getFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeArrayFieldStart("sets");
      for (Report.QuerySet set : gallery.sets()) {
        data.write(json, set);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("pictures");
      for (Picture picture : data.pictures) {
        json.writeStartArray();
        json.writeString(picture.name());
        json.writeString(picture.description().equals(picture.name()) ? "" : picture.description());
        json.writeString(picture.source().orElse(""));
        json.writeEndArray();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory can be written", e);
    }
    return text.toString().replace("<", "\\u003c");
  }

  private void write(JsonGenerator json, Report.QuerySet set) throws IOException {
    Outcomes outcomes = set.outcomes();
    List<String> heads = List.copyOf(outcomes.heads().keySet());
    json.writeStartObject();
    json.writeStringField("protocol", outcomes.protocol());
    json.writeFieldName("heads");
    json.writeStartArray();
    for (String head : heads) {
      json.writeString(head);
    }
    json.writeEndArray();
    json.writeNumberField("best", heads.indexOf(set.best()));
    json.writeNumberField("other", heads.indexOf(set.other()));
    json.writeArrayFieldStart("queries");
    for (int place : set.shown()) {
      Query query = outcomes.queries().get(place);
      json.writeStartObject();
      json.writeStringField("c", query.category());
      json.writeStringField("i", query.id());
      json.writeNumberField("r", picture(outcomes, query, query.reference()));
      json.writeStringField("t", query.text());
      images(json, "g", outcomes, query, query.groundTruths());
      json.writeArrayFieldStart("a");
      for (String aspect : query.aspects()) {
        json.writeString(aspect);
      }
      json.writeEndArray();
      json.writeNumberField("n", query.candidates());
      json.writeArrayFieldStart("h");
      for (String head : heads) {
        write(json, outcomes, query, outcomes.heads().get(head).get(place));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void write(JsonGenerator json, Outcomes outcomes, Query query, Outcome outcome)
      throws IOException {
    json.writeStartArray();
    json.writeNumber(outcome.targetRank());
    if (outcome.averagePrecisions().isEmpty()) {
      json.writeNull();
    } else {
      json.writeNumber(Math.round(outcome.merit() * 10_000) / 10_000.0);
    }
    json.writeStartArray();
    for (String image : outcome.answers()) {
      json.writeNumber(picture(outcomes, query, image));
    }
    json.writeEndArray();
    json.writeStartArray();
    for (float score : outcome.scores()) {
      json.writeNumber(Math.round(score * 1000));
    }
    json.writeEndArray();
    json.writeEndArray();
  }

  private void images(
      JsonGenerator json, String field, Outcomes outcomes, Query query, List<String> ids)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (String id : ids) {
      json.writeNumber(picture(outcomes, query, id));
    }
    json.writeEndArray();
  }

  private int picture(Outcomes outcomes, Query query, String id) {
    ImageKey key = new ImageKey(outcomes.dataset(), query.category(), id);
    return places.computeIfAbsent(
        key,
        missing -> {
          pictures.add(known.getOrDefault(key, Picture.absent(id, id)));
          return pictures.size() - 1;
        });
  }
}
