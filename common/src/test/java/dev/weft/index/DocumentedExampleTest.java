package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.Workers;
import dev.weft.rank.Hit;
import dev.weft.store.Artefact;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.tools.ToolProvider;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java example of docs/index.md, to the letter. */
class DocumentedExampleTest {
  private static final int WIDTH = 16;

  @TempDir private Path folder;

  private static String example() throws Exception {
    String page = Files.readString(Path.of("../docs/index.md"), StandardCharsets.UTF_8);
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(page);
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  @Test
  void theExampleCompilesAndFinds() throws Exception {
    Configuration hadoop = new Configuration();
    List<float[]> vectors = Samples.clustered(new SplittableRandom(6), 300, WIDTH, 5);
    Artefact artefact = Artefact.open(hadoop, folder.resolve("shop").toString(), "index");
    try (Workers workers = new Workers(1)) {
      Cells cells = Cells.train(vectors, 4, 3, 1, workers);
      List<IndexRow> rows =
          IntStream.range(0, vectors.size())
              .mapToObj(row -> Samples.row(row, vectors.get(row)))
              .toList();
      new IndexEditor(hadoop, artefact, 100, Samples.CLOCK)
          .create(
              "a",
              Samples.PRICED,
              Samples.contract(WIDTH),
              new IndexLayout(4, 4, 1, 1, 1, "a test"),
              cells,
              rows);
    }
    artefact.tag("prod", 1, Samples.CLOCK);
    Path source = folder.resolve("Example.java");
    Files.writeString(
        source,
        """
        import dev.weft.index.*;
        import dev.weft.rank.*;
        import dev.weft.store.*;
        import java.util.*;
        import org.apache.hadoop.conf.Configuration;

        public class Example {
          public static List<List<Hit>> run(Configuration hadoop, String root, float[] vector) {
        %s
          }
        }
        """
            .formatted(example()));

    int problems =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString(),
                source.toString());

    assertThat(problems).isZero();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      Object answers =
          loader
              .loadClass("Example")
              .getMethod("run", Configuration.class, String.class, float[].class)
              .invoke(null, hadoop, folder.resolve("shop").toString(), vectors.get(3));
      List<?> hits = (List<?>) ((List<?>) answers).get(0);
      assertThat(hits).hasSize(10);
      assertThat(((Hit) hits.get(0)).image()).isEqualTo(Samples.key(3));
      assertThat(hits)
          .allSatisfy(hit -> assertThat(((Hit) hit).image().category()).isEqualTo("dress"));
    }
  }
}
