package dev.lanewise.bench.peers;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.util.List;

/** all-MiniLM-L6-v2 from token ids to embeddings: all texts packed, the mean of each text's rows, divided by its length. */
final class IdEncoder {
  private final EncoderModel model;

  private IdEncoder(EncoderModel model) {
    this.model = model;
  }

  static IdEncoder load(int threads) throws IOException {
    return new IdEncoder(EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2")).withThreads(threads));
  }

  /** The ids of a text, as many as the model reads. */
  int[] ids(String text) {
    return model.tokenizer().withMaxTokens(model.maxTokens()).encode(text).ids();
  }

  /** The embedding of each text. */
  float[][] embed(List<int[]> texts) {
    int[] starts = new int[texts.size() + 1];
    for (int i = 0; i < texts.size(); i++) {
      starts[i + 1] = starts[i] + texts.get(i).length;
    }
    int[] ids = new int[starts[texts.size()]];
    for (int i = 0; i < texts.size(); i++) {
      System.arraycopy(texts.get(i), 0, ids, starts[i], texts.get(i).length);
    }
    SequenceBatch means = SequenceBatch.zeros(texts.size(), 1, model.encoder().embedDim());
    model.encoder().forward(ids, PackedSequences.of(starts), Pooling.mean(), means);
    float[][] embeddings = new float[texts.size()][];
    for (int i = 0; i < embeddings.length; i++) {
      embeddings[i] = normalised(means.data(), i * means.width(), means.width());
    }
    return embeddings;
  }

  private static float[] normalised(float[] from, int offset, int width) {
    float[] vector = new float[width];
    System.arraycopy(from, offset, vector, 0, width);
    double length = Math.sqrt(TextEncoder.similarity(vector, vector));
    for (int i = 0; i < width; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }
}
