package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesReaderTest {
  private static final String GOOD =
      "{\"split\": \"train\", \"reference\": \"a.jpg\", \"text\": \"is red\", \"target\": \"b\"}";

  @TempDir Path temp;
  private DataFolder data;

  @BeforeEach
  void createFolder() {
    data = new DataFolder(temp);
  }

  @Test
  void readsTheExampleOfTheDocumentation() throws IOException {
    List<String> page = Files.readAllLines(Path.of("../data-schemas/custom-triplets.md"));
    String[] lines =
        page.subList(page.indexOf("```json") + 1, page.lastIndexOf("```")).toArray(new String[0]);

    Annotations annotations = data.write("triplets.jsonl", lines).read(Layout.JSONL);

    assertThat(annotations.quarantined()).isEmpty();
    assertThat(annotations.triplets())
        .extracting(Triplet::id)
        .containsExactly("triplets.jsonl:3", "q-1", "triplets.jsonl:1");
    Triplet val = annotations.triplets().get(1);
    assertThat(val.category()).isEqualTo("shoes");
    assertThat(val.reference()).isEqualTo("shoes/0018");
    assertThat(val.groundTruths()).containsExactly("shoes/0007", "shoes/0311");
    assertThat(val.captions()).containsExactly("has a heel", "is darker");
    assertThat(annotations.images())
        .contains(new ImageFile(new ImageKey("tiny", "shoes", "shoes/0017"), "shoes/0017.jpg"));
  }

  @Test
  void takesCandidatesFromTheTripletsInAnAnnotationOnlyRun() {
    Annotations annotations = data.write("triplets.jsonl", GOOD).read(Layout.JSONL);

    assertThat(annotations.galleries()).extracting(GalleryImage::image).containsExactly("a", "b");
  }

  @Test
  void takesCandidatesFromTheImagesFolder() {
    data.write("triplets.jsonl", GOOD)
        .write("images/b.png", "")
        .write("images/deep/c.jpg", "")
        .write("images/a.jpg", "")
        .write("images/.hidden.jpg", "")
        .write("images/notes.txt", "");

    Annotations annotations = DataFolder.read(data.sourceWithImages("tiny", Layout.JSONL));

    assertThat(annotations.galleries())
        .extracting(GalleryImage::image)
        .containsExactly("a", "b", "deep/c");
    assertThat(annotations.images())
        .extracting(ImageFile::path)
        .containsExactly("a.jpg", "b.png", "deep/c.jpg");
  }

  @Test
  void takesCandidatesFromAGalleryFileAndAllowsOtherReferences() {
    Annotations annotations =
        data.write("triplets.jsonl", GOOD, GOOD.replace("\"b\"", "\"z\""))
            .write("gallery.train.jsonl", "{\"image\": \"c\"}", "{\"image\": \"b.png\"}", "{}")
            .read(Layout.JSONL);

    assertThat(annotations.galleries()).extracting(GalleryImage::image).containsExactly("c", "b");
    assertThat(annotations.triplets()).hasSize(1);
    assertThat(annotations.images())
        .extracting(ImageFile::path)
        .containsExactly("c", "b.png", "a.jpg");
    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "missing-key gallery.train.jsonl, line 3: image is missing",
            "target-not-in-split triplets.jsonl, line 2: target z is no candidate of split train");
  }

  @Test
  void quarantinesBadLinesByTheirNumber() {
    Annotations annotations =
        data.write(
                "triplets.train.jsonl",
                GOOD,
                "",
                "{\"split\": \"train\", \"reference\":",
                GOOD + " more",
                GOOD,
                GOOD.replace("train", "dev"),
                GOOD.replace("a.jpg", "/a.jpg"),
                GOOD.replace("a.jpg", "b.jpg"),
                GOOD.replace("\"is red\"", "[\"is red\"]"),
                "[]")
            .read(Layout.JSONL);

    assertThat(annotations.triplets()).hasSize(1);
    assertThat(data.shown(annotations.quarantined()))
        .extracting(shown -> shown.replaceAll("the line is no JSON: .*", "the line is no JSON"))
        .containsExactlyInAnyOrder(
            "not-json triplets.train.jsonl, line 3: the line is no JSON",
            "not-json triplets.train.jsonl, line 4: the line is no JSON",
            "duplicate triplets.train.jsonl, line 5: reference a, target b and captions are those"
                + " of an earlier row",
            "wrong-type triplets.train.jsonl, line 6: split must be train, val or test, found"
                + " 'dev'",
            "unsafe-id triplets.train.jsonl, line 7: reference '/a.jpg' has an empty part",
            "reference-is-target triplets.train.jsonl, line 8: reference b is one of the targets",
            "wrong-type triplets.train.jsonl, line 9: text must be text, found [\"is red\"]",
            "wrong-type triplets.train.jsonl, line 10: the entry must be an object, found []");
  }

  @Test
  void quarantinesAReferenceThatIsNotInTheImagesFolder() {
    data.write("triplets.jsonl", GOOD).write("images/b.png", "");

    Annotations annotations = DataFolder.read(data.sourceWithImages("tiny", Layout.JSONL));

    assertThat(data.shown(annotations.quarantined()))
        .containsExactly(
            "unknown-id triplets.jsonl, line 1: reference a is no image of split train");
  }

  @Test
  void readsOneFile() {
    data.write("mine.jsonl", GOOD);

    Annotations annotations =
        DataFolder.read(
            new DataSource("tiny", Layout.JSONL, temp.resolve("mine.jsonl").toString(), "", ""));

    assertThat(annotations.triplets()).extracting(Triplet::id).containsExactly("mine.jsonl:1");
  }

  @Test
  void stopsAtAFileWithoutOneLineOfJson() {
    data.write("triplets.jsonl", "a,b,c", "1,2,3");

    assertThatThrownBy(() -> data.read(Layout.JSONL))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("triplets.jsonl: none of its 2 lines is JSON.");
  }

  @Test
  void stopsWithoutTriplets() {
    data.write("gallery.val.jsonl", "{\"image\": \"a\"}");

    assertThatThrownBy(() -> data.read(Layout.JSONL))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("has no file triplets*.jsonl");
  }
}
