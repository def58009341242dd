package dev.lanewise.text;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.TextPooling;
import java.util.Arrays;
import java.util.List;

/** The settings of a {@link TextEncoder}, and what they make of pooled rows. */
record TextEncoderSettings(
    TextPooling pooling,
    boolean normalised,
    String prefix,
    int dimensions,
    int maxTokens,
    LongTexts longTexts,
    int threads,
    Kernels kernels) {
  /** The guard of PyTorch's normalize: a vector of zeros stays what it is. */
  private static final double SMALLEST_LENGTH = 1e-12;

  /** The settings that a model's files say. */
  static TextEncoderSettings of(EncoderModel model, TextPooling pooling) {
    int width = model.encoder().embedDim();
    LongTexts longTexts = LongTexts.truncate();
    return new TextEncoderSettings(
        pooling,
        model.normalised(),
        model.prefix(),
        width,
        Math.min(model.maxTokens(), model.encoder().maxTokens()),
        longTexts,
        1,
        Kernels.selected());
  }

  TextEncoderSettings withPooling(TextPooling newPooling) {
    return new TextEncoderSettings(newPooling, normalised, prefix, dimensions, maxTokens, longTexts, threads, kernels);
  }

  TextEncoderSettings withNormalised(boolean newNormalised) {
    return new TextEncoderSettings(pooling, newNormalised, prefix, dimensions, maxTokens, longTexts, threads, kernels);
  }

  TextEncoderSettings withPrefix(String newPrefix) {
    return new TextEncoderSettings(pooling, normalised, newPrefix, dimensions, maxTokens, longTexts, threads, kernels);
  }

  TextEncoderSettings withDimensions(int newDimensions) {
    return new TextEncoderSettings(pooling, normalised, prefix, newDimensions, maxTokens, longTexts, threads, kernels);
  }

  TextEncoderSettings withMaxTokens(int newMaxTokens) {
    return new TextEncoderSettings(pooling, normalised, prefix, dimensions, newMaxTokens, longTexts, threads, kernels);
  }

  TextEncoderSettings withLongTexts(LongTexts newLongTexts) {
    return new TextEncoderSettings(pooling, normalised, prefix, dimensions, maxTokens, newLongTexts, threads, kernels);
  }

  TextEncoderSettings withThreads(int newThreads) {
    return new TextEncoderSettings(pooling, normalised, prefix, dimensions, maxTokens, longTexts, newThreads, kernels);
  }

  TextEncoderSettings withKernels(Kernels newKernels) {
    return new TextEncoderSettings(pooling, normalised, prefix, dimensions, maxTokens, longTexts, threads, newKernels);
  }

  /** The vector of a sequence, from its pooled row: cut and normalised. */
  float[] finished(float[] row) {
    float[] vector = row.length == dimensions ? row : Arrays.copyOf(row, dimensions);
    return normalised ? normalised(vector) : vector;
  }

  private static float[] normalised(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    double factor = 1 / Math.max(Math.sqrt(squares), SMALLEST_LENGTH);
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] * factor);
    }
    return vector;
  }

  /**
   * The vector of a text in several parts: the mean of the parts' vectors, weighted by their tokens.
   *
   * @param first index of the first part's vector
   */
  float[] mean(List<TokenSequence> parts, float[][] vectors, int first) {
    double[] sum = new double[dimensions];
    double weights = 0;
    for (int part = 0; part < parts.size(); part++) {
      int weight = parts.get(part).weight();
      weights += weight;
      for (int i = 0; i < dimensions; i++) {
        sum[i] += (double) weight * vectors[first + part][i];
      }
    }
    float[] mean = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      mean[i] = (float) (sum[i] / weights);
    }
    return normalised ? normalised(mean) : mean;
  }
}
