package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.OwnProcess;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeBackend.Description;
import dev.weft.train.ContrastiveLoss.Rows;
import dev.weft.train.ContrastiveLoss.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class LogitPassesTest {
  private static final int ROWS = 50;
  private static final Description CPU = new Description("CpuBackend", "avx2", "OPENBLAS", 2);
  private static final Description CUDA = new Description("JCublasBackend", "cuda", "CUBLAS", 1);

  @Test
  void theVectorPassesAreForFloatsInMainMemoryOnly() {
    assertThat(LogitPasses.of(DataType.FLOAT, CPU)).isInstanceOf(VectorLogitPasses.class);
    assertThat(LogitPasses.of(DataType.DOUBLE, CPU)).isInstanceOf(Nd4jLogitPasses.class);
    assertThat(LogitPasses.of(DataType.FLOAT, CUDA)).isInstanceOf(Nd4jLogitPasses.class);
  }

  @Test
  void logitsAreReadAndChangedAtThePlaceOfEachRow() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      LogitPasses passes = LogitPasses.of(type, CPU);
      INDArray logits = Nd4j.arange(12).castTo(type).reshape('f', 4, 3).dup('f');
      int[] places = {3, 0, 2};

      passes.add(logits, places, new double[] {0.5, -1, 2});

      assertThat(passes.at(logits, places)).containsExactly(3.5, 3, 12);
      assertThat(logits.sumNumber().doubleValue()).isEqualTo(66 + 1.5);
    }
  }

  @Test
  void aProcessWithoutTheVectorModuleFallsBackToNd4j() throws Exception {
    String found = inProcess(List.of());

    assertThat(found).contains("passes Nd4jLogitPasses");
    assertThat(loss(found)).isCloseTo(loss(inProcess(MODULE)), within(1e-5));
  }

  @Test
  void aProcessWithTheVectorModuleUsesIt() throws Exception {
    assertThat(inProcess(MODULE)).contains("passes VectorLogitPasses");
  }

  @Test
  void registersOfAnyWidthGiveTheSameBits() throws Exception {
    List<String> narrow = new ArrayList<>(MODULE);
    narrow.addAll(List.of("-XX:+IgnoreUnrecognizedVMOptions", "-XX:UseAVX=2"));

    assertThat(inProcess(narrow)).isEqualTo(inProcess(MODULE));
  }

  private static final List<String> MODULE = List.of("--add-modules=jdk.incubator.vector");

  private static String inProcess(List<String> options) throws Exception {
    return OwnProcess.output(LogitPassesTest.class, options, Map.of());
  }

  private static double loss(String output) {
    String[] words = output.strip().split(" ", -1);
    return Double.parseDouble(words[words.length - 1]);
  }

  /** Prints which passes this process has, and the loss of some rows by them. */
  public static void main(String[] arguments) {
    NativeBackend.load();
    int[] own = IntStream.range(0, ROWS).toArray();
    double loss =
        new ContrastiveLoss(DataType.FLOAT)
            .evaluate(
                new Rows(UnitRows.matrix(ROWS, 16, 1).castTo(DataType.FLOAT), own, List.of()),
                Step.plain(
                    new Candidates(UnitRows.matrix(ROWS, 16, 2).castTo(DataType.FLOAT), own),
                    ROWS,
                    20))
            .loss();
    String passes = LogitPasses.of(DataType.FLOAT).getClass().getSimpleName();
    System.out.println(String.join(" ", Arrays.asList("passes", passes, "loss", "" + loss)));
  }
}
