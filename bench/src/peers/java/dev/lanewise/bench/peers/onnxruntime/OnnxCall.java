package dev.lanewise.bench.peers.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A call of an ONNX Runtime session. Inputs and results are direct buffers that ONNX Runtime reads and writes in place, so that a {@link
 * #run} copies nothing between Java and native memory.
 */
public final class OnnxCall implements AutoCloseable {
  private final OrtSession session;
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> results = new LinkedHashMap<>();

  public OnnxCall(OrtSession session) {
    this.session = session;
  }

  /** Options of a session whose calls share this many threads. */
  public static SessionOptions options(int threads) throws OrtException {
    SessionOptions options = new SessionOptions();
    options.setIntraOpNumThreads(threads);
    options.setInterOpNumThreads(1);
    return options;
  }

  /** Adds an input of zeros, to be filled. */
  LongBuffer longs(String name, long... shape) throws OrtException {
    LongBuffer buffer = direct(Long.BYTES, shape).asLongBuffer();
    inputs.put(name, OnnxTensor.createTensor(environment, buffer, shape));
    return buffer;
  }

  /** Adds an input of numbers. */
  public void floats(String name, float[] data, long... shape) throws OrtException {
    FloatBuffer buffer = direct(Float.BYTES, shape).asFloatBuffer().put(data).rewind();
    inputs.put(name, OnnxTensor.createTensor(environment, buffer, shape));
  }

  /** Adds a result, which each run writes anew. */
  public FloatBuffer result(String name, long... shape) throws OrtException {
    FloatBuffer buffer = direct(Float.BYTES, shape).asFloatBuffer();
    results.put(name, OnnxTensor.createTensor(environment, buffer, shape));
    return buffer;
  }

  private static ByteBuffer direct(int bytes, long... shape) {
    int size = bytes;
    for (long dimension : shape) {
      size = Math.multiplyExact(size, Math.toIntExact(dimension));
    }
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  /** Computes the results. */
  public void run() {
    try (OrtSession.Result given = session.run(inputs, results)) {
      if (given.size() != results.size()) {
        throw new IllegalStateException("ONNX Runtime gave " + given.size() + " results instead of " + results.size());
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Frees the tensors; the session stays open. */
  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
    results.values().forEach(OnnxTensor::close);
  }
}
