package dev.weft.train;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.RandomKey;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Computes slices of steps: loss and gradients of some rows of the global batch against the targets
 * of all of them.
 *
 * <p>The result is a function of its arguments only: a repeated call gives the same bytes, on the
 * same kind of machine with the same number of threads. Model and buffers stay from call to call,
 * so one object per process is enough; calls from several threads take turns, each with all cores.
 */
public final class StepComputation {
  private static final long CAPTION_FORM = 4;

  private final GraphHead head;
  private final TripletTable table;
  private final Batches batches;
  private final boolean referenceAsNegative;
  private final ContrastiveLoss loss = new ContrastiveLoss(DataType.FLOAT);
  private INDArray images;
  private INDArray texts;
  private INDArray targets;

  /**
   * @param architecture the head
   * @param table the training rows
   * @param batches which rows a step has; its seed keys every other draw too
   * @param referenceAsNegative whether the reference image of a row is one of its negatives
   */
  public StepComputation(
      HeadArchitecture.Trainable architecture,
      TripletTable table,
      Batches batches,
      boolean referenceAsNegative) {
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
    this.head = GraphHead.build(architecture);
    this.table = table;
    this.batches = batches;
    this.referenceAsNegative = referenceAsNegative;
    images = Nd4j.createUninitialized(DataType.FLOAT, 1, table.dimension());
    texts = images.dup();
    targets = images.dup();
  }

  /**
   * Computes one slice.
   *
   * @param request the step
   * @param part which slice, from 0
   * @param parts how many slices the step has
   */
  public synchronized PartialStep compute(StepRequest request, int part, int parts) {
    int[] batch = batches.rows(request.epoch(), request.stepInEpoch());
    int from = Batches.sliceStart(batch.length, part, parts);
    int[] rows = Arrays.copyOfRange(batch, from, Batches.sliceStart(batch.length, part + 1, parts));
    if (rows.length == 0) {
      return new PartialStep(0, 0, 0, new byte[0]);
    }
    NativeVectors.fill(head.parameters(), request.parameters());

    int[] references = Arrays.stream(rows).map(table::reference).toArray();
    int[] captions = Arrays.stream(rows).map(row -> caption(request.epoch(), row)).toArray();
    int[] answers = Arrays.stream(batch).map(table::target).toArray();
    images = matrix(images, rows.length);
    texts = matrix(texts, rows.length);
    targets = matrix(targets, batch.length);
    table.gatherImages(references, images);
    table.gatherTexts(captions, texts);
    table.gatherImages(answers, targets);

    INDArray queries =
        head.forward(images, texts, new RowKeys(batches.seed(), request.step(), rows)); // [b, D]
    int[] own = new int[rows.length];
    Arrays.setAll(own, i -> from + i);
    ContrastiveLoss.Slice slice =
        loss.evaluate(
            queries,
            own,
            new Candidates(targets, answers),
            referenceAsNegative
                ? Optional.of(new ContrastiveLoss.OwnNegatives(images, references))
                : Optional.empty(),
            request.logitScale(),
            batch.length);
    INDArray gradient = head.backward(slice.gradient());
    return new PartialStep(
        rows.length, slice.loss(), slice.scaleGradient(), NativeVectors.bytes(gradient));
  }

  /** The text of a row in an epoch: one of its forms, drawn by (seed, epoch, row). */
  private int caption(int epoch, int row) {
    long key = RandomKey.of(batches.seed(), CAPTION_FORM, epoch, row);
    return table.caption(row, new SplittableRandom(key).nextInt(table.forms()));
  }

  private INDArray matrix(INDArray present, int rows) {
    return present.size(0) == rows
        ? present
        : Nd4j.createUninitialized(DataType.FLOAT, rows, table.dimension());
  }
}
