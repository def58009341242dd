package dev.lanewise.bench.throughput;

/**
 * The weights of an encoder layer, outputs × inputs each.
 *
 * @param input W_Q, W_K and W_V stacked
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EncoderWeights(
    float[] input,
    float[] inputBias,
    float[] output,
    float[] outputBias,
    float[] up,
    float[] upBias,
    float[] down,
    float[] downBias,
    float[] norm,
    float[] normBias) {

  /** Weights that keep the size of what passes through. */
  static EncoderWeights seeded(int embedDim, int feedForward, SeededData data) {
    return new EncoderWeights(
        scaled(data, 3 * embedDim * embedDim, embedDim),
        scaled(data, 3 * embedDim, embedDim),
        scaled(data, embedDim * embedDim, embedDim),
        scaled(data, embedDim, embedDim),
        scaled(data, feedForward * embedDim, embedDim),
        scaled(data, feedForward, embedDim),
        scaled(data, embedDim * feedForward, feedForward),
        scaled(data, embedDim, embedDim),
        data.numbers(embedDim),
        data.numbers(embedDim));
  }

  private static float[] scaled(SeededData data, int count, int inputs) {
    float[] numbers = data.numbers(count);
    for (int i = 0; i < count; i++) {
      numbers[i] /= (float) Math.sqrt(inputs);
    }
    return numbers;
  }

  int embedDim() {
    return norm.length;
  }

  long size() {
    return 4L * embedDim() * (embedDim() + 1) + 2L * up.length + upBias.length + 3L * embedDim();
  }
}
