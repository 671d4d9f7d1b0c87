package dev.weft.train;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Composes a reference image and a sentence into one query vector in the space of the images.
 *
 * <p>Dimensions: B = rows, D = embedding width. Inputs are unit vectors, and so is the result.
 */
public sealed interface FusionHead permits SumHead, WeightedHead, GraphHead {
  /** What it is, without its parameters. */
  HeadArchitecture architecture();

  /**
   * Composes without dropout.
   *
   * @param images reference images, {@code [B, D]} in row order, unit length
   * @param texts sentences, {@code [B, D]} in row order, unit length
   * @return queries, {@code [B, D]}, unit length; the inputs are not modified
   */
  INDArray compose(INDArray images, INDArray texts);

  /**
   * Composes vectors on the heap, as {@link #compose(INDArray, INDArray)} does.
   *
   * @param images reference images, {@code [B, D]}, unit length, B at least 1
   * @param texts sentences in the same order, {@code [B, D]}, unit length
   * @return queries, {@code [B, D]}, unit length
   */
  default float[][] compose(float[][] images, float[][] texts) {
    NativeBackend.load();
    float[] values = NativeVectors.array(compose(rows(images), rows(texts)).dup('c'));
    int width = architecture().dimension();
    float[][] queries = new float[images.length][];
    for (int row = 0; row < queries.length; row++) {
      queries[row] = Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }
    return queries;
  }

  /** Makes each row one unit long, in place; a row of zeros stays as it is. */
  static INDArray normalizeRows(INDArray rows) {
    INDArray norm = rows.norm2(true, 1); // [B, 1]
    return rows.diviColumnVector(norm.addi(norm.eq(0).castTo(norm.dataType())));
  }

  /**
   * The head of an architecture with trained parameters.
   *
   * @param architecture what to build
   * @param parameters its parameters, as many as {@link HeadArchitecture#parameterCount} says
   */
  static FusionHead of(HeadArchitecture architecture, float[] parameters) {
    if (architecture instanceof HeadArchitecture.Sum sum) {
      return new SumHead(sum);
    }
    if (architecture instanceof HeadArchitecture.Weighted weighted) {
      return new WeightedHead(weighted);
    }
    GraphHead head = GraphHead.build((HeadArchitecture.Trainable) architecture);
    NativeVectors.fill(head.parameters(), parameters);
    return head;
  }

  /** Rows of heap vectors as a tensor, {@code [B, D]}. */
  static INDArray rows(float[][] vectors) {
    return Nd4j.createFromArray(vectors);
  }
}
