package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.cluster.StandaloneCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GPUs as Spark hands them out, on a real worker with a discovery script that makes them up. */
class GpuAddressTest {
  @TempDir Path folder;

  @Test
  void eachExecutorSeesTheGpuThatSparkGaveItAndCudaWithoutAGpuIsAPlainError() throws Exception {
    Path nvidiaSmi =
        Files.createFile(
            Files.createDirectories(folder.resolve("bin")).resolve("nvidia-smi"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Files.writeString(nvidiaSmi, "#!/bin/sh\necho 5\necho 7\n");
    Path discovery =
        Files.createFile(
            folder.resolve("discover.sh"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Files.writeString(
        discovery,
        "#!/bin/sh\nPATH="
            + nvidiaSmi.getParent()
            + ":$PATH exec "
            + Path.of("..", "conf", "getGpusResources.sh").toRealPath()
            + "\n");

    String said;
    try (StandaloneCluster cluster =
        new StandaloneCluster(
            folder,
            StandaloneCluster.Spark.ofClassPath(folder),
            1,
            List.of(
                "-Dspark.worker.resource.gpu.amount=2",
                "-Dspark.worker.resource.gpu.discoveryScript=" + discovery))) {
      said =
          cluster.run(
              GpuTasks.class,
              "-Dspark.executor.resource.gpu.amount=1",
              "-Dspark.task.resource.gpu.amount=1");
    }

    List<String> lines = said.lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.subList(0, 2))
        .allSatisfy(line -> assertThat(line).matches("\\d+ ([57]) \\1"))
        .extracting(line -> line.substring(line.length() - 1))
        .containsExactlyInAnyOrder("5", "7");
    assertThat(lines.get(2))
        .matches(
            "69 Cannot compute on a GPU on \\S+, as compute.backend=cuda asks: .*docs/gpu.md says"
                + " what it takes; .*");
  }
}
