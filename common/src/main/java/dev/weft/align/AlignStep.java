package dev.weft.align;

import dev.weft.compute.MatrixProduct;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.encode.PatchNetwork;
import dev.weft.encode.PatchShape;
import dev.weft.encode.Preprocessing;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The two passes of a step over one slice of its batch.
 *
 * <p>Both are pure functions of their arguments (and of the seed and settings given here): a task
 * that is run again returns the same bytes. Where pass 2 follows pass 1 with the very same request
 * and rows, the activations of pass 1 are used again, which changes the time and nothing else.
 *
 * <p>Not safe for use by two threads at once: it owns the image side.
 */
public final class AlignStep {
  private final ImageSide images;
  private final AlignParameters layout;
  private final INDArray projection; // [T, D]
  private Optional<Forward> last;

  /**
   * @param shape sizes of the image tower
   * @param preprocessing mean and deviation of the pixels; the rows have its size already
   * @param seed of the augmentation
   */
  public AlignStep(
      PatchShape shape, Preprocessing preprocessing, Augmentation augmentation, long seed) {
    this(
        new ImageSide.Pictures(PatchNetwork.of(shape), preprocessing, augmentation, seed),
        AlignParameters.of(shape));
  }

  AlignStep(ImageSide images, AlignParameters layout) {
    NativeBackend.load();
    this.images = images;
    this.layout = layout;
    this.projection =
        Nd4j.createUninitialized(DataType.FLOAT, layout.textWidth(), layout.dimension());
    this.last = Optional.empty();
  }

  /** The results of a forward pass, and what they belong to. */
  @SuppressWarnings("ArrayRecordComponent") // never leaves this class
  private record Forward(
      byte[] parameters, int epoch, int[] rows, INDArray inputs, UnitRows images, UnitRows texts) {

    @SuppressWarnings("ReferenceEquality") // the same array, not an equal one, is what is cheap
    boolean isOf(AlignRequest request, int[] slice) {
      return parameters == request.parameters()
          && epoch == request.epoch()
          && Arrays.equals(rows, slice);
    }
  }

  /**
   * Pass 1: the unit vectors of a slice.
   *
   * @param slice its rows, any number
   */
  public Embeddings embed(AlignRequest request, List<AlignRow> slice) {
    if (slice.isEmpty()) {
      return new Embeddings(new float[0], new float[0], new long[0]);
    }
    Forward forward = forward(request, slice);
    return new Embeddings(
        NativeVectors.array(forward.images.vectors().dup('c')),
        NativeVectors.array(forward.texts.vectors().dup('c')),
        slice.stream().mapToLong(AlignRow::description).toArray());
  }

  /**
   * Pass 2: the slice's share of the loss and of its gradient.
   *
   * @param slice its rows, as in pass 1
   * @param from where they begin in the batch
   * @param all the vectors of the whole batch
   * @param normalizers of the loss over the whole batch
   */
  public PartialGradient gradient(
      AlignRequest request,
      List<AlignRow> slice,
      int from,
      Embeddings all,
      SymmetricLoss.Normalizers normalizers) {
    if (slice.isEmpty()) {
      return new PartialGradient(0, new byte[0]);
    }
    Forward forward = forward(request, slice);
    last = Optional.empty(); // back-propagation uses the activations up
    double scale = scale(request);
    SymmetricLoss.Share share =
        loss(all, layout.dimension(), scale).share(from, from + slice.size(), normalizers);
    INDArray image = images.backward(forward.images.backward(share.images()));
    INDArray text =
        MatrixProduct.ofFirstTransposed(forward.inputs, forward.texts.backward(share.texts()))
            .dup('c');
    byte[] gradient = new byte[layout.count() * Float.BYTES];
    NativeVectors.floats(gradient)
        .put(NativeVectors.view(image))
        .put(NativeVectors.view(text))
        .put((float) (share.scale() * scale)); // d/d(log s)
    return new PartialGradient(share.loss(), gradient);
  }

  /**
   * The normalisers of the loss over a whole batch, which pass 2 needs.
   *
   * @param all the vectors of pass 1
   */
  public static SymmetricLoss.Normalizers normalizers(
      AlignRequest request, Embeddings all, AlignParameters layout) {
    double scale = Math.exp(NativeVectors.floats(request.parameters()).get(layout.scaleAt()));
    return loss(all, layout.dimension(), scale).normalizers(0, all.rows());
  }

  /**
   * The loss over a whole batch.
   *
   * @param dimension D
   * @param scale the logit scale
   */
  static SymmetricLoss loss(Embeddings all, int dimension, double scale) {
    return new SymmetricLoss(
        matrix(all.images(), all.rows(), dimension),
        matrix(all.texts(), all.rows(), dimension),
        all.descriptions(),
        scale);
  }

  private static INDArray matrix(float[] values, int rows, int columns) {
    INDArray matrix = Nd4j.createUninitialized(DataType.FLOAT, rows, columns);
    NativeVectors.fill(matrix, values);
    return matrix;
  }

  private double scale(AlignRequest request) {
    return Math.exp(NativeVectors.floats(request.parameters()).get(layout.scaleAt()));
  }

  private Forward forward(AlignRequest request, List<AlignRow> slice) {
    int[] rows = slice.stream().mapToInt(AlignRow::row).toArray();
    if (last.isPresent() && last.get().isOf(request, rows)) {
      return last.get();
    }
    load(request.parameters());
    float[] texts = new float[slice.size() * layout.textWidth()];
    for (int i = 0; i < slice.size(); i++) {
      System.arraycopy(slice.get(i).text(), 0, texts, i * layout.textWidth(), layout.textWidth());
    }
    INDArray inputs = matrix(texts, slice.size(), layout.textWidth()); // [b, T]
    UnitRows seen = UnitRows.of(images.forward(slice, request.epoch())); // [b, D]
    UnitRows projected = UnitRows.of(MatrixProduct.of(inputs, projection)); // [b, D]
    Forward forward =
        new Forward(request.parameters(), request.epoch(), rows, inputs, seen, projected);
    last = Optional.of(forward);
    return forward;
  }

  private void load(byte[] parameters) {
    if (parameters.length != layout.count() * Float.BYTES) {
      throw new IllegalArgumentException(
          "expected " + layout.count() + " parameters, found " + parameters.length / Float.BYTES);
    }
    NativeVectors.view(images.parameters())
        .put(NativeVectors.floats(parameters).limit(layout.imageCount()));
    NativeVectors.view(projection)
        .put(
            NativeVectors.floats(parameters).limit(layout.scaleAt()).position(layout.imageCount()));
  }
}
