package dev.weft.train;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.factory.Nd4j;

/** The vertices of our own making: what {@link Blend} and {@link AttentionGate} compute. */
final class GateNodes {
  private GateNodes() {}

  /** {@code g x + (1 - g) y}, with a gate for each coordinate, or for each of n equal stretches. */
  static final class Blended extends GraphNode {
    private final GraphNode gate;
    private final GraphNode first;
    private final GraphNode second;
    private final PassMemory.Reserve differences = memory().new Reserve();
    private INDArray difference; // x - y

    Blended(PassMemory memory, GraphNode gate, GraphNode first, GraphNode second) {
      super(memory, /* trained= */ true);
      this.gate = gate;
      this.first = first;
      this.second = second;
    }

    @Override
    long width() {
      return first.width();
    }

    @Override
    void reserve() {
      super.reserve();
      difference = differences.matrix(width());
    }

    @Override
    void forward() {
      first.value.subi(second.value, difference);
      gated(difference, value);
      value.addi(second.value);
    }

    @Override
    void backward(boolean accumulate) {
      gate.give(
          into -> {
            if (gate.width() == width()) {
              error.muli(difference, into);
              return;
            }
            difference.muli(error); // not needed after this
            into.assign(stretches(difference).sum(0).reshape('f', into.shape()));
          });
      first.give(into -> gated(error, into));
      second.give(
          into -> {
            gated(error, into);
            error.subi(into, into);
          });
    }

    private void gated(INDArray from, INDArray into) {
      if (gate.width() == width()) {
        from.muli(gate.value, into);
        return;
      }
      Nd4j.exec(
          new BroadcastMulOp(
              stretches(from),
              gate.value.reshape('f', new long[] {gate.width() * memory().rows()}),
              stretches(into),
              1));
    }

    /** {@code [w / n, n r]}: each gate has its own column. */
    private INDArray stretches(INDArray matrix) {
      return stretch(matrix, width() / gate.width());
    }
  }

  /** {@link AttentionGate}: inputs query of x, query of y, key of x, key of y. */
  static final class Attended extends GraphNode {
    private final GraphNode ofFirst;
    private final GraphNode ofSecond;
    private final GraphNode firstKey;
    private final GraphNode secondKey;
    private final int heads;
    private final double factor;
    private final PassMemory.Reserve[] reserves = new PassMemory.Reserve[5];
    private INDArray keys; // key of x - key of y, [w, r]
    private INDArray product; // [w, r]
    private final INDArray[] gates = new INDArray[2]; // [n, r] each

    Attended(PassMemory memory, List<GraphNode> sources, int heads) {
      super(memory, /* trained= */ true);
      Arrays.setAll(reserves, i -> memory.new Reserve());
      ofFirst = sources.get(0);
      ofSecond = sources.get(1);
      firstKey = sources.get(2);
      secondKey = sources.get(3);
      this.heads = heads;
      long width = ofFirst.width();
      factor = 1 / Math.sqrt((double) width / heads);
    }

    @Override
    long width() {
      return heads;
    }

    @Override
    void reserve() {
      super.reserve();
      keys = reserves[0].matrix(ofFirst.width());
      product = reserves[1].matrix(ofFirst.width());
      gates[0] = reserves[2].matrix(heads);
      gates[1] = reserves[3].matrix(heads);
    }

    @Override
    void forward() {
      firstKey.value.subi(secondKey.value, keys);
      gate(ofFirst, gates[0]);
      gate(ofSecond, gates[1]);
      gates[0].addi(gates[1], value);
      value.muli(0.5);
    }

    private void gate(GraphNode query, INDArray into) {
      query.value.muli(keys, product);
      into.assign(stretched(product).sum(0).reshape('f', into.shape()));
      into.muli(factor);
      Nd4j.exec(new Sigmoid(into, into));
    }

    @Override
    void backward(boolean accumulate) {
      GraphNode[] queries = {ofFirst, ofSecond};
      INDArray ofKeys = reserves[4].matrix(ofFirst.width());
      for (int i = 0; i < queries.length; i++) {
        INDArray gate = gates[i];
        GraphNode query = queries[i];
        // Half the error, times the derivative of the sigmoid and of the scaled product.
        INDArray change = gate.rsub(1).muli(gate).muli(error).muli(factor / 2); // [n, r]
        query.give(into -> scaled(keys, change, into));
        scaled(query.value, change, i == 0 ? ofKeys : product);
      }
      ofKeys.addi(product);
      firstKey.give(into -> into.assign(ofKeys));
      secondKey.give(into -> into.assign(ofKeys).negi());
    }

    private void scaled(INDArray from, INDArray factors, INDArray into) {
      Nd4j.exec(
          new BroadcastMulOp(
              stretched(from),
              factors.reshape('f', new long[] {(long) heads * memory().rows()}),
              stretched(into),
              1));
    }

    private INDArray stretched(INDArray matrix) {
      return stretch(matrix, ofFirst.width() / heads);
    }
  }

  /** The same memory as columns of another length. */
  private static INDArray stretch(INDArray matrix, long length) {
    return Nd4j.create(
        matrix.data(),
        new long[] {length, matrix.length() / length},
        new long[] {1, length},
        matrix.offset(),
        'f');
  }
}
