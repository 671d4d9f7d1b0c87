package dev.weft.jobs.align;

import dev.weft.align.AlignConfig;
import dev.weft.align.AlignModel;
import dev.weft.align.AlignRequest;
import dev.weft.align.AlignRow;
import dev.weft.align.AlignStep;
import dev.weft.align.AlignWorkers;
import dev.weft.align.Embeddings;
import dev.weft.align.PartialGradient;
import dev.weft.align.ReferenceAlignStep;
import dev.weft.compute.NativeVectors;
import dev.weft.store.VectorBytes;
import dev.weft.train.TripletTable;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Holds the two passes of align's symmetric loss, on the workers, against one process in float64
 * that computes the step another way ({@link ReferenceAlignStep}).
 *
 * <p>What is trained are adapters behind vectors that are there already: a row is the target image
 * of a triplet with its text, so equal texts are masked. The image tower of the starter would only
 * change what the rows show.
 */
public final class AlignVerification {
  private final BroadcastRows rows;
  private final AlignModel model;
  private final AlignRequest request;
  private final ReferenceAlignStep.Result expected;

  /**
   * A step in some slices beside the reference.
   *
   * @param slices of the batch
   * @param lossError relative error of the loss
   * @param gradientError relative error of the gradient
   * @param masked pairs of equal descriptions
   */
  public record Check(int slices, double lossError, double gradientError, long masked) {}

  /**
   * @param table the vectors; the batch are its first rows
   * @param batchSize rows, at most those of the table
   * @param seed of the parameters
   */
  public AlignVerification(TripletTable table, int batchSize, AlignConfig config, long seed) {
    model = new AlignModel.Adapters(table.dimension(), config.logitScale());
    rows = rows(table, batchSize, config, seed);
    request = new AlignRequest(0, 0, IntStream.range(0, batchSize).toArray(), parameters(seed));
    List<AlignRow> batch = rows.rows();
    expected = new ReferenceAlignStep(batch, model.layout()).compute(request.parameters());
  }

  private BroadcastRows rows(TripletTable table, int count, AlignConfig config, long seed) {
    Map<Integer, Integer> numbers = new TreeMap<>(); // of the texts that are used
    int[] captions = IntStream.range(0, count).map(row -> table.caption(row, 0)).toArray();
    Arrays.stream(captions).forEach(text -> numbers.putIfAbsent(text, numbers.size()));
    float[][] vectors = new float[numbers.size()][];
    long[] descriptions = new long[numbers.size()];
    numbers.forEach(
        (text, number) -> {
          vectors[number] = table.textVector(text);
          descriptions[number] = text;
        });
    return new BroadcastRows(
        "verification " + seed + " " + System.identityHashCode(this),
        config,
        model,
        seed,
        IntStream.range(0, count)
            .mapToObj(row -> VectorBytes.encode(table.imageVector(table.target(row))))
            .toArray(byte[][]::new),
        Arrays.stream(captions).map(numbers::get).toArray(),
        vectors,
        descriptions);
  }

  /** The identity, and something of every coordinate: no two weights alike. */
  private byte[] parameters(long seed) {
    float[] values = model.initial(seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < model.layout().scaleAt(); i++) {
      values[i] += (float) (0.2 * random.nextDouble() - 0.1);
    }
    byte[] bytes = new byte[values.length * Float.BYTES];
    NativeVectors.floats(bytes).put(values);
    return bytes;
  }

  /** Computes the step on Spark, in so many slices. */
  public Check on(JavaSparkContext spark, int slices) {
    try (SparkWorkers workers = new SparkWorkers(spark, rows, slices)) {
      return compare(workers, slices);
    }
  }

  Check compare(AlignWorkers workers, int slices) {
    Embeddings all = Embeddings.concatenate(workers.embed(request));
    List<PartialGradient> shares =
        workers.gradient(request, all, AlignStep.normalizers(request, all, model.layout()));
    double[] gradient = new double[expected.gradient().length];
    double loss = 0;
    for (PartialGradient share : shares) {
      loss += share.loss();
      FloatBuffer values = NativeVectors.floats(share.gradient());
      for (int i = 0; values.hasRemaining(); i++) {
        gradient[i] += values.get();
      }
    }
    double distance = 0;
    double length = 0;
    for (int i = 0; i < gradient.length; i++) {
      distance += Math.pow(gradient[i] - expected.gradient()[i], 2);
      length += Math.pow(expected.gradient()[i], 2);
    }
    return new Check(
        slices,
        Math.abs(loss - expected.loss()) / expected.loss(),
        Math.sqrt(distance / length),
        expected.masked());
  }
}
