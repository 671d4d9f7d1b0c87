package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The published annotation files themselves, where they lie beside the repository. */
class PublishedAnnotationsTest {

  private static DataSource source(String name, Layout layout, String folder) {
    Path path = Path.of("../../shared/data").resolve(folder);
    assumeTrue(Files.isDirectory(path), "skipped: there is no folder ../shared/data/" + folder);
    return new DataSource(name, layout, path.toString(), "", "");
  }

  private static long triplets(Annotations annotations, String split) {
    return annotations.triplets().stream().filter(row -> row.split().equals(split)).count();
  }

  @Test
  void fashionIqHasItsPublishedCounts() {
    Annotations annotations = DataFolder.read(source("fashioniq", Layout.FASHIONIQ, "fashioniq"));

    assertThat(annotations.quarantined()).isEmpty();
    assertThat(triplets(annotations, "train")).isEqualTo(18_000);
    assertThat(triplets(annotations, "val")).isEqualTo(6_016);
    assertThat(triplets(annotations, "test")).isEqualTo(6_118);
    Cohort cohort = PublishedCounts.compare("fashioniq", annotations.counts());
    assertThat(cohort.reasons()).isEmpty();
    assertThat(cohort.degraded()).isFalse();
    assertThat(annotations.images().stream().map(image -> image.key().id()).distinct())
        .hasSize(74_381);
  }

  @Test
  void fashionIqHasItsKnownEmptyCaptionsNoted() {
    Annotations annotations = DataFolder.read(source("fashioniq", Layout.FASHIONIQ, "fashioniq"));

    List<String> files =
        annotations.notes().stream()
            .filter(note -> note.reason() == Reason.EMPTY_CAPTION)
            .map(note -> note.file().replaceAll(".*/cap\\.|\\.json", ""))
            .toList();
    assertThat(files).filteredOn("toptee.train"::equals).hasSize(12);
    assertThat(files).filteredOn("shirt.val"::equals).hasSize(1);
    assertThat(files).filteredOn("toptee.val"::equals).hasSize(2);
    assertThat(files).filteredOn("shirt.test"::equals).hasSize(1);
    assertThat(files).hasSize(16);
  }

  @Test
  void circoHasItsPublishedQueriesAndIsDegradedWithoutImages() {
    Annotations annotations = DataFolder.read(source("circo", Layout.CIRCO, "circo/annotations"));

    assertThat(annotations.quarantined()).isEmpty();
    assertThat(triplets(annotations, "val")).isEqualTo(220);
    assertThat(triplets(annotations, "test")).isEqualTo(800);
    assertThat(
            annotations.triplets().stream()
                .filter(row -> row.split().equals("val"))
                .mapToInt(row -> row.groundTruths().size())
                .summaryStatistics()
                .getMax())
        .isEqualTo(14);
    Cohort cohort = PublishedCounts.compare("circo", annotations.counts());
    assertThat(cohort.degraded()).isTrue();
    assertThat(cohort.reasons()).hasSize(2).allMatch(reason -> reason.endsWith("123403"));
  }
}
