package dev.weft.train;

import dev.weft.compute.NativeBackend;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes over float32 logits in main memory, in the processor's vector registers: each reads a
 * tile once, where ND4J's separate operations read and write it three to five times.
 *
 * <p>The exponential is a polynomial after a reduction to |x| below ln(2) / 2, with the
 * coefficients of Moshier's Cephes library (expf.c): two units in the last place. It is made of
 * additions, multiplications and fused multiply-adds only, and lanes are added up one by one, so
 * the interpreter, both compilers and every processor give the same bits; {@code
 * VectorOperators.EXP} and {@code reduceLanes} do not promise that.
 *
 * <p>Needs {@code --add-modules jdk.incubator.vector}, which Spark's launcher sets for its drivers
 * and executors. The module is an incubator of Java 17, about which javac warns each time: the
 * build therefore compiles this class by itself, with all other checks.
 */
final class VectorLogitPasses implements LogitPasses {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_256;
  private static final int LANES = 8; // fixed: it is part of the order of the sums
  private static final VectorSpecies<Float> WIDE_SPECIES = FloatVector.SPECIES_512;
  private static final boolean WIDE = FloatVector.SPECIES_PREFERRED.length() == 2 * LANES;
  private static final int UNROLL = 4 * LANES;
  private static final int BLOCK = 4096; // floats added up in float32 before float64 takes over
  private static final int COLUMN_BLOCK = 512;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final float LOG2_E = 1.44269504f;
  private static final float ROUND = 12582912f; // 1.5 * 2^23: adding it leaves the nearest integer
  private static final int EXPONENT_BITS = 23;
  private static final float LN2_HIGH = -0.693359375f;
  private static final float LN2_LOW = 2.12194440e-4f;
  private static final float SMALLEST = -87f; // exp of it is the smallest normal float

  private final ForkJoinPool pool;

  VectorLogitPasses() {
    pool = Pool.SHARED;
  }

  /** One pool per process, as wide as the native operations between which it works. */
  private static final class Pool {
    private static final ForkJoinPool SHARED =
        new ForkJoinPool(Math.max(1, NativeBackend.load().threads()));
  }

  @Override
  public void rowMaxima(INDArray logits, double[] maxima) {
    Tile tile = new Tile(logits);
    forEach(tile.rows, row -> maxima[row] = maximum(tile.bytes, tile.start(row), tile.size));
  }

  @Override
  public void rowExponentials(INDArray logits, double[] shifts, double[] sums) {
    Tile tile = new Tile(logits);
    forEach(
        tile.rows,
        row -> sums[row] = exponentials(tile, row, (float) shifts[row], /* store= */ true));
  }

  @Override
  public void rowSums(INDArray logits, double[] shifts, double[] sums) {
    Tile tile = new Tile(logits);
    forEach(
        tile.rows,
        row -> sums[row] = exponentials(tile, row, (float) shifts[row], /* store= */ false));
  }

  @Override
  public void bothExponentials(INDArray logits, double[] rowShifts, double[] columnShifts) {
    Tile tile = new Tile(logits);
    float[] columns = floats(columnShifts);
    forEach(
        tile.rows, row -> both(tile.bytes, tile.start(row), tile, (float) rowShifts[row], columns));
  }

  @Override
  public void columnMaxima(INDArray logits, double[] maxima) {
    Tile tile = new Tile(logits);
    float[] greatest = new float[maxima.length];
    Arrays.fill(greatest, Float.NEGATIVE_INFINITY);
    forEachBlock(maxima.length, (from, to) -> maxima(tile, from, to, greatest));
    Arrays.setAll(maxima, column -> greatest[column]);
  }

  @Override
  public void columnSums(INDArray logits, double[] shifts, double[] sums) {
    Tile tile = new Tile(logits);
    float[] columns = floats(shifts);
    float[] added = new float[shifts.length];
    forEachBlock(shifts.length, (from, to) -> sums(tile, from, to, columns, added));
    Arrays.setAll(sums, column -> added[column]);
  }

  /**
   * Logits as bytes, and as floats. Where a pass reads and writes, it works on a copy of a stretch
   * in a heap array, which the compiler turns into tighter loops than direct memory.
   */
  private static final class Tile {
    private static final ThreadLocal<float[]> BLOCKS =
        ThreadLocal.withInitial(() -> new float[BLOCK + 2 * LANES]);

    private final ByteBuffer bytes;
    private final FloatBuffer floats;
    private final int size; // C
    private final int rows; // r

