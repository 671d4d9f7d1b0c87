package dev.weft.train;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

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
    private final PassMemory.Reserve reserve = memory().new Reserve();
    private INDArray lengths; // [1, r]

    Normalized(PassMemory memory, GraphNode source) {
      super(memory, source.trained);
      this.source = source;
    }

    @Override
    long width() {
      return source.width();
    }

    @Override
    void reserve() {
      super.reserve();
      lengths = reserve.matrix(1);
    }

    @Override
    void forward() {
      memory().passes().normalize(source.value, value, lengths);
    }

    @Override
    void backward(boolean accumulate) {
      source.give(into -> memory().passes().throughNormalize(value, lengths, error, into));
    }
  }
}
