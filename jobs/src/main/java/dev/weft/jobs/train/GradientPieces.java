package dev.weft.jobs.train;

import dev.weft.compute.NativeVectors;
import dev.weft.train.PartialStep;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function;
import scala.Tuple2;

/**
 * Adds up gradients on the workers (reduce-scatter): every task cuts its gradient into the same
 * pieces, a shuffle brings equal pieces together, and one task per piece adds them up in the order
 * of the slices, as the driver would: float32, from zero, slice after slice. So the bits are those
 * of the driver's sum, and the driver receives 4 P bytes instead of 4 P for each slice.
 *
 * <p>Dimensions: P = parameters, W = slices, S = pieces.
 *
 * @param count S
 * @param parameters P
 */
record GradientPieces(int count, int parameters) implements Serializable { // travels with tasks
  /** Smaller pieces would cost more in tasks than they save. */
  private static final int SMALLEST = 1 << 16;

  /**
   * As many pieces as slices, unless they would be small.
   *
   * @param slices W
   * @param parameters P
   */
  static GradientPieces of(int slices, long parameters) {
    long most = Math.max(1, parameters / SMALLEST);
    return new GradientPieces((int) Math.min(slices, most), Math.toIntExact(parameters));
  }

  /** Which task adds up which piece: each its own. */
  private static final class OneEach extends Partitioner {
    private static final long serialVersionUID = 1;
    private final int count;

    OneEach(int count) {
      this.count = count;
    }

    @Override
    public int numPartitions() {
      return count;
    }

    @Override
    public int getPartition(Object piece) {
      return (Integer) piece;
    }
  }

  /**
   * The summed pieces, in their order.
   *
   * @param slices the numbers of the slices
   * @param compute computes a slice
   */
  JavaRDD<byte[]> sums(JavaRDD<Integer> slices, Function<Integer, SliceResult> compute) {
    return slices
        .flatMapToPair(part -> cut(part, compute.call(part)))
        .partitionBy(new OneEach(count))
        .mapPartitions(pieces -> List.of(add(pieces)).iterator());
  }

  /** The first float of a piece. */
  private int start(int piece) {
    return (int) ((long) parameters * piece / count);
  }

  private Iterator<Tuple2<Integer, Tuple2<Integer, byte[]>>> cut(int part, SliceResult slice) {
    List<Tuple2<Integer, Tuple2<Integer, byte[]>>> pieces = new ArrayList<>(count);
    boolean empty = slice.rows() == 0;
    for (int piece = 0; piece < count; piece++) {
      int from = empty ? 0 : start(piece) * Float.BYTES;
      int to = empty ? 0 : start(piece + 1) * Float.BYTES;
      pieces.add(new Tuple2<>(piece, new Tuple2<>(part, slice.toBytes(from, to))));
    }
    return pieces.iterator();
  }

  /** W headers in the order of the slices, then the sum. */
  private static byte[] add(Iterator<Tuple2<Integer, Tuple2<Integer, byte[]>>> pieces) {
    List<Tuple2<Integer, byte[]>> slices = new ArrayList<>();
    pieces.forEachRemaining(piece -> slices.add(piece._2()));
    slices.sort(Comparator.comparing(Tuple2::_1));
    float[] sum = new float[0];
    List<byte[]> headers = new ArrayList<>();
    for (Tuple2<Integer, byte[]> slice : slices) {
      SliceResult result = SliceResult.of(slice._2());
      headers.add(result.toBytes(0, 0));
      FloatBuffer values = NativeVectors.floats(result.payload());
      if (sum.length == 0) {
        sum = new float[values.remaining()];
      }
      for (int i = 0; values.hasRemaining(); i++) {
        sum[i] += values.get();
      }
    }
    ByteBuffer message =
        ByteBuffer.allocate(
            Integer.BYTES + headers.size() * SliceResult.HEADER + sum.length * Float.BYTES);
    message.putInt(headers.size());
    headers.forEach(message::put);
    NativeVectors.floats(message.array(), message.position()).put(sum);
    return message.array();
  }

  /**
   * What the slices said besides their gradients, in their order.
   *
   * @param sum one of the {@link #sums}
   */
  static List<SliceResult> headers(byte[] sum) {
    ByteBuffer message = ByteBuffer.wrap(sum);
    List<SliceResult> headers = new ArrayList<>();
    for (int left = message.getInt(); left > 0; left--) {
      byte[] header = new byte[SliceResult.HEADER];
      message.get(header);
      headers.add(SliceResult.of(header));
    }
    return headers;
  }

  /** All slices together, of their {@link #sums}. */
  PartialStep join(List<byte[]> sums) {
    int rows = 0;
    double loss = 0;
    double logitScaleGradient = 0;
    for (SliceResult slice : headers(sums.get(0))) {
      rows += slice.rows();
      loss += slice.loss();
      logitScaleGradient += slice.logitScaleGradient();
    }
    ByteBuffer gradient = ByteBuffer.allocate(parameters * Float.BYTES);
    for (byte[] sum : sums) {
      int from = Integer.BYTES + ByteBuffer.wrap(sum).getInt() * SliceResult.HEADER;
      gradient.put(sum, from, sum.length - from);
    }
    return new PartialStep(rows, loss, logitScaleGradient, gradient.array());
  }
}
