package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.encode.CaptionForm;
import dev.weft.evaluate.Protocol.Counts;
import dev.weft.ingest.Layout;
import dev.weft.ingest.Triplet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtocolTest {
  private static final Path FASHIONIQ = Path.of("../../shared/data/fashioniq");

  private static Triplet triplet(String id, String reference, String target) {
    return new Triplet(
        "fashioniq",
        "dress",
        "val",
        id,
        reference,
        List.of(target),
        List.of("is red"),
        Optional.empty(),
        List.of(),
        List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "fashioniq, FASHIONIQ, val, ORIGINAL, fashioniq/original, false",
    "fashioniq, FASHIONIQ, val, ORIGINAL_NOREF, fashioniq/original-noref, true",
    "wardrobe, FASHIONIQ, val, VAL_UNION, wardrobe/val-union, true",
    "fashioniq, FASHIONIQ, train, ORIGINAL, fashioniq/train-original, false",
    "fashioniq, FASHIONIQ, train, VAL_UNION, fashioniq/train-union, true",
    "circo, CIRCO, val, ORIGINAL, circo/val, false",
    "circo, CIRCO, val, ORIGINAL_NOREF, circo/val-noref, true",
    "circo, CIRCO, val, VAL_UNION, circo/val-noref, true",
    "cirr, CIRR, val, ORIGINAL, cirr/val, true",
    "mine, CIRR, dev, VAL_UNION, mine/dev, true"
  })
  void theNameSaysWhatCompetes(
      String dataset,
      Family family,
      String split,
      CandidateRule cohort,
      String name,
      boolean removed) {
    Protocol protocol = new Protocol(dataset, family, split, cohort);

    assertThat(protocol.name()).isEqualTo(name);
    assertThat(protocol).hasToString(name);
    assertThat(protocol.referenceRemoved()).isEqualTo(removed);
  }

  @ParameterizedTest
  @CsvSource({
    "fashioniq/original, FIRST_AND_SECOND",
    "fashioniq/val-union+both-orders-averaged, FIRST_AND_SECOND SECOND_AND_FIRST",
    "fashioniq/original-noref+comma-and, COMMA_AND",
    "shop/original+first+second, FIRST SECOND",
    "circo/val, FIRST_AND_SECOND",
  })
  void theNameSaysHowCaptionsAreJoined(String name, String forms) {
    Protocol protocol = Protocol.named(name, Map.of("shop", Family.FASHIONIQ));

    assertThat(protocol.name()).isEqualTo(name);
    assertThat(protocol.captions())
        .containsExactlyElementsOf(
            Stream.of(forms.split(" ", -1)).map(CaptionForm::valueOf).toList());
    if (name.startsWith("fashioniq/")) {
      assertThat(protocol.published().get("dress").queries()).isEqualTo(2017);
    }
  }

  @Test
  void aJoinerThatIsNoneIsRefused() {
    assertThatThrownBy(() -> Protocol.named("fashioniq/original+semicolon", Map.of()))
        .hasMessageContaining("Cannot find the protocol 'fashioniq/original+semicolon'")
        .hasMessageContaining("+both-orders-averaged or +comma-and");
    assertThatThrownBy(() -> Protocol.named("circo/val+comma-and", Map.of()))
        .hasMessageContaining("Cannot find the protocol 'circo/val+comma-and'");
  }

  @Test
  void theUnionHoldsReferencesAndTargetsAsFirstSeen() {
    Protocol protocol = new Protocol("fashioniq", Family.FASHIONIQ, "val", CandidateRule.VAL_UNION);

    assertThat(
            protocol.gallery(
                List.of("x", "a", "b", "c"),
                List.of(triplet("0", "b", "a"), triplet("1", "a", "c"), triplet("2", "b", "c"))))
        .containsExactly("b", "a", "c");
  }

  @Test
  void theOriginalGalleryIsThePublishedListWithoutRepeats() {
    Protocol protocol = new Protocol("fashioniq", Family.FASHIONIQ, "val", CandidateRule.ORIGINAL);

    assertThat(protocol.gallery(List.of("x", "a"), List.of(triplet("0", "b", "a"))))
        .containsExactly("x", "a");
    assertThatThrownBy(() -> protocol.gallery(List.of("x", "a", "x"), List.of()))
        .hasMessage(
            "Cannot evaluate fashioniq/original: the gallery lists the image x twice, which would"
                + " count it as two candidates. Remove one of the two lines.");
  }

  @Test
  void layoutsHaveFamilies() {
    assertThat(Family.of(Layout.JSONL)).isEqualTo(Family.FASHIONIQ);
    assertThat(Family.of(Layout.CIRCO)).isEqualTo(Family.CIRCO);
    assertThat(Family.CIRCO.cutoffs(List.of(1))).containsExactly(5, 10, 25, 50);
    assertThat(Family.FASHIONIQ.cutoffs(List.of(1, 7))).containsExactly(1, 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dress", "shirt", "toptee"})
  void thePublishedFilesHaveThePublishedCounts(String category) throws IOException {
    assumeTrue(Files.isDirectory(FASHIONIQ), "the FashionIQ annotations are not here");
    ObjectMapper mapper = new ObjectMapper();
    List<String> listed = new ArrayList<>();
    mapper
        .readTree(FASHIONIQ.resolve("image_splits/split." + category + ".val.json").toFile())
        .forEach(image -> listed.add(image.asText()));
    List<Triplet> triplets = new ArrayList<>();
    for (JsonNode entry :
        mapper.readTree(FASHIONIQ.resolve("captions/cap." + category + ".val.json").toFile())) {
      triplets.add(
          triplet(
              String.valueOf(triplets.size()),
              entry.get("candidate").asText(),
              entry.get("target").asText()));
    }

    for (CandidateRule cohort : CandidateRule.values()) {
      Protocol protocol = new Protocol("fashioniq", Family.FASHIONIQ, "val", cohort);
      assertThat(new Counts(triplets.size(), protocol.gallery(listed, triplets).size()))
          .isEqualTo(protocol.published().get(category));
    }
  }
}
