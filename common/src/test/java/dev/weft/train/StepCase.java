package dev.weft.train;

import dev.weft.compute.MatrixProduct;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Preset;
import dev.weft.train.HeadArchitecture.Trainable;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A step that is measured.
 *
 * @param label what the table calls it
 * @param peer the head in {@code scripts/peers/train_step.py}
 * @param architecture the head
 * @param batch rows B
 * @param turn steps of a turn
 * @param leastRatio triplets/s over PyTorch's that are wanted
 * @param leastShare share of the time of a step that its matrix products alone would take, wanted
 */
record StepCase(
    String label,
    String peer,
    Trainable architecture,
    int batch,
    int turn,
    double leastRatio,
    double leastShare) {

  /** Rows that the head and the loss take at once. */
  private static final int TILE = 1024;

  static List<StepCase> all() {
    Trainable gated = new Gated(512, Gate.VECTOR);
    return List.of(
        new StepCase("gated, D=512, B=4096", "gated", gated, 4096, 4, 1.3, 0.8),
        new StepCase("gated, D=512, B=1024", "gated", gated, 1024, 24, 1.2, 0),
        new StepCase(
            "combiner full, D=640, B=1024",
            "combiner",
            Preset.FULL.combiner(640),
            1024,
            1,
            1.0,
            0));
  }

  /**
   * A matrix product, {@code [m, n]} over k, in the layout of the step.
   *
   * @param times how often a step has it
   */
  private record Product(int m, int n, int k, Form form, int times) {
    long operations() {
      return 2L * m * n * k * times;
    }
  }

  private enum Form {
    /** Both as they are: what comes back through a layer, and the gradient of the queries. */
    PLAIN,
    /** The first transposed: a layer forward, and the logits. */
    FIRST_TRANSPOSED,
    /** The second transposed: the gradient of weights. */
    SECOND_TRANSPOSED
  }

  private List<Product> products() {
    int width = architecture.dimension();
    int tiles = batch / TILE;
    List<Product> products = new ArrayList<>();
    products.add(new Product(batch, TILE, width, Form.FIRST_TRANSPOSED, tiles)); // logits
    products.add(new Product(width, TILE, batch, Form.PLAIN, tiles)); // dL/dq
    if (architecture instanceof Combiner combiner) {
      int projection = combiner.projection();
      int hidden = combiner.hidden();
      addLayer(products, width, projection, 2, /* trainedInput= */ false);
      addLayer(products, projection, hidden, 4, /* trainedInput= */ true);
      addLayer(products, hidden, width, 1, /* trainedInput= */ true);
    } else {
      addLayer(products, width, width, 2, /* trainedInput= */ false);
    }
    return products;
  }

  private void addLayer(
      List<Product> products, int inputs, int outputs, int count, boolean trainedInput) {
    int times = count * batch / TILE;
    products.add(new Product(outputs, TILE, inputs, Form.FIRST_TRANSPOSED, times));
    products.add(new Product(inputs, outputs, TILE, Form.SECOND_TRANSPOSED, times));
    if (trainedInput) {
      products.add(new Product(inputs, TILE, outputs, Form.PLAIN, times));
    }
  }

  /** Floating-point operations of the matrix products of a step. */
  long operations() {
    return products().stream().mapToLong(Product::operations).sum();
  }

  /** The matrix products of a step and nothing else. */
  Runnable ceiling() {
    List<Runnable> work = new ArrayList<>();
    for (Product product : products()) {
      INDArray first = random(product.form == Form.FIRST_TRANSPOSED, product.m, product.k);
      INDArray second = random(product.form == Form.SECOND_TRANSPOSED, product.k, product.n);
      INDArray result =
          Nd4j.createUninitialized(DataType.FLOAT, new long[] {product.m, product.n}, 'f');
      for (int i = 0; i < product.times; i++) {
        work.add(
            switch (product.form) {
              case PLAIN -> () -> MatrixProduct.add(first, second, result, 1, 0);
              case FIRST_TRANSPOSED ->
                  () -> MatrixProduct.addFirstTransposed(first, second, result, 1, 0);
              case SECOND_TRANSPOSED ->
                  () -> MatrixProduct.addSecondTransposed(first, second, result, 1, 0);
            });
      }
    }
    return () -> work.forEach(Runnable::run);
  }

  private static INDArray random(boolean transposed, int rows, int columns) {
    long[] shape = transposed ? new long[] {columns, rows} : new long[] {rows, columns};
    return Nd4j.rand(DataType.FLOAT, shape).dup('f');
  }
}
