package dev.lanewise.bench.peers.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Any encoder of the BERT family in ONNX Runtime, one text at a time. Its first result is the last layer's hidden state. */
public final class OnnxRuntimeEncoder implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  private OnnxRuntimeEncoder(OrtSession session) {
    this.session = session;
  }

  /**
   * Loads a model.
   *
   * @throws IOException if ONNX Runtime does not take it
   */
  public static OnnxRuntimeEncoder load(Path onnx, int threads) throws IOException {
    try (SessionOptions options = OnnxCall.options(threads)) {
      return new OnnxRuntimeEncoder(OrtEnvironment.getEnvironment().createSession(onnx.toString(), options));
    } catch (OrtException e) {
      throw new IOException("ONNX Runtime does not take " + onnx.getFileName() + ": " + e.getMessage(), e);
    }
  }

  /** ONNX Runtime's version. */
  public String version() {
    return environment.getVersion();
  }

  /** The hidden states of a text, one row after the other. */
  public float[] rows(long[] ids, long[] types) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      add(inputs, "input_ids", ids);
      add(inputs, "attention_mask", mask);
      add(inputs, "token_type_ids", types);
      try (OrtSession.Result result = session.run(inputs)) {
        OnnxValue first = result.get(0);
        FloatBuffer rows = ((OnnxTensor) first).getFloatBuffer();
        float[] copy = new float[rows.remaining()];
        rows.get(copy);
        return copy;
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private void add(Map<String, OnnxTensor> inputs, String name, long[] values) throws OrtException {
    if (session.getInputNames().contains(name)) {
      inputs.put(name, OnnxTensor.createTensor(environment, LongBuffer.wrap(values), new long[] {1, values.length}));
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
