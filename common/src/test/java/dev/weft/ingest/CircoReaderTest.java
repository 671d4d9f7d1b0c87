package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CircoReaderTest {
  private static final String GOOD =
      "{\"id\": 5, \"reference_img_id\": 11, \"target_img_id\": 22, \"gt_img_ids\": [22, 33],"
          + " \"relative_caption\": \"has two\", \"shared_concept\": \"a cat\","
          + " \"semantic_aspects\": [\"cardinality\"]}";

  @TempDir Path temp;
  private DataFolder data;

  @BeforeEach
  void createFolder() {
    data = new DataFolder(temp);
  }

  private static String imageInfo(String... images) {
    return "{\"info\": {\"images\": []}, \"images\": ["
        + String.join(",\n", images)
        + "], \"licenses\": []}";
  }

  private static String info(int id) {
    return String.format(
        Locale.ROOT, "{\"id\": %d, \"file_name\": \"%012d.jpg\", \"width\": 640}", id, id);
  }

  @Test
  void readsAQueryWithAllItsGroundTruths() {
    Annotations annotations = data.write("val.json", "[" + GOOD + "]").read(Layout.CIRCO);

    Triplet triplet = annotations.triplets().get(0);
    assertThat(triplet.id()).isEqualTo("5");
    assertThat(triplet.category()).isEmpty();
    assertThat(triplet.reference()).isEqualTo("11");
    assertThat(triplet.groundTruths()).containsExactly("22", "33");
    assertThat(triplet.captions()).containsExactly("has two");
    assertThat(triplet.concept()).contains("a cat");
    assertThat(triplet.aspects()).containsExactly("cardinality");
  }

  @Test
  void takesTheGalleryFromTheListOfCoco() {
    Annotations annotations =
        data.write("val.json", "[" + GOOD + "]")
            .write(
                "image_info_unlabeled2017.json", imageInfo(info(33), info(11), info(22), info(44)))
            .read(Layout.CIRCO);

    assertThat(annotations.galleries())
        .extracting(GalleryImage::image)
        .containsExactly("33", "11", "22", "44");
    assertThat(annotations.images().get(0))
        .isEqualTo(new ImageFile(new ImageKey("tiny", "", "33"), "000000000033.jpg"));
  }

  @Test
  void takesTheGalleryFromTheImagesFolderByNumber() {
    data.write("val.json", "[" + GOOD + "]");
    for (String name : new String[] {"000000000033.png", "11.jpg", "000000000022.jpg", "x.jpg"}) {
      data.write("images/" + name, "");
    }

    Annotations annotations = DataFolder.read(data.sourceWithImages("tiny", Layout.CIRCO));

    assertThat(annotations.galleries())
        .extracting(GalleryImage::image)
        .containsExactly("11", "22", "33");
    assertThat(annotations.images())
        .extracting(ImageFile::path)
        .containsExactly("11.jpg", "000000000022.jpg", "000000000033.png");
  }

  @Test
  void anImagesFolderThatIsNotThereIsNoGallery() {
    data.write("val.json", "[" + GOOD + "]");

    Annotations without = DataFolder.read(data.sourceWithImages("tiny", Layout.CIRCO));

    assertThat(without.galleries()).isNotEmpty().isEqualTo(data.read(Layout.CIRCO).galleries());
  }

  @Test
  void takesTheGalleryFromTheQueriesInAnAnnotationOnlyRun() {
    Annotations annotations =
        data.write("val.json", "[" + GOOD + "]")
            .write(
                "test.json",
                "[{\"id\": 0, \"reference_img_id\": 44, \"relative_caption\": \"x\","
                    + " \"shared_concept\": \"y\"}]")
            .read(Layout.CIRCO);

    assertThat(annotations.galleries())
        .filteredOn(image -> image.split().equals("val"))
        .extracting(GalleryImage::image)
        .containsExactly("44", "11", "22", "33");
    assertThat(annotations.images().get(0).path()).isEqualTo("000000000044");
    assertThat(annotations.triplets()).extracting(Triplet::split).containsExactly("test", "val");
    assertThat(annotations.triplets().get(0).groundTruths()).isEmpty();
  }

  @ParameterizedTest(name = "{2}: {0} -> {1}")
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "\"id\": 5 | \"id\": \"five\" | wrong-type"
            + " | id must be a whole number of at least 0, found \"five\"",
        "\"id\": 5 | \"id\": 5.5 | wrong-type"
            + " | id must be a whole number of at least 0, found 5.5",
        "\"target_img_id\": 22, | `` | missing-key | target_img_id is missing",
        "\"target_img_id\": 22, \"gt_img_ids\": [22, 33], | `` | missing-key"
            + " | target_img_id is missing",
        "[22, 33] | 22 | wrong-type | gt_img_ids must be a list, found 22",
        "[22, 33] | [22, -1] | wrong-type"
            + " | gt_img_ids must be a whole number of at least 0, found -1",
        "[22, 33] | [22, 99] | target-not-in-split | target 99 is no candidate of split val",
        "[22, 33] | [22, 11] | reference-is-target | reference 11 is one of the targets",
        "\"reference_img_id\": 11 | \"reference_img_id\": 98 | unknown-id"
            + " | reference 98 is no image of split val",
        "has two | `` | empty-caption | relative_caption is blank",
        "a cat | ` ` | empty-caption | shared_concept is blank",
        "[\"cardinality\"] | \"cardinality\" | wrong-type"
            + " | semantic_aspects must be a list, found \"cardinality\"",
        "\"id\": 5 | \"id\": 6 | duplicate | id 6 is there a second time",
      })
  void quarantinesABadQuery(String good, String bad, String reason, String detail) {
    data.write("image_info_unlabeled2017.json", imageInfo(info(11), info(22), info(33)))
        .write(
            "val.json",
            "[" + GOOD.replace("\"id\": 5", "\"id\": 6") + ",",
            GOOD.replace(good, bad) + "]");

    Annotations annotations = data.read(Layout.CIRCO);

    assertThat(annotations.triplets()).extracting(Triplet::id).containsExactly("6");
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(reason + " val.json, entry 1, line 2: " + detail);
  }

  @Test
  void quarantinesABadLineOfTheCocoList() {
    Annotations annotations =
        data.write("val.json", "[]")
            .write(
                "image_info_unlabeled2017.json",
                imageInfo(info(11), info(11), "{\"id\": 12, \"file_name\": \"../../etc/passwd\"}"))
            .read(Layout.CIRCO);

    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "duplicate image_info_unlabeled2017.json, entry 1, line 2: image 11 is listed a second"
                + " time",
            "unsafe-id image_info_unlabeled2017.json, entry 2, line 3: file_name '../../etc/passwd'"
                + " climbs folders");
  }

  @Test
  void stopsAtACocoListWithoutImages() {
    data.write("val.json", "[]").write("image_info_unlabeled2017.json", "{\"licenses\": []}");

    assertThatThrownBy(() -> data.read(Layout.CIRCO))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("it must be an object with the list \"images\", found no such key");
  }

  @Test
  void stopsWithoutQueries() {
    data.write("other.json", "[]");

    assertThatThrownBy(() -> data.read(Layout.CIRCO))
        .isInstanceOf(WeftException.class)
        .hasMessage(
            "Cannot read a CIRCO data set: %s has neither val.json nor test.json. Set"
                + " ingest.datasets (or --annotations) to the folder that holds them.",
            temp);
  }
}
