package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FashionIqReaderTest {
  private static final String CAPTIONS = "captions/cap.dress.val.json";
  private static final String GOOD =
      "{\"candidate\": \"a\", \"target\": \"b\", \"captions\": [\"is red\", \"has sleeves\"]}";

  @TempDir Path temp;
  private DataFolder data;

  @BeforeEach
  void writeSplit() {
    data = new DataFolder(temp);
    data.write("image_splits/split.dress.val.json", "[\"a\", \"b\", \"c\"]");
  }

  private Annotations read(String... entries) {
    return data.write(CAPTIONS, "[" + String.join(",\n", entries) + "]").read(Layout.FASHIONIQ);
  }

  @Test
  void readsTripletsWithTheirPositionAsId() {
    Annotations annotations =
        read("{\"candidate\": \"c\", \"target\": \"a\", \"captions\": [\"is blue\"]}", GOOD);

    assertThat(annotations.triplets()).extracting(Triplet::id).containsExactly("0", "1");
    Triplet triplet = annotations.triplets().get(1);
    assertThat(triplet.dataset()).isEqualTo("tiny");
    assertThat(triplet.category()).isEqualTo("dress");
    assertThat(triplet.split()).isEqualTo("val");
    assertThat(triplet.reference()).isEqualTo("a");
    assertThat(triplet.target()).contains("b");
    assertThat(triplet.captions()).containsExactly("is red", "has sleeves");
    assertThat(annotations.quarantined()).isEmpty();
    assertThat(annotations.notes()).isEmpty();
  }

  @Test
  void keepsTheGalleryInPublishedOrder() {
    data.write("image_splits/split.dress.val.json", "[\"c\", \"a\", \"b\"]");

    assertThat(read(GOOD).galleries())
        .containsExactly(
            new GalleryImage("tiny", "dress", "val", 0, "c"),
            new GalleryImage("tiny", "dress", "val", 1, "a"),
            new GalleryImage("tiny", "dress", "val", 2, "b"));
  }

  @Test
  void readsTheTestSplitWithoutTargetsAndKeepsItsEqualEntries() {
    String entry = "{\"candidate\": \"a\", \"captions\": [\"is red\"]}";
    data.write("image_splits/split.dress.test.json", "[\"a\"]")
        .write("captions/cap.dress.test.json", "[" + entry + "," + entry + "]");

    List<Triplet> triplets = read(GOOD).triplets();

    assertThat(triplets).extracting(Triplet::split).containsExactly("test", "test", "val");
    assertThat(triplets.get(0).target()).isEmpty();
  }

  @ParameterizedTest(name = "{1}: {0}")
  @CsvSource(
      quoteCharacter = '\'',
      delimiter = '|',
      value = {
        "{'target':'b','captions':['x']} | missing-key | candidate is missing",
        "{'candidate':'a','captions':['x']} | missing-key | target is missing",
        "{'candidate':'a','target':'b'} | missing-key | captions is missing",
        "{'candidate':null,'target':'b','captions':['x']} | missing-key | candidate is missing",
        "{'candidate':7,'target':'b','captions':['x']} | wrong-type"
            + " | candidate must be text, found 7",
        "{'candidate':'a','target':['b'],'captions':['x']} | wrong-type"
            + " | target must be text, found ['b']",
        "{'candidate':'a','target':'b','captions':'x'} | wrong-type"
            + " | captions must be a list, found 'x'",
        "{'candidate':'a','target':'b','captions':[['x']]} | wrong-type"
            + " | captions must be text, found ['x']",
        "{'candidate':'a','target':'b','captions':[{'x':1}]} | wrong-type"
            + " | captions must be text, found {'x':1}",
        "['a','b'] | wrong-type | the entry must be an object, found ['a','b']",
        "null | wrong-type | the entry must be an object, found null",
        "17 | wrong-type | the entry must be an object, found 17",
        "{'candidate':'a','target':'b','captions':[]} | empty-caption | captions is an empty list",
        "{'candidate':'a','target':'b','captions':['',' \\t']} | empty-caption"
            + " | captions is blank",
        "{'candidate':'zz','target':'b','captions':['x']} | unknown-id"
            + " | reference zz is no image of split val",
        "{'candidate':'a','target':'zz','captions':['x']} | target-not-in-split"
            + " | target zz is no candidate of split val",
        "{'candidate':'a','target':'a','captions':['x']} | reference-is-target"
            + " | reference a is one of the targets",
        "{'candidate':'../a','target':'b','captions':['x']} | unsafe-id"
            + " | candidate '../a' has a slash",
        "{'candidate':'..','target':'b','captions':['x']} | unsafe-id"
            + " | candidate '..' climbs folders",
        "{'candidate':'a\\\\b','target':'b','captions':['x']} | unsafe-id"
            + " | candidate 'a\\b' has a backslash or a colon",
        "{'candidate':'s3:a','target':'b','captions':['x']} | unsafe-id"
            + " | candidate 's3:a' has a backslash or a colon",
        "{'candidate':'a\\u0000','target':'b','captions':['x']} | unsafe-id"
            + " | candidate 'a?' has a control character",
        "{'candidate':'','target':'b','captions':['x']} | unsafe-id"
            + " | candidate '' has an empty part",
        "{'candidate':'a','target':'b','captions':['half \\ud83d']} | invalid-utf8"
            + " | captions has no valid character at position 5",
      })
  void quarantinesABadEntryAndKeepsItsNeighbours(String entry, String reason, String detail) {
    String bad = entry.replace('\'', '"');
    String other = "{\"candidate\": \"b\", \"target\": \"c\", \"captions\": [\"is long\"]}";

    Annotations annotations = read(GOOD, bad, other);

    assertThat(annotations.triplets()).extracting(Triplet::id).containsExactly("0", "2");
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            reason
                + " "
                + CAPTIONS
                + ", entry 1, line 2: "
                + (reason.equals("unsafe-id") ? detail : detail.replace('\'', '"')));
  }

  @Test
  void quarantinesACaptionOfAMegabyte() {
    String entry = GOOD.replace("is red", "x".repeat(1_000_000));

    assertThat(data.shown(read(entry).quarantined()))
        .containsExactly(
            "too-long-caption "
                + CAPTIONS
                + ", entry 0, line 1: captions has 1000000 characters, at most 10000");
  }

  @Test
  void quarantinesTheSecondOfTwoEqualTriplets() {
    assertThat(data.shown(read(GOOD, GOOD).quarantined()))
        .containsExactly(
            "duplicate "
                + CAPTIONS
                + ", entry 1, line 2: reference a, target b and captions are those of an earlier"
                + " row");
  }

  @Test
  void quarantinesTheTrainingTripletOfTwoEqualOnes() {
    data.write("image_splits/split.dress.train.json", "[\"a\", \"b\"]")
        .write("captions/cap.dress.train.json", "[" + GOOD + "]");

    Annotations annotations = read(GOOD);

    assertThat(annotations.triplets()).extracting(Triplet::split).containsExactly("val");
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "leakage captions/cap.dress.train.json, entry 0, line 1: the row of split train is also"
                + " in split val");
  }

  @Test
  void quarantinesAnImageListedTwice() {
    data.write("image_splits/split.dress.val.json", "[\"a\", \"b\",", "\"a\", 7]");

    Annotations annotations = read(GOOD);

    assertThat(annotations.galleries())
        .extracting(GalleryImage::image, GalleryImage::position)
        .containsExactly(tuple("a", 0), tuple("b", 1));
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "duplicate image_splits/split.dress.val.json, entry 2, line 2: image a is listed a"
                + " second time in split val",
            "wrong-type image_splits/split.dress.val.json, entry 3, line 2: the entry must be text,"
                + " found 7");
  }

  @Test
  void keepsATripletWithOneBlankCaptionAndNotesIt() {
    Annotations annotations = read(GOOD.replace("is red", ""));

    assertThat(annotations.triplets().get(0).captions()).containsExactly("", "has sleeves");
    assertThat(annotations.quarantined()).isEmpty();
    assertThat(data.shown(annotations.notes()))
        .containsExactly(
            "empty-caption "
                + CAPTIONS
                + ", entry 0, line 1: 1 of 2 captions is blank; the row is kept");
  }

  @Test
  void quarantinesOnlyTheEntryWithBytesThatAreNotUtf8() {
    byte[] bytes =
        ("[" + GOOD + ",\n" + GOOD.replace("is red", "caf\u00e9") + "]")
            .getBytes(StandardCharsets.ISO_8859_1);
    data.write(CAPTIONS, bytes);

    Annotations annotations = data.read(Layout.FASHIONIQ);

    assertThat(annotations.triplets()).hasSize(1);
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "invalid-utf8 "
                + CAPTIONS
                + ", entry 1, line 2: captions has no valid character at position 3");
  }

  @Test
  void readsAByteOrderMarkWindowsLineEndsAndEmoji() {
    data.write(
        CAPTIONS,
        ("\uFEFF[\r\n" + GOOD.replace("is red", "is \uD83D\uDE00") + "\r\n]\r\n")
            .getBytes(StandardCharsets.UTF_8));

    Annotations annotations = data.read(Layout.FASHIONIQ);

    assertThat(annotations.quarantined()).isEmpty();
    assertThat(annotations.triplets().get(0).captions().get(0)).isEqualTo("is \uD83D\uDE00");
  }

  @Test
  void sharedImagesOfTwoCategoriesAreTwoImages() {
    data.write("image_splits/split.shirt.val.json", "[\"a\", \"b\"]")
        .write("captions/cap.shirt.val.json", "[" + GOOD + "]");

    Annotations annotations = read(GOOD);

    assertThat(annotations.quarantined()).isEmpty();
    assertThat(annotations.images())
        .contains(
            new ImageFile(new ImageKey("tiny", "dress", "a"), "a"),
            new ImageFile(new ImageKey("tiny", "shirt", "a"), "a"))
        .hasSize(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "'' | it must be a list, found an empty file",
        "<html>no</html> | it is no JSON at line 1: Unexpected character ('<'",
        "{\"a\": 1} | it must be a list, found START_OBJECT at line 1",
        "[{\"candidate\": \"a\"} | it is no JSON at line 1: Unexpected end-of-input",
        "[{\"candidate\": \"a | it is no JSON at line 1: Unexpected end-of-input",
        "[] [] | there is more after its end, at line 1",
      })
  void stopsAtAFileThatCannotBeReadAsAWhole(String text, String why) {
    data.write(CAPTIONS, text);

    assertThatThrownBy(() -> data.read(Layout.FASHIONIQ))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageStartingWith("Cannot read annotations from file:" + temp + "/" + CAPTIONS + ": ")
        .hasMessageContaining(why)
        .hasMessageEndingWith("Get the file again, or set ingest.datasets to another layout.");
  }

  @Test
  void stopsWithoutASplitFile() {
    data.write("captions/cap.shirt.val.json", "[]");

    assertThatThrownBy(() -> data.read(Layout.FASHIONIQ))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessage(
            "Cannot read annotations: there is no file %s/image_splits/split.shirt.val.json. Set"
                + " ingest.datasets (or --annotations) to where it is, or another layout.",
            temp);
  }

  @Test
  void stopsWithoutAnyCaptions() {
    data.write("captions/readme.txt", "nothing");

    assertThatThrownBy(() -> data.read(Layout.FASHIONIQ))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("has no file captions/cap.<category>.<split>.json");
  }

  @Test
  void stopsWithoutAFolder() {
    DataSource nowhere = new DataSource("tiny", Layout.FASHIONIQ, temp + "/nowhere", "", "");

    assertThatThrownBy(() -> DataFolder.read(nowhere))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("there is no file or folder " + temp + "/nowhere/captions");
  }
}
