package dev.weft.jobs.train;

import dev.weft.train.PartialStep;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What a task of a step returns, as the one array of bytes that Spark carries to the driver: any
 * serializer passes bytes on as they are.
 *
 * @param rows rows of the slice
 * @param loss its share of the loss, nats; 0 from a first pass
 * @param logitScaleGradient its share of the gradient in the logit scale; 0 from a first pass
 * @param fetchNanos how long the task waited for the parameters
 * @param computeNanos how long it computed
 * @param payload the gradient or a piece of it, little-endian float32, or the columns,
 *     little-endian float64
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
record SliceResult(
    int rows,
    double loss,
    double logitScaleGradient,
    long fetchNanos,
    long computeNanos,
    byte[] payload) {

  /** Bytes of {@link #header}. */
  static final int HEADER = Integer.BYTES + 2 * Double.BYTES + 2 * Long.BYTES;

  /** A slice of the pass that gives the gradient. */
  static SliceResult of(PartialStep step, long fetchNanos, long computeNanos) {
    return new SliceResult(
        step.rows(),
        step.loss(),
        step.logitScaleGradient(),
        fetchNanos,
        computeNanos,
        step.gradient());
  }

  /** A slice of the pass that gives the columns. */
  static SliceResult of(double[] columns, long fetchNanos, long computeNanos) {
    ByteBuffer bytes = little(ByteBuffer.allocate(columns.length * Double.BYTES));
    bytes.asDoubleBuffer().put(columns);
    return new SliceResult(0, 0, 0, fetchNanos, computeNanos, bytes.array());
  }

  /** Reads what {@link #toBytes} wrote. */
  static SliceResult of(byte[] bytes) {
    return of(bytes, Arrays.copyOfRange(bytes, HEADER, bytes.length));
  }

  /**
   * Puts a result together again.
   *
   * @param header begins with what {@link #header} wrote
   */
  static SliceResult of(byte[] header, byte[] payload) {
    ByteBuffer from = little(ByteBuffer.wrap(header));
    return new SliceResult(
        from.getInt(), from.getDouble(), from.getDouble(), from.getLong(), from.getLong(), payload);
  }

  /** All but the payload. */
  byte[] header() {
    return toBytes(0, 0);
  }

  byte[] toBytes() {
    return toBytes(0, payload.length);
  }

  /** As above with a part of the payload: its bytes {@code from} to before {@code to}. */
  byte[] toBytes(int from, int to) {
    return little(ByteBuffer.allocate(HEADER + to - from))
        .putInt(rows)
        .putDouble(loss)
        .putDouble(logitScaleGradient)
        .putLong(fetchNanos)
        .putLong(computeNanos)
        .put(payload, from, to - from)
        .array();
  }

  PartialStep step() {
    return new PartialStep(rows, loss, logitScaleGradient, payload);
  }

  double[] columns() {
    double[] columns = new double[payload.length / Double.BYTES];
    little(ByteBuffer.wrap(payload)).asDoubleBuffer().get(columns);
    return columns;
  }

  private static ByteBuffer little(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }
}
