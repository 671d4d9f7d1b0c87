package dev.weft.jobs.doctor;

import java.io.Serializable;
import java.util.List;

/**
 * What a process of Spark is and has, as it was found there.
 *
 * @param where the process, such as {@code driver} or {@code executor 3 on node7}
 * @param software what runs in it
 * @param engine how it computes
 * @param temp folder of temporary files
 * @param cache folder that native libraries are unpacked to
 * @param memory what it may take
 * @param gpus addresses of GPUs that Spark gave it
 * @param visibleGpus what CUDA is shown; empty for all
 * @param millis its clock
 */
record ProcessFacts(
    String where,
    Software software,
    Engine engine,
    Folder temp,
    Folder cache,
    Memory memory,
    List<String> gpus,
    String visibleGpus,
    long millis)
    implements Serializable {

  /**
   * Versions.
   *
   * @param java feature version of Java
   * @param system operating system and architecture, such as {@code Linux amd64}
   * @param spark of the Spark that runs
   * @param scala of its Scala
   * @param weft of the jar
   * @param glibc of the C library; empty where it is another one
   */
  record Software(int java, String system, String spark, String scala, String weft, String glibc)
      implements Serializable {}

  /**
   * Native code.
   *
   * @param tensors variant and threads of ND4J; empty if it does not start
   * @param tensorFailure why it does not; empty if it does
   * @param textFailure why tokenizer or ONNX Runtime do not work; empty if they do
   * @param avx2 whether the processor has AVX2
   * @param variant native variant of ND4J
   * @param blas its matrix library
   * @param threads threads of one operation
   * @param taskCpus cores of a task
   * @param vectors whether Java's vector module is there
   * @param waitPolicy {@code OMP_WAIT_POLICY} of the environment, or empty
   */
  record Engine(
      String tensors,
      String tensorFailure,
      String textFailure,
      boolean avx2,
      String variant,
      String blas,
      int threads,
      int taskCpus,
      boolean vectors,
      String waitPolicy)
      implements Serializable {}

  /**
   * A folder.
   *
   * @param path where
   * @param failure why no file can be written there; empty if one can
   * @param executable whether a file there can be run
   * @param free bytes
   */
  record Folder(String path, String failure, boolean executable, long free)
      implements Serializable {}

  /**
   * Memory, bytes.
   *
   * @param heap largest heap
   * @param offHeap bound of tensors outside the heap; 0 if none was set
   * @param machine of the machine or container
   */
  record Memory(long heap, long offHeap, long machine) implements Serializable {}
}
