package dev.weft.train;

import dev.weft.compute.ParallelRows;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
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
  // One width in the whole process, not the preferred one here and a fixed one there: once the
  // JDK's own methods have seen vectors of two classes, the compiler no longer knows which comes,
  // makes objects of them, and everything takes ten times as long.
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_256;
  static final int LANES = 8; // fixed: it is part of the order of the sums

  private static final int UNROLL = 4 * LANES;
  private static final int BLOCK = 4096; // floats added up in float32 before float64 takes over
  private static final int COLUMN_BLOCK = 512;

  private static final float LOG2_E = 1.44269504f;
  private static final float ROUND = 12582912f; // 1.5 * 2^23: adding it leaves the nearest integer
  private static final int EXPONENT_BITS = 23;
  private static final float LN2_HIGH = -0.693359375f;
  private static final float LN2_LOW = 2.12194440e-4f;
  private static final float SMALLEST = -87f; // exp of it is the smallest normal float

  @Override
  public double[] at(INDArray logits, int[] places) {
    Tile tile = new Tile(logits);
    double[] values = new double[places.length];
    for (int row = 0; row < places.length; row++) {
      values[row] = tile.floats.get(row * tile.size + places[row]);
    }
    return values;
  }

  @Override
  public void add(INDArray logits, int[] places, double[] added) {
    Tile tile = new Tile(logits);
    for (int row = 0; row < places.length; row++) {
      int place = row * tile.size + places[row];
      tile.floats.put(place, (float) (tile.floats.get(place) + added[row]));
    }
  }

  @Override
  public void rowExponentials(INDArray logits, double[] shifts, double[] sums) {
    exponentials(new Tile(logits), shifts, sums, /* store= */ true);
  }

  @Override
  public void rowSums(INDArray logits, double[] shifts, double[] sums) {
    exponentials(new Tile(logits), shifts, sums, /* store= */ false);
  }

  private static void exponentials(Tile tile, double[] shifts, double[] sums, boolean store) {
    ParallelRows.forEach(
        tile.rows,
        row -> { // its numbers are still in the cache when they are read again
          float[] block = tile.blocks().first;
          shifts[row] = Math.max(maximum(tile, row, block), (float) shifts[row]);
          sums[row] = exponentials(tile, row, block, (float) shifts[row], store);
        });
  }

  @Override
  public void bothExponentials(INDArray logits, double[] rowShifts, double[] columnShifts) {
    Tile tile = new Tile(logits);
    float[] columns = floats(columnShifts);
    ParallelRows.forEach(tile.rows, row -> both(tile, row, (float) rowShifts[row], columns));
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
   * Logits in main memory. A pass works on a copy of a stretch in a heap array, which the compiler
   * turns into tighter loops than direct memory; besides, Java 17 and 21 have no common way from
   * direct memory to a register.
   */
  private static final class Tile {
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
      floats =
          new BytePointer(logits.data().pointer())
              .capacity(length)
              .asByteBuffer()
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
    }

    Blocks blocks() {
      return Blocks.OF_THREAD.get();
    }
  }

  /** Two blocks, with room for whole registers behind the numbers. */
  private static final class Blocks {
    private static final ThreadLocal<Blocks> OF_THREAD = ThreadLocal.withInitial(Blocks::new);

    private final float[] first = new float[BLOCK + UNROLL];
    private final float[] second = new float[BLOCK + UNROLL];
  }

  private interface Range {
    void accept(int from, int to);
  }

  private static void forEachBlock(int columns, Range work) {
    int blocks = (columns + COLUMN_BLOCK - 1) / COLUMN_BLOCK;
    ParallelRows.forEach(
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

  /** Leaves in the block what was read last: the whole of a row that fits. */
  private static float maximum(Tile tile, int row, float[] block) {
    float greatest = Float.NEGATIVE_INFINITY;
    for (int from = 0; from < tile.size; from += BLOCK) {
      int count = Math.min(BLOCK, tile.size - from);
      tile.floats.get(row * tile.size + from, block, 0, count);
      greatest = Math.max(greatest, maximum(block, count));
    }
    return greatest;
  }

  private static float maximum(float[] block, int count) {
    Arrays.fill(block, count, count + UNROLL, Float.NEGATIVE_INFINITY);
    FloatVector first = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector second = first;
    FloatVector third = first;
    FloatVector fourth = first;
    for (int i = 0; i < count; i += UNROLL) {
      first = first.max(FloatVector.fromArray(SPECIES, block, i));
      second = second.max(FloatVector.fromArray(SPECIES, block, i + LANES));
      third = third.max(FloatVector.fromArray(SPECIES, block, i + 2 * LANES));
      fourth = fourth.max(FloatVector.fromArray(SPECIES, block, i + 3 * LANES));
    }
    return first.max(second).max(third.max(fourth)).reduceLanes(VectorOperators.MAX);
  }

  /**
   * @param block as {@link #maximum} left it: a row that fits is not read again
   */
  private static double exponentials(
      Tile tile, int row, float[] block, float shift, boolean store) {
    double sum = 0;
    for (int from = 0; from < tile.size; from += BLOCK) {
      int count = Math.min(BLOCK, tile.size - from);
      int place = row * tile.size + from;
      if (tile.size > BLOCK) {
        tile.floats.get(place, block, 0, count);
      }
      exponentials(block, count, shift);
      sum += sum(block, count);
      if (store) {
        tile.floats.put(place, block, 0, count);
      }
    }
    return sum;
  }

  /** In lanes, then those one by one. */
  private static double sum(float[] block, int count) {
    Arrays.fill(block, count, count + UNROLL, 0);
    FloatVector first = FloatVector.zero(SPECIES);
    FloatVector second = first;
    FloatVector third = first;
    FloatVector fourth = first;
    for (int i = 0; i < count; i += UNROLL) {
      first = first.add(FloatVector.fromArray(SPECIES, block, i));
      second = second.add(FloatVector.fromArray(SPECIES, block, i + LANES));
      third = third.add(FloatVector.fromArray(SPECIES, block, i + 2 * LANES));
      fourth = fourth.add(FloatVector.fromArray(SPECIES, block, i + 3 * LANES));
    }
    double sum = 0;
    for (float lane : first.add(second).add(third.add(fourth)).toArray()) {
      sum += lane;
    }
    return sum;
  }

  private static void both(Tile tile, int row, float rowShift, float[] columnShifts) {
    Blocks blocks = tile.blocks();
    for (int from = 0; from < tile.size; from += BLOCK) {
      int count = Math.min(BLOCK, tile.size - from);
      int place = row * tile.size + from;
      int own = Math.max(0, Math.min(count, columnShifts.length - from)); // the others have no term
      tile.floats.get(place, blocks.first, 0, count);
      lessColumns(blocks, own, columnShifts, from);
      exponentials(blocks.second, own, 0);
      exponentials(blocks.first, count, rowShift);
      for (int i = 0; i < own; i++) {
        blocks.first[i] += blocks.second[i];
      }
      tile.floats.put(place, blocks.first, 0, count);
    }
  }

  /** The first numbers less those of their columns, into the second block. */
  private static void lessColumns(Blocks blocks, int count, float[] columnShifts, int from) {
    for (int i = 0; i < count; i++) {
      blocks.second[i] = blocks.first[i] - columnShifts[from + i];
    }
  }

  private static void maxima(Tile tile, int from, int to, float[] greatest) {
    float[] block = tile.blocks().first;
    int count = to - from;
    for (int row = 0; row < tile.rows; row++) {
      tile.floats.get(row * tile.size + from, block, 0, count);
      for (int i = 0; i < count; i++) {
        greatest[from + i] = Math.max(greatest[from + i], block[i]);
      }
    }
  }

  private static void sums(Tile tile, int from, int to, float[] shifts, float[] sums) {
    Blocks blocks = tile.blocks();
    int count = to - from;
    for (int row = 0; row < tile.rows; row++) {
      tile.floats.get(row * tile.size + from, blocks.first, 0, count);
      lessColumns(blocks, count, shifts, from);
      exponentials(blocks.second, count, 0);
      for (int i = 0; i < count; i++) {
        sums[from + i] += blocks.second[i];
      }
    }
  }

  /**
   * Replaces numbers by the exponential of them less a shift; what is at most -87 then, as if it
   * were -87.
   *
   * <p>One loop with all of it inside: a vector that goes through a call is an object in the heap
   * wherever the compiler leaves the call one.
   *
   * @param block has room for count rounded up to {@link #LANES}
   */
  static void exponentials(float[] block, int count, float shift) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, block, i).sub(shift).max(SMALLEST);
      FloatVector shifted = x.mul(LOG2_E).add(ROUND);
      FloatVector power = shifted.sub(ROUND); // n, so that x is n ln 2 + rest
      FloatVector high = power.fma(FloatVector.broadcast(SPECIES, LN2_HIGH), x);
      FloatVector rest = power.fma(FloatVector.broadcast(SPECIES, LN2_LOW), high);
      FloatVector polynomial =
          FloatVector.broadcast(SPECIES, 1.9875691500e-4f)
              .fma(rest, FloatVector.broadcast(SPECIES, 1.3981999507e-3f))
              .fma(rest, FloatVector.broadcast(SPECIES, 8.3334519073e-3f))
              .fma(rest, FloatVector.broadcast(SPECIES, 4.1665795894e-2f))
              .fma(rest, FloatVector.broadcast(SPECIES, 1.6666665459e-1f))
              .fma(rest, FloatVector.broadcast(SPECIES, 5.0000001201e-1f))
              .fma(rest.mul(rest), rest.add(1f));
      // The low bits of 'shifted' are n: moved to the place of the exponent they multiply by 2^n.
      polynomial
          .reinterpretAsInts()
          .add(shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, EXPONENT_BITS))
          .reinterpretAsFloats()
          .intoArray(block, i);
    }
  }
}
