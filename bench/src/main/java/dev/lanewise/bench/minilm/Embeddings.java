package dev.lanewise.bench.minilm;

import dev.lanewise.core.NamedTensors;
import dev.lanewise.core.Sequences;

/**
 * BERT's input (Devlin et al., 2018, section 3): the sum of a token's, its position's and its segment's embedding, layer-normalised. All
 * text here is in segment 0.
 */
final class Embeddings {
  /** The epsilon that the model was trained with. */
  private static final double EPSILON = 1e-12;

  private final int width;
  private final float[] tokens;
  private final float[] positions;
  private final float[] types;
  private final float[] gain;
  private final float[] shift;

  /** Takes the embeddings' weights out of a model's. */
  Embeddings(NamedTensors weights, int width) {
    this.width = width;
    NamedTensors part = weights.under("embeddings.");
    tokens = part.floats("word_embeddings.weight");
    positions = part.floats("position_embeddings.weight");
    types = part.floats("token_type_embeddings.weight");
    gain = part.floats("LayerNorm.weight", width);
    shift = part.floats("LayerNorm.bias", width);
  }

  int maxTokens() {
    return positions.length / width;
  }

  /** 1 × tokens × width. */
  Sequences embed(Tokens text) {
    if (text.length() > maxTokens()) {
      throw new IllegalArgumentException("the text has " + text.length() + " tokens, but the model takes " + maxTokens());
    }
    float[] rows = new float[text.length() * width];
    for (int row = 0; row < text.length(); row++) {
      for (int i = 0; i < width; i++) {
        rows[row * width + i] = tokens[text.ids()[row] * width + i] + positions[row * width + i] + types[i];
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
