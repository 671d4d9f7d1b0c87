package dev.weft.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which calls go to the file system from where, over 20,000 image files in 40 folders. */
class ManyFilesTest {
  @TempDir private Path folder;

  @Test
  void theDriverListsFoldersAndTasksOpenFiles() throws IOException {
    Path annotations = Files.createDirectories(folder.resolve("annotations"));
    Files.writeString(
        annotations.resolve("triplets.jsonl"),
        "{\"split\": \"val\", \"reference\": \"00/0000\", \"text\": \"in red\", \"target\":"
            + " \"39/0499\"}\n");
    Session session =
        TinyWardrobe.sessionOn(
            folder.resolve("runs"),
            "ingest.datasets=[{name: many, layout: jsonl, annotations: '"
                + annotations
                + "', images: 'many:/images', descriptions: ''}]");
    for (Configuration hadoop :
        new Configuration[] {
          session.hadoop(), LocalSpark.session().sparkContext().hadoopConfiguration()
        }) {
      hadoop.setClass("fs.many.impl", ManyFiles.class, org.apache.hadoop.fs.FileSystem.class);
    }
    ManyFiles.CALLS.clear();

    StageResult result = IngestJob.run(session);

    assertThat(result.figures()).containsEntry("images", 20_000).containsEntry("bad_images", 0);
    assertThat(ManyFiles.calls("task open")).isEqualTo(20_000);
    assertThat(ManyFiles.calls("driver open")).isZero();
    // Once to see whether anything changed, once for the candidates; and twice the top for
    // archives.
    assertThat(ManyFiles.calls("driver list")).isEqualTo(2 * 41 + 2);
    assertThat(ManyFiles.calls("driver status")).isLessThan(10);
  }
}