    Tile(INDArray logits) {
      size = (int) logits.size(0);
      rows = (int) logits.size(1);
      boolean dense =
          (size == 1 || logits.stride(0) == 1) && (rows == 1 || logits.stride(1) == size);
      if (!dense || logits.offset() != 0) {
        throw new IllegalArgumentException("a tile starts its buffer, in column order");
      }
      long length = Math.multiplyExact((long) size * rows, Float.BYTES);
      bytes = new BytePointer(logits.data().pointer()).capacity(length).asByteBuffer().order(ORDER);
      floats = bytes.asFloatBuffer();
    }

    /** Of this thread; longer than {@link #BLOCK} by some lanes. */
    float[] block() {
      return BLOCKS.get();
    }

    int start(int row) {
      return row * size * Float.BYTES;
    }
  }

  private void forEach(int count, IntConsumer work) {
    pool.submit(() -> IntStream.range(0, count).parallel().forEach(work)).join();
  }

  private interface Range {
    void accept(int from, int to);
  }

  private void forEachBlock(int columns, Range work) {
    int blocks = (columns + COLUMN_BLOCK - 1) / COLUMN_BLOCK;
    forEach(
        blocks,
        block ->
            work.accept(
                block * COLUMN_BLOCK, Math.min(columns, block * COLUMN_BLOCK + COLUMN_BLOCK)));
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static FloatVector at(ByteBuffer bytes, int offset) {
    return FloatVector.fromByteBuffer(SPECIES, bytes, offset, ORDER);
  }

  /** As many lanes as there are; the others hold {@link #MASKED}. */
  private static float[] rest(ByteBuffer bytes, int offset, int count) {
    float[] lanes = new float[LANES];
    Arrays.fill(lanes, (float) MASKED);
    for (int i = 0; i < count; i++) {
      lanes[i] = bytes.getFloat(offset + i * Float.BYTES);
    }
    return lanes;
  }

  private static float maximum(ByteBuffer bytes, int start, int size) {
    FloatVector first = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector second = first;
    FloatVector third = first;
    FloatVector fourth = first;
    int i = 0;
    for (; i + UNROLL <= size; i += UNROLL) {
      int offset = start + i * Float.BYTES;
      first = first.max(at(bytes, offset));
      second = second.max(at(bytes, offset + LANES * Float.BYTES));
      third = third.max(at(bytes, offset + 2 * LANES * Float.BYTES));
      fourth = fourth.max(at(bytes, offset + 3 * LANES * Float.BYTES));
    }
    float greatest = first.max(second).max(third.max(fourth)).reduceLanes(VectorOperators.MAX);
    for (; i < size; i++) {
      greatest = Math.max(greatest, bytes.getFloat(start + i * Float.BYTES));
    }
    return greatest;
  }

  private static double exponentials(Tile tile, int row, float shift, boolean store) {
    float[] block = tile.block();
    double sum = 0;
    for (int from = 0; from < tile.size; from += BLOCK) {
      int count = Math.min(BLOCK, tile.size - from);
      int place = row * tile.size + from;
      tile.floats.get(place, block, 0, count);
      sum += exponentials(block, count, shift);
      if (store) {
        tile.floats.put(place, block, 0, count);
      }
    }
    return sum;
  }

  /** Replaces numbers by the exponential of them less a shift; returns the sum. */
  private static double exponentials(float[] block, int count, float shift) {
    int whole = count / (2 * LANES) * (2 * LANES);
    double sum = WIDE ? wide(block, whole, shift) : narrow(block, whole, shift);
    for (int i = whole; i < count; i += LANES) { // a block has room for the lanes behind its end
      exp(FloatVector.fromArray(SPECIES, block, i).sub(shift)).intoArray(block, i);
      for (int j = i; j < Math.min(count, i + LANES); j++) {
        sum += block[j];
      }
    }
    return sum;
  }

  static double narrow(float[] block, int count, float shift) {
    FloatVector even = FloatVector.zero(SPECIES);
    FloatVector odd = even;
    for (int i = 0; i < count; i += 2 * LANES) {
      FloatVector first = exp(FloatVector.fromArray(SPECIES, block, i).sub(shift));
      FloatVector second = exp(FloatVector.fromArray(SPECIES, block, i + LANES).sub(shift));
      first.intoArray(block, i);
      second.intoArray(block, i + LANES);
      even = even.add(first);
      odd = odd.add(second);
    }
    return lanes(even.add(odd));
  }

  /** The same sums in the same order: the lanes of even and odd side by side. */
  static double wide(float[] block, int count, float shift) {
    FloatVector both = FloatVector.zero(WIDE_SPECIES);
    for (int i = 0; i < count; i += 2 * LANES) {
      FloatVector values = exp(FloatVector.fromArray(WIDE_SPECIES, block, i).sub(shift));
      values.intoArray(block, i);
      both = both.add(values);
    }
    float[] sums = both.toArray();
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) {
      sum += sums[lane] + sums[lane + LANES];
    }
    return sum;
  }

