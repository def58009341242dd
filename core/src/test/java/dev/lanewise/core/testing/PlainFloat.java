package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.PlainVariant;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import org.jspecify.annotations.Nullable;

/** The code that anybody would write first: one float accumulator a sum, no tiles. Its error is the yardstick of {@link Budget}. */
public final class PlainFloat {
  private PlainFloat() {}

  /** Attention, dense: batch × queryHeads × queries × valueDim. */
  public static float[] attention(Heads query, Heads key, Heads value, Mask mask, float scale) {
    return new PlainVariant(ReferenceAttention.of(query, key, value).mask(mask).scale(scale)).output;
  }

  /** Attention weights, dense: batch × queryHeads × queries × keys. */
  public static float[] weights(Heads query, Heads key, Mask mask, float scale) {
    return new PlainVariant(ReferenceAttention.of(query, key).mask(mask).scale(scale)).scores(Stage.WEIGHTS);
  }

  /** input·weightᵀ + bias, dense: batch × rows × outputs, with weight outputs × inputs. */
  public static float[] linear(SequenceBatch input, float[] weight, float @Nullable [] bias, int outputs) {
    float[] result = new float[input.batch() * input.rows() * outputs];
    int to = 0;
    for (int b = 0; b < input.batch(); b++) {
      for (int row = 0; row < input.rows(); row++) {
        for (int o = 0; o < outputs; o++) {
          float sum = 0;
          for (int i = 0; i < input.width(); i++) {
            sum += input.get(b, row, i) * weight[o * input.width() + i];
          }
          result[to++] = bias == null ? sum : sum + bias[o];
        }
      }
    }
    return result;
  }
}
