package dev.weft.train;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.factory.Nd4j;

/** The vertices that combine or scale what is there, element by element or row by row. */
final class ElementNodes {
  private ElementNodes() {}

  /** Element by element. */
  static final class Product extends GraphNode {
    private final GraphNode first;
    private final GraphNode second;

    Product(PassMemory memory, GraphNode first, GraphNode second) {
      super(memory, first.trained || second.trained);
      this.first = first;
      this.second = second;
    }

    @Override
    long width() {
      return first.width();
    }

    @Override
    void forward() {
      first.value.muli(second.value, value);
    }

    @Override
    void backward(boolean accumulate) {
      first.give(into -> error.muli(second.value, into));
      second.give(into -> error.muli(first.value, into));
    }
  }

  /** Element by element. */
  static final class Sum extends GraphNode {
    private final List<GraphNode> terms;

    Sum(PassMemory memory, List<GraphNode> terms) {
      super(memory, terms.stream().anyMatch(term -> term.trained));
      this.terms = terms;
    }

    @Override
    long width() {
      return terms.get(0).width();
    }

    @Override
    void forward() {
      terms.get(0).value.addi(terms.get(1).value, value);
      terms.stream().skip(2).forEach(term -> value.addi(term.value));
    }

    @Override
    void backward(boolean accumulate) {
      terms.forEach(term -> term.give(into -> into.assign(error)));
    }
  }

  /** Each row divided by its length. */
  static final class Normalized extends GraphNode {
    private final GraphNode source;
    private INDArray norms; // [r]

    Normalized(PassMemory memory, GraphNode source) {
      super(memory, source.trained);
      this.source = source;
    }

    @Override
    long width() {
      return source.width();
    }

    @Override
    void forward() {
      norms = source.value.norm2(0);
      norms.addi(norms.eq(0).castTo(norms.dataType())); // a row of zeros stays one
      value.assign(source.value); // in place is three times as fast as into another matrix
      value.diviRowVector(norms);
    }

    @Override
    void backward(boolean accumulate) {
      INDArray along = Nd4j.exec(new Dot(value, error, 0)); // [r]
      source.give(
          into -> {
            into.assign(value);
            into.muliRowVector(along);
            error.subi(into, into);
            into.diviRowVector(norms);
          });
    }
  }
}