  private static void both(
      ByteBuffer bytes, int start, Tile tile, float rowShift, float[] columnShifts) {
    int i = 0;
    for (; i + LANES <= columnShifts.length; i += LANES) {
      int offset = start + i * Float.BYTES;
      FloatVector logits = at(bytes, offset);
      FloatVector ofColumn = exp(logits.sub(FloatVector.fromArray(SPECIES, columnShifts, i)));
      exp(logits.sub(rowShift)).add(ofColumn).intoByteBuffer(bytes, offset, ORDER);
    }
    for (; i < tile.size; i += LANES) {
      int left = Math.min(LANES, tile.size - i);
      int offset = start + i * Float.BYTES;
      float[] shifts = new float[LANES];
      Arrays.fill(shifts, -(float) MASKED); // no term of its own
      for (int lane = 0; lane < left && i + lane < columnShifts.length; lane++) {
        shifts[lane] = columnShifts[i + lane];
      }
      FloatVector logits = FloatVector.fromArray(SPECIES, rest(bytes, offset, left), 0);
      float[] lanes = new float[LANES];
      exp(logits.sub(rowShift))
          .add(exp(logits.sub(FloatVector.fromArray(SPECIES, shifts, 0))))
          .intoArray(lanes, 0);
      for (int lane = 0; lane < left; lane++) {
        bytes.putFloat(offset + lane * Float.BYTES, lanes[lane]);
      }
    }
  }

  private static void maxima(Tile tile, int from, int to, float[] greatest) {
    for (int row = 0; row < tile.rows; row++) {
      int start = tile.start(row);
      int i = from;
      for (; i + LANES <= to; i += LANES) {
        at(tile.bytes, start + i * Float.BYTES)
            .max(FloatVector.fromArray(SPECIES, greatest, i))
            .intoArray(greatest, i);
      }
      for (; i < to; i++) {
        greatest[i] = Math.max(greatest[i], tile.bytes.getFloat(start + i * Float.BYTES));
      }
    }
  }

  private static void sums(Tile tile, int from, int to, float[] shifts, float[] sums) {
    for (int row = 0; row < tile.rows; row++) {
      int start = tile.start(row);
      int i = from;
      for (; i + LANES <= to; i += LANES) {
        FloatVector logits = at(tile.bytes, start + i * Float.BYTES);
        exp(logits.sub(FloatVector.fromArray(SPECIES, shifts, i)))
            .add(FloatVector.fromArray(SPECIES, sums, i))
            .intoArray(sums, i);
      }
      if (i < to) {
        float[] lanes = rest(tile.bytes, start + i * Float.BYTES, to - i);
        float[] ofColumns = Arrays.copyOfRange(shifts, i, i + LANES);
        exp(FloatVector.fromArray(SPECIES, lanes, 0)
                .sub(FloatVector.fromArray(SPECIES, ofColumns, 0)))
            .intoArray(lanes, 0);
        for (int lane = 0; i + lane < to; lane++) {
          sums[i + lane] += lanes[lane];
        }
      }
    }
  }

  private static double lanes(FloatVector vector) {
    double sum = 0;
    for (float lane : vector.toArray()) {
      sum += lane;
    }
    return sum;
  }

  private static FloatVector like(FloatVector vector, float value) {
    return FloatVector.broadcast(vector.species(), value);
  }

  /** exp of numbers of at most about 0; below {@link #SMALLEST} as if they were it. */
  private static FloatVector exp(FloatVector exponent) {
    FloatVector x = exponent.max(SMALLEST);
    FloatVector shifted = x.mul(LOG2_E).add(ROUND);
    FloatVector power = shifted.sub(ROUND); // n, so that x is n ln 2 + rest
    FloatVector rest = power.fma(like(x, LN2_LOW), power.fma(like(x, LN2_HIGH), x));
    FloatVector polynomial = like(rest, 1.9875691500e-4f);
    polynomial = polynomial.fma(rest, like(rest, 1.3981999507e-3f));
    polynomial = polynomial.fma(rest, like(rest, 8.3334519073e-3f));
    polynomial = polynomial.fma(rest, like(rest, 4.1665795894e-2f));
    polynomial = polynomial.fma(rest, like(rest, 1.6666665459e-1f));
    polynomial = polynomial.fma(rest, like(rest, 5.0000001201e-1f));
    polynomial = polynomial.fma(rest.mul(rest), rest.add(1f));
    // The low bits of 'shifted' are n: moved to the place of the exponent they multiply by 2^n.
    return polynomial
        .reinterpretAsInts()
        .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, EXPONENT_BITS))
        .reinterpretAsFloats();
  }
}
