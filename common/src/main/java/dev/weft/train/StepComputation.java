package dev.weft.train;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.Optimizer;
import dev.weft.compute.RandomKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Computes slices of steps: loss and gradients of some rows of the global batch against the targets
 * of all of them.
 *
 * <p>A slice goes through head, loss and back in tiles of rows, which are independent of each other
 * because the targets are frozen. So a step holds the candidates and one tile, whatever the size of
 * the batch: {@code (C + about 10 r) D + C r} numbers with C candidates and r rows of a tile.
 *
 * <p>The result is a function of its arguments only: a repeated call gives the same bytes, on the
 * same kind of machine, with any number of threads. Model and buffers stay from call to call, so
 * one object per process is enough; calls from several threads take turns, each with all cores.
 */
public final class StepComputation {
  private static final long CAPTION_FORM = 4;

  /** Fewer rows leave the matrix product below its speed; more give nothing. */
  private static final int LARGEST_TILE = 1024;

  private static final int SMALLEST_TILE = 256;

  /** Logits of a tile that stay near the processor: 16 MiB of float32. */
  private static final int TILE_LOGITS = 1 << 22;

  private final GraphHead head;
  private final HeadLayout layout;
  private final TripletTable table;
  private final Batches batches;
  private final Objective objective;
  private final ContrastiveLoss loss = new ContrastiveLoss(DataType.FLOAT);
  private final INDArray[] rowVectors; // images, texts, hard negatives; each [tile, D]
  private INDArray candidateVectors;
  private StepCandidates present = new StepCandidates(-1, -1, new int[0], null);

  /** What all slices of a step share. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record StepCandidates(int epoch, int stepInEpoch, int[] batch, Candidates candidates) {}

  /**
   * @param architecture the head
   * @param table the training rows
   * @param batches which rows a step has; its seed keys every other draw too
   * @param objective what is minimised
   */
  public StepComputation(
      HeadArchitecture.Trainable architecture,
      TripletTable table,
      Batches batches,
      Objective objective) {
    if (architecture.dimension() != table.dimension() || batches.rows() != table.rows()) {
      throw new IllegalArgumentException(
          architecture
              + " and "
              + batches
              + " do not fit a table of "
              + table.rows()
              + " rows of "
              + table.dimension());
    }
    if (objective.hardNegatives() > table.hardNegatives()) {
      throw new IllegalArgumentException(
          objective + " asks for more hard negatives than the table's " + table.hardNegatives());
    }
    this.head = GraphHead.build(architecture);
    this.layout = HeadLayout.of(architecture);
    this.table = table;
    this.batches = batches;
    this.objective = objective;
    rowVectors = new INDArray[2 + objective.hardNegatives()];
    Arrays.setAll(rowVectors, i -> Nd4j.createUninitialized(DataType.FLOAT, 1, table.dimension()));
    candidateVectors = rowVectors[0].dup();
  }

  /** The parameters of the head that are weights, see {@link HeadLayout#weights}. */
  List<Optimizer.Span> weights() {
    return layout.weights();
  }

  /** Which rows a step has. */
  Batches batches() {
    return batches;
  }

  /**
   * The first pass of a symmetric loss on one slice.
   *
   * @param request the step
   * @param part which slice, from 0
   * @param parts how many slices the step has
   * @return for each target of the batch the log-sum-exp of its logits over the rows of the slice,
   *     B numbers; negative infinity from a slice without rows
   */
  public synchronized double[] columns(StepRequest request, int part, int parts) {
    StepCandidates step = candidates(request.epoch(), request.stepInEpoch());
    double[] columns = new double[step.batch().length];
    Arrays.fill(columns, Double.NEGATIVE_INFINITY);
    NativeVectors.fill(head.parameters(), request.parameters());
    forEachTile(
        step,
        part,
        parts,
        (from, rows) ->
            loss.addToColumns(
                compose(request, from, rows), step.candidates(), request.logitScale(), columns));
    return columns;
  }

  /**
   * Computes one slice.
   *
   * @param request the step
   * @param part which slice, from 0
   * @param parts how many slices the step has
   */
  public synchronized PartialStep compute(StepRequest request, int part, int parts) {
    StepCandidates step = candidates(request.epoch(), request.stepInEpoch());
    int batchRows = step.batch().length;
    if (request.columns().length != (objective.needsColumns() ? batchRows : 0)) {
      throw new IllegalArgumentException(
          request.columns().length + " columns for " + batchRows + " rows and " + objective);
    }
    NativeVectors.fill(head.parameters(), request.parameters());
    ContrastiveLoss.Step common =
        new ContrastiveLoss.Step(
            step.candidates(),
            batchRows,
            request.logitScale(),
            request.columns(),
            objective.labelSmoothing());
    Sum sum = new Sum();
    forEachTile(
        step,
        part,
        parts,
        (from, rows) -> {
          ContrastiveLoss.Slice tile = loss.evaluate(compose(request, from, rows), common);
          INDArray gradient = head.backward(tile.gradient(), sum.rows > 0);
          sum.add(rows.length, tile, gradient);
        });
    return sum.result();
  }

  /**
   * Looks up the candidates of the step after this one: what of it does not depend on parameters,
   * and so can be done while they are on their way.
   */
  public synchronized void prepareAfter(StepRequest done) {
    int next = done.stepInEpoch() + 1;
    boolean same = next < batches.stepsPerEpoch();
    candidates(same ? done.epoch() : done.epoch() + 1, same ? next : 0);
  }

