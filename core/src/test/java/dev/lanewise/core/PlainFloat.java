package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The code that anybody would write first: one float accumulator a sum, no tiles. Its error is the yardstick of {@link Budget}. */
final class PlainFloat {
  private PlainFloat() {}

  /** Attention, dense: batch × queryHeads × queries × valueDim. */
  static float[] attention(Heads query, Heads key, Heads value, Mask mask, float scale) {
    float[] weights = weights(query, key, mask, scale);
    float[] output = new float[query.batch() * query.heads() * query.rows() * value.width()];
    int group = query.heads() / Math.max(1, key.heads());
    int to = 0;
    int row = 0;
    for (int b = 0; b < query.batch(); b++) {
      for (int h = 0; h < query.heads(); h++) {
        for (int i = 0; i < query.rows(); i++, row++) {
          for (int d = 0; d < value.width(); d++) {
            float sum = 0;
            for (int j = 0; j < key.rows(); j++) {
              if (mask.visible(b, h, i, j, query.rows(), key.rows())) {
                sum += weights[row * key.rows() + j] * value.get(b, h / group, j, d);
              }
            }
            output[to++] = sum;
          }
        }
      }
    }
    return output;
  }

  /** Attention weights, dense: batch × queryHeads × queries × keys. */
  static float[] weights(Heads query, Heads key, Mask mask, float scale) {
    float[] weights = new float[query.batch() * query.heads() * query.rows() * key.rows()];
    int group = query.heads() / Math.max(1, key.heads());
    int from = 0;
    for (int b = 0; b < query.batch(); b++) {
      for (int h = 0; h < query.heads(); h++) {
        for (int i = 0; i < query.rows(); i++) {
          for (int j = 0; j < key.rows(); j++) {
            if (!mask.visible(b, h, i, j, query.rows(), key.rows())) {
              weights[from + j] = Float.NEGATIVE_INFINITY;
              continue;
            }
            float dot = 0;
            for (int d = 0; d < query.width(); d++) {
              dot += query.get(b, h, i, d) * key.get(b, h / group, j, d);
            }
            weights[from + j] = scale * dot;
          }
          softmax(weights, from, key.rows());
          from += key.rows();
        }
      }
    }
    return weights;
  }

  /** input·weightᵀ + bias, dense: batch × rows × outputs, with weight outputs × inputs. */
  static float[] linear(Sequences input, float[] weight, float @Nullable [] bias, int outputs) {
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

  private static void softmax(float[] x, int from, int length) {
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < length; j++) {
      max = Math.max(max, x[from + j]);
    }
    if (max == Float.NEGATIVE_INFINITY) {
      Arrays.fill(x, from, from + length, 0f);
      return;
    }
    float sum = 0;
    for (int j = 0; j < length; j++) {
      x[from + j] = (float) Math.exp(x[from + j] - max);
      sum += x[from + j];
    }
    for (int j = 0; j < length; j++) {
      x[from + j] /= sum;
    }
  }
}
