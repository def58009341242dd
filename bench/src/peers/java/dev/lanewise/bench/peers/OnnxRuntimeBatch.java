package dev.lanewise.bench.peers;

import static dev.lanewise.bench.peers.OnnxRuntimeModel.EMBED_DIM;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A padded batch in ONNX Runtime. Inputs and results lie in direct buffers that it reads and writes in place, so that a {@link #run} is
 * timed without any copying between Java and native memory.
 */
public final class OnnxRuntimeBatch implements AutoCloseable {
  private final OrtSession session;
  private final List<int[]> texts;
  private final int length;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> results = new LinkedHashMap<>();
  private final List<FloatBuffer> hiddenStates = new ArrayList<>();

  private OnnxRuntimeBatch(OrtSession session, List<int[]> texts, int length) {
    this.session = session;
    this.texts = texts;
    this.length = length;
  }

  static OnnxRuntimeBatch of(OrtEnvironment environment, OrtSession session, List<String> outputs, List<int[]> texts) {
    int length = texts.stream().mapToInt(ids -> ids.length).max().orElse(0);
    if (length == 0 || texts.stream().anyMatch(ids -> ids.length == 0)) {
      throw new IllegalArgumentException("texts is or holds an empty one");
    }
    OnnxRuntimeBatch batch = new OnnxRuntimeBatch(session, List.copyOf(texts), length);
    try {
      batch.makeTensors(environment, outputs);
    } catch (OrtException e) {
      batch.close();
      throw new IllegalStateException(e);
    }
    return batch;
  }

  private void makeTensors(OrtEnvironment environment, List<String> outputs) throws OrtException {
    LongBuffer ids = direct(Long.BYTES, 1).asLongBuffer();
    LongBuffer mask = direct(Long.BYTES, 1).asLongBuffer();
    for (int text = 0; text < texts.size(); text++) {
      for (int token = 0; token < texts.get(text).length; token++) {
        ids.put(text * length + token, texts.get(text)[token]);
        mask.put(text * length + token, 1);
      }
    }
    long[] shape = {texts.size(), length};
    inputs.put("input_ids", OnnxTensor.createTensor(environment, ids, shape));
    inputs.put("attention_mask", OnnxTensor.createTensor(environment, mask, shape));
    inputs.put("token_type_ids", OnnxTensor.createTensor(environment, direct(Long.BYTES, 1).asLongBuffer(), shape));
    for (String output : outputs) {
      FloatBuffer hiddenState = direct(Float.BYTES, EMBED_DIM).asFloatBuffer();
      hiddenStates.add(hiddenState);
      results.put(output, OnnxTensor.createTensor(environment, hiddenState, new long[] {texts.size(), length, EMBED_DIM}));
    }
  }

  /** Zeros, so many for each token of each text, padding included. */
  private ByteBuffer direct(int bytes, int perToken) {
    int size = Math.multiplyExact(Math.multiplyExact(texts.size(), length), bytes * perToken);
    return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
  }

  /** Computes the whole batch, padding included. */
  public void run() {
    try (OrtSession.Result result = session.run(inputs, results)) {
      if (result.size() != results.size()) {
        throw new IllegalStateException("ONNX Runtime gave " + result.size() + " results instead of " + results.size());
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Tokens of the longest text, to which the others are padded. */
  public int length() {
    return length;
  }

  /**
   * A result of the last {@link #run}.
   *
   * @param result which one, from 0 on
   * @param text which text of the batch
   * @return tokens × {@link OnnxRuntimeModel#EMBED_DIM}, without what was padded, as a new array
   */
  public float[] hiddenState(int result, int text) {
    float[] rows = new float[texts.get(text).length * EMBED_DIM];
    hiddenStates.get(result).get(text * length * EMBED_DIM, rows);
    return rows;
  }

  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
    results.values().forEach(OnnxTensor::close);
  }
}