  /**
   * Looks for the rows of a slice that make its loss or gradient no number, one by one: slow, and
   * only for a step that failed.
   *
   * @param request the step, as for {@link #compute}
   * @param part which slice, from 0
   * @param parts how many slices the step has
   * @return rows of the table
   */
  public synchronized int[] notFinite(StepRequest request, int part, int parts) {
    int[] batch = candidates(request.epoch(), request.stepInEpoch()).batch();
    int from = Batches.sliceStart(batch.length, part, parts);
    return IntStream.range(from, Batches.sliceStart(batch.length, part + 1, parts))
        .filter(i -> !compute(request, i, batch.length).isFinite()) // a slice of one row
        .map(i -> batch[i])
        .toArray();
  }

  /** The tiles of a slice so far. */
  private static final class Sum {
    private int rows;
    private double loss;
    private double scaleGradient;
    private INDArray gradient;

    void add(int tileRows, ContrastiveLoss.Slice tile, INDArray gradientSoFar) {
      rows += tileRows;
      loss += tile.loss();
      scaleGradient += tile.scaleGradient();
      gradient = gradientSoFar;
    }

    PartialStep result() {
      return new PartialStep(
          rows, loss, scaleGradient, rows == 0 ? new byte[0] : NativeVectors.bytes(gradient));
    }
  }

  private interface Tile {
    /** Takes the rows from this place of the batch on. */
    void accept(int from, int[] rows);
  }

  /** The size of a tile depends on the step alone, so a slice has the same bytes everywhere. */
  private void forEachTile(StepCandidates step, int part, int parts, Tile work) {
    int[] batch = step.batch();
    int to = Batches.sliceStart(batch.length, part + 1, parts);
    int fitting = TILE_LOGITS / step.candidates().size();
    int tile = Math.max(SMALLEST_TILE, Math.min(LARGEST_TILE, fitting));
    for (int from = Batches.sliceStart(batch.length, part, parts); from < to; from += tile) {
      work.accept(from, Arrays.copyOfRange(batch, from, Math.min(to, from + tile)));
    }
  }

  /** The queries of a tile, and what they are compared with besides the candidates. */
  private ContrastiveLoss.Rows compose(StepRequest request, int from, int[] rows) {
    int[] references = Arrays.stream(rows).map(table::reference).toArray();
    int[] captions =
        Arrays.stream(rows)
            .map(row -> caption(table, batches.seed(), request.epoch(), row))
            .toArray();
    INDArray images = rowVectors(0, rows.length);
    INDArray texts = rowVectors(1, rows.length);
    table.gatherImages(references, images);
    table.gatherTexts(captions, texts);
    List<ContrastiveLoss.OwnNegatives> negatives = new ArrayList<>();
    if (objective.referenceAsNegative()) {
      negatives.add(new ContrastiveLoss.OwnNegatives(images, references));
    }
    for (int k = 0; k < objective.hardNegatives(); k++) {
      int place = k;
      INDArray vectors = rowVectors(2 + k, rows.length);
      int[] numbers = Arrays.stream(rows).map(row -> table.hardNegative(row, place)).toArray();
      table.gatherImages(Arrays.stream(numbers).map(n -> Math.max(n, 0)).toArray(), vectors);
      negatives.add(new ContrastiveLoss.OwnNegatives(vectors, numbers));
    }
    int[] own = new int[rows.length];
    Arrays.setAll(own, i -> from + i);
    RowKeys keys = new RowKeys(batches.seed(), request.step(), rows);
    return new ContrastiveLoss.Rows(head.forward(images, texts, keys), own, negatives);
  }

  /** The targets of the batch, and behind them those of the batches before it. */
  private StepCandidates candidates(int epoch, int stepInEpoch) {
    if (present.epoch() == epoch && present.stepInEpoch() == stepInEpoch) {
      return present;
    }
    int[] batch = batches.rows(epoch, stepInEpoch);
    int[] numbers = candidateImages(epoch, stepInEpoch, batch);
    if (candidateVectors.size(0) < numbers.length) {
      candidateVectors =
          Nd4j.createUninitialized(DataType.FLOAT, numbers.length, table.dimension());
    }
    INDArray vectors = GraphHead.rows(candidateVectors, 0, numbers.length);
    table.gatherImages(numbers, vectors);
    present = new StepCandidates(epoch, stepInEpoch, batch, new Candidates(vectors, numbers));
    return present;
  }

  /**
   * The memory is a function of the step: the targets are frozen, so they are looked up instead of
   * kept. An image is in it once, and not at all if it is a target of the batch.
   */
  private int[] candidateImages(int epoch, int stepInEpoch, int[] batch) {
    int[] targets = Arrays.stream(batch).map(table::target).toArray();
    if (objective.memoryBatches() == 0) {
      return targets;
    }
    List<Integer> all = new ArrayList<>(Arrays.stream(targets).boxed().toList());
    Set<Integer> seen = new HashSet<>(all);
    long step = (long) epoch * batches.stepsPerEpoch() + stepInEpoch;
    for (int back = 1; back <= Math.min(step, objective.memoryBatches()); back++) {
      int itsEpoch = (int) ((step - back) / batches.stepsPerEpoch());
      int itsStep = (int) ((step - back) % batches.stepsPerEpoch());
      for (int row : batches.rows(itsEpoch, itsStep)) {
        if (seen.add(table.target(row))) {
          all.add(table.target(row));
        }
      }
    }
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The text of a row in an epoch: one of its forms, drawn by (seed, epoch, row). */
  static int caption(TripletTable table, long seed, int epoch, int row) {
    long key = RandomKey.of(seed, CAPTION_FORM, epoch, row);
    return table.caption(row, new SplittableRandom(key).nextInt(table.forms()));
  }

  private INDArray rowVectors(int which, int rows) {
    if (rowVectors[which].size(0) < rows) {
      rowVectors[which] = Nd4j.createUninitialized(DataType.FLOAT, rows, table.dimension());
    }
    return GraphHead.rows(rowVectors[which], 0, rows);
  }
}
