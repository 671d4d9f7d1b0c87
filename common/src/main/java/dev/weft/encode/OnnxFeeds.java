package dev.weft.encode;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.platform.Fp16Conversions;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The inputs of one run, in the types that the graph wants, closed together. */
final class OnnxFeeds implements AutoCloseable {
  private final OnnxGraph graph;
  private final Map<String, OnnxTensor> tensors = new HashMap<>();

  OnnxFeeds(OnnxGraph graph) {
    this.graph = graph;
  }

  /** Adds real numbers. */
  OnnxFeeds put(String name, float[] values, long... shape) {
    OrtEnvironment environment = graph.environment();
    return put(
        name,
        type(name) == OnnxJavaType.FLOAT16
            ? () ->
                OnnxTensor.createTensor(
                    environment, ShortBuffer.wrap(halves(values)), shape, OnnxJavaType.FLOAT16)
            : () -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape));
  }

  /** Adds integers. */
  OnnxFeeds put(String name, long[] values, long... shape) {
    OrtEnvironment environment = graph.environment();
    return put(
        name,
        type(name) == OnnxJavaType.INT32
            ? () ->
                OnnxTensor.createTensor(
                    environment,
                    IntBuffer.wrap(Arrays.stream(values).mapToInt(Math::toIntExact).toArray()),
                    shape)
            : () -> OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape));
  }

  private interface Creation {
    OnnxTensor create() throws OrtException;
  }

  private OnnxFeeds put(String name, Creation creation) {
    try {
      tensors.put(name, creation.create());
      return this;
    } catch (OrtException e) {
      close();
      throw new IllegalStateException("cannot make the input " + name + " of " + graph.name(), e);
    }
  }

  private OnnxJavaType type(String name) {
    TensorInfo info = graph.inputs().get(name);
    return info.type;
  }

  private static short[] halves(float[] values) {
    short[] halves = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      halves[i] = Fp16Conversions.floatToFp16(values[i]);
    }
    return halves;
  }

  /** Runs the graph on them. */
  OnnxGraph.Output run(String output) {
    return graph.run(tensors, output);
  }

  @Override
  public void close() {
    tensors.values().forEach(OnnxTensor::close);
    tensors.clear();
  }
}
