package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model folder on a real HDFS, whose NameNode and DataNode run in this process. */
class HdfsModelTest {
  private static final String GRAPH = "onnx/text_model.onnx";

  @TempDir private java.nio.file.Path folder;

  @Test
  void aModelIsFetchedOnceAndIsTheOneThatWasHashed() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("dfs").toString());
    try (MiniDFSCluster cluster =
        new MiniDFSCluster.Builder(configuration).numDataNodes(1).build()) {
      cluster.waitActive();
      FileSystem hdfs = cluster.getFileSystem();
      Path model = new Path(hdfs.getUri() + "/models/clip");
      hdfs.copyFromLocalFile(new Path(TinyModels.golden("clip").toUri()), model);
      Configuration hadoop = cluster.getConfiguration(0);
      java.nio.file.Path cache = folder.resolve("cache");

      ModelFiles files = ModelFiles.of(hadoop, model.toString(), "fp32");
      java.nio.file.Path local = files.local(hadoop, cache);

      assertThat(local).startsWith(cache);
      try (OnnxEncoder fetched = OnnxEncoder.open(files, local, TinyModels.PLAIN, 1);
          OnnxEncoder there = TinyModels.open("clip")) {
        assertThat(fetched.fingerprint()).isEqualTo(there.fingerprint());
        assertThat(fetched.texts(List.of("red"))[0]).isEqualTo(there.texts(List.of("red"))[0]);
      }

      Files.writeString(local.resolve(GRAPH), "damaged");
      assertThat(files.local(hadoop, cache)).isEqualTo(local); // fetched again
      assertThat(Files.mismatch(local.resolve(GRAPH), TinyModels.golden("clip/" + GRAPH)))
          .isEqualTo(-1);

      try (OutputStream out = hdfs.create(new Path(model, GRAPH), /* overwrite= */ true)) {
        out.write("other weights".getBytes(StandardCharsets.UTF_8));
      }
      assertThat(files.local(hadoop, cache)).isEqualTo(local); // what is here is still the model
      assertThatThrownBy(() -> files.local(hadoop, folder.resolve("another machine")))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
          .hasMessageContaining("Cannot use the model in hdfs://")
          .hasMessageContaining("its " + GRAPH + " has the SHA-256 ")
          .hasMessageContaining("Do not change a model in place");
    }
  }
}
