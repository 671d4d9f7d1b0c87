package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.weft.WeftException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CirrReaderTest {
  private static final String GOOD =
      "{\"pairid\": 7, \"reference\": \"dev-1\", \"target_hard\": \"dev-2\", \"target_soft\":"
          + " {\"dev-1\": 1.0}, \"caption\": \"more cats\", \"img_set\": {\"id\": 3, \"members\":"
          + " [\"dev-1\", \"dev-2\", \"dev-3\"]}}";

  @TempDir Path temp;
  private DataFolder data;

  @BeforeEach
  void writeSplit() {
    data = new DataFolder(temp);
    data.write(
        "image_splits/split.rc2.val.json",
        "{\"dev-3\": \"./dev/dev-3.png\", \"dev-1\": \"./dev/dev-1.png\",",
        "\"dev-2\": \"./dev/dev-2.png\"}");
  }

  private Annotations read(String... entries) {
    return data.write("captions/cap.rc2.val.json", "[" + String.join(",\n", entries) + "]")
        .read(Layout.CIRR);
  }

  @Test
  void readsAPairWithItsGroup() {
    Annotations annotations = read(GOOD);

    Triplet triplet = annotations.triplets().get(0);
    assertThat(triplet.id()).isEqualTo("7");
    assertThat(triplet.reference()).isEqualTo("dev-1");
    assertThat(triplet.groundTruths()).containsExactly("dev-2");
    assertThat(triplet.captions()).containsExactly("more cats");
    assertThat(triplet.subset()).containsExactly("dev-1", "dev-2", "dev-3");
    assertThat(annotations.galleries())
        .extracting(GalleryImage::image)
        .containsExactly("dev-3", "dev-1", "dev-2");
    assertThat(annotations.images().get(0).path()).isEqualTo("dev/dev-3.png");
  }

  @Test
  void readsTest1AsTheTestSplitWithEqualPairs() {
    String entry =
        "{\"pairid\": N, \"reference\": \"test1-1\", \"caption\": \"x\", \"img_set\":"
            + " {\"members\": [\"test1-1\"]}}";
    data.write("image_splits/split.rc2.test1.json", "{\"test1-1\": \"./test1/test1-1.png\"}")
        .write(
            "captions/cap.rc2.test1.json",
            "[" + entry.replace("N", "1") + "," + entry.replace("N", "2") + "]");

    assertThat(data.read(Layout.CIRR).triplets())
        .extracting(Triplet::split, Triplet::id)
        .containsExactly(tuple("test", "1"), tuple("test", "2"));
  }

  @Test
  void quarantinesBadPairs() {
    Annotations annotations =
        read(
            GOOD,
            GOOD,
            GOOD.replace("\"target_hard\": \"dev-2\", ", ""),
            GOOD.replace("\"img_set\": {", "\"other\": {"),
            GOOD.replace("\"dev-3\"]", "\"dev-9\"]"),
            GOOD.replace("more cats", " "));

    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "duplicate captions/cap.rc2.val.json, entry 1, line 2: id 7 is there a second time",
            "missing-key captions/cap.rc2.val.json, entry 2, line 3: target_hard is missing",
            "missing-key captions/cap.rc2.val.json, entry 3, line 4: img_set is missing",
            "target-not-in-split captions/cap.rc2.val.json, entry 4, line 5: target dev-9 is no"
                + " candidate of split val",
            "empty-caption captions/cap.rc2.val.json, entry 5, line 6: caption is blank");
  }

  @Test
  void quarantinesAPathThatLeavesTheImagesFolder() {
    data.write(
        "image_splits/split.rc2.val.json",
        "{\"dev-1\": \"./dev/dev-1.png\",",
        "\"dev-2\": \"../dev-2.png\"}");

    assertThat(data.shown(read().quarantined()))
        .containsExactly(
            "unsafe-id image_splits/split.rc2.val.json, key dev-2, line 2: the entry"
                + " '../dev-2.png' climbs folders");
  }

  @Test
  void stopsWithoutCaptions() {
    assertThatThrownBy(() -> data.read(Layout.CIRR))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("has no file captions/cap.rc2.<split>.json");
  }
}
