package dev.lanewise.bench.peers.onnxruntime;

import static dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeModel.EMBED_DIM;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;

/** A padded batch of texts in ONNX Runtime. */
public final class OnnxRuntimeBatch implements AutoCloseable {
  private final OnnxCall call;
  private final List<int[]> texts;
  private final int length;
  private final List<FloatBuffer> hiddenStates = new ArrayList<>();

  private OnnxRuntimeBatch(OnnxCall call, List<int[]> texts, int length) {
    this.call = call;
    this.texts = texts;
    this.length = length;
  }

  static OnnxRuntimeBatch of(OrtSession session, List<String> outputs, List<int[]> texts) {
    int length = texts.stream().mapToInt(ids -> ids.length).max().orElse(0);
    if (length == 0 || texts.stream().anyMatch(ids -> ids.length == 0)) {
      throw new IllegalArgumentException("texts is or holds an empty one");
    }
    OnnxRuntimeBatch batch = new OnnxRuntimeBatch(new OnnxCall(session), List.copyOf(texts), length);
    try {
      batch.makeTensors(outputs);
    } catch (OrtException e) {
      batch.close();
      throw new IllegalStateException(e);
    }
    return batch;
  }

  private void makeTensors(List<String> outputs) throws OrtException {
    LongBuffer ids = call.longs("input_ids", texts.size(), length);
    LongBuffer mask = call.longs("attention_mask", texts.size(), length);
    for (int text = 0; text < texts.size(); text++) {
      for (int token = 0; token < texts.get(text).length; token++) {
        ids.put(text * length + token, texts.get(text)[token]);
        mask.put(text * length + token, 1);
      }
    }
    call.longs("token_type_ids", texts.size(), length);
    for (String output : outputs) {
      hiddenStates.add(call.result(output, texts.size(), length, EMBED_DIM));
    }
  }

  /** Computes the whole batch, padding included. */
  public void run() {
    call.run();
  }

  /** Tokens of the longest text, to which the others are padded. */
  public int length() {
    return length;
  }

  /**
   * A result of the last {@link #run}.
   *
   * @param result which result, from 0
   * @param text which text of the batch
   * @return tokens × {@link OnnxRuntimeModel#EMBED_DIM} without the padding, as a new array
   */
  public float[] hiddenState(int result, int text) {
    float[] rows = new float[texts.get(text).length * EMBED_DIM];
    hiddenStates.get(result).get(text * length * EMBED_DIM, rows);
    return rows;
  }

  @Override
  public void close() {
    call.close();
  }
}
