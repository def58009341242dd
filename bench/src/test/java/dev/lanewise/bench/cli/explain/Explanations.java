package dev.lanewise.bench.cli.explain;

import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Explanations made up for tests. */
final class Explanations {
  private Explanations() {}

  /** These tokens between {@code [CLS]} and {@code [SEP]}, with seeded weights. */
  static Explanation seeded(int layers, int heads, String... between) {
    List<String> texts = new ArrayList<>(List.of("[CLS]"));
    texts.addAll(List.of(between));
    texts.add("[SEP]");
    Tokens tokens = new Tokens(new int[texts.size()], texts);
    Random random = new Random(20);
    List<Heads> weights = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      weights.add(Heads.of(rows(heads * tokens.length(), tokens.length(), random), 1, heads, tokens.length(), tokens.length()));
    }
    return Explanation.of(tokens, weights);
  }

  /** Rows that sum to 1, most of it on few keys. */
  private static float[] rows(int rows, int width, Random random) {
    float[] weights = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        weights[i] = (float) Math.exp(3 * random.nextGaussian());
        sum += weights[i];
      }
      for (int i = row * width; i < (row + 1) * width; i++) {
        weights[i] /= (float) sum;
      }
    }
    return weights;
  }
}
