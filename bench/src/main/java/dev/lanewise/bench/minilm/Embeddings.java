package dev.lanewise.bench.minilm;

import dev.lanewise.core.Sequences;
import java.io.IOException;

/**
 * BERT's input (Devlin et al., 2018, section 3): the sum of a token's, its position's and its segment's embedding, layer-normalised. All
 * text here is in segment 0.
 */
final class Embeddings {
  private static final String PREFIX = "embeddings.";

  /** The epsilon that the model was trained with. */
  private static final double EPSILON = 1e-12;

  private final int width;
  private final Tensor tokens;
  private final Tensor positions;
  private final Tensor types;
  private final float[] gain;
  private final float[] shift;

  private Embeddings(OnnxWeights weights, int width) throws IOException {
    this.width = width;
    tokens = table(weights, "word");
    positions = table(weights, "position");
    types = table(weights, "token_type");
    gain = weights.get(PREFIX + "LayerNorm.weight").data(width);
    shift = weights.get(PREFIX + "LayerNorm.bias").data(width);
  }

  static Embeddings of(OnnxWeights weights, int width) throws IOException {
    return new Embeddings(weights, width);
  }

  /** Whether a weight of this name is one of the embeddings'. */
  static boolean wants(String name) {
    return name.startsWith(PREFIX) && (name.endsWith(".weight") || name.endsWith(".bias"));
  }

  private Tensor table(OnnxWeights weights, String which) throws IOException {
    return weights.get(PREFIX + which + "_embeddings.weight").withRowsOf(width);
  }

  int maxTokens() {
    return positions.dims()[0];
  }

  /** 1 × tokens × width. */
  Sequences embed(Tokens text) {
    if (text.length() > maxTokens()) {
      throw new IllegalArgumentException("the text has " + text.length() + " tokens, but the model takes " + maxTokens());
    }
    float[] rows = new float[text.length() * width];
    for (int row = 0; row < text.length(); row++) {
      for (int i = 0; i < width; i++) {
        rows[row * width + i] = tokens.data()[text.ids()[row] * width + i] + positions.data()[row * width + i] + types.data()[i];
      }
      normalise(rows, row * width);
    }
    return Sequences.of(rows, 1, text.length(), width);
  }

  /** y = (x − mean) / √(variance + ε) · gain + shift over one row (Ba et al., 2016). */
  private void normalise(float[] rows, int from) {
    double mean = 0;
    for (int i = 0; i < width; i++) {
      mean += rows[from + i];
    }
    mean /= width;
    double variance = 0;
    for (int i = 0; i < width; i++) {
      double difference = rows[from + i] - mean;
      variance += difference * difference;
    }
    double factor = 1 / Math.sqrt(variance / width + EPSILON);
    for (int i = 0; i < width; i++) {
      rows[from + i] = (float) ((rows[from + i] - mean) * factor) * gain[i] + shift[i];
    }
  }
}
