package dev.lanewise.core.generation;

import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/**
 * The tokens that may still be chosen, and their weights: exp((logit − largest logit) / temperature). The steps of {@link Sampling} call
 * the methods in their order. The arrays are kept between calls.
 */
final class Candidates extends ScratchPool.Member {
  private static final float[] NONE = {};

  private float[] logits = NONE;

  /** The candidates, in no order. */
  private int[] tokens = {};

  private int count;

  /** Weight of each token of the vocabulary; 0 for those that are no candidates. */
  private double[] weights = {};

  /** One bit for each token of the vocabulary; all are 0 between calls. */
  private long[] seen = {};

  private int pivots;

  /** Divides or multiplies the logit of each token in {@code sequence[from, to)}, once however often it occurs. */
  void penalise(float[] row, int[] sequence, int from, int to, double penalty) {
    if (seen.length < Math.ceilDiv(row.length, Long.SIZE)) {
      seen = new long[Math.ceilDiv(row.length, Long.SIZE)];
    }
    for (int i = from; i < to; i++) {
      int token = sequence[i];
      long bit = 1L << token;
      if ((seen[token / Long.SIZE] & bit) == 0) {
        seen[token / Long.SIZE] |= bit;
        row[token] = (float) (row[token] > 0 ? row[token] / penalty : row[token] * penalty);
      }
    }
    for (int i = from; i < to; i++) {
      seen[sequence[i] / Long.SIZE] = 0;
    }
  }

  /** Begins with all tokens but those that are −∞. */
  void begin(float[] row) {
    logits = row;
    if (tokens.length < row.length) {
      tokens = new int[row.length];
      weights = new double[row.length];
    }
    count = 0;
    for (int token = 0; token < row.length; token++) {
      if (row[token] > Float.NEGATIVE_INFINITY) {
        tokens[count++] = token;
      }
    }
    pivots = 1;
  }

  /** Keeps the {@code most} largest logits. */
  void keepLargest(int most) {
    if (most < count) {
      keep(most, false);
    }
  }

  /** Computes the weights of the candidates. */
  void weigh(float largest, double temperature) {
    Arrays.fill(weights, 0, logits.length, 0);
    for (int i = 0; i < count; i++) {
      double logit = logits[tokens[i]];
      weights[tokens[i]] = logit == largest ? 1 : Math.exp((logit - largest) / temperature); // equal infinities have no difference
    }
  }

  /** Keeps the fewest of the most probable candidates whose probabilities sum to {@code probability} or more. */
  void keepProbable(double probability) {
    if (probability == 1) {
      return;
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[tokens[i]];
    }
    int before = count;
    keep(probability * sum, true);
    for (int i = count; i < before; i++) {
      weights[tokens[i]] = 0;
    }
  }

  /** Draws from the candidates with at least {@code least} times the largest weight, which is 1, in the order of the vocabulary. */
  int draw(double least, double uniform) {
    double sum = 0;
    for (int token = 0; token < logits.length; token++) {
      sum += weights[token] < least ? 0 : weights[token];
    }
    double remaining = uniform * sum;
    int last = -1;
    for (int token = 0; token < logits.length; token++) {
      if (weights[token] > 0 && weights[token] >= least) {
        last = token;
        remaining -= weights[token];
        if (remaining < 0) {
          break;
        }
      }
    }
    logits = NONE;
    return last; // the last candidate, if rounding has left something
  }

  /**
   * Keeps the first candidates, by falling logit, that are needed to reach {@code target}: the smallest number of them whose weights, or
   * whose number, sum to it. This is Hoare's quickselect (1961) with weights, which takes linear time on average.
   */
  private void keep(double target, boolean weighted) {
    int from = 0;
    int to = count;
    double reached = 0;
    while (from < to) {
      int middle = partition(from, to);
      double left = 0;
      for (int i = from; i < middle; i++) {
        left += weighted ? weights[tokens[i]] : 1;
      }
      double pivot = weighted ? weights[tokens[middle]] : 1;
      if (middle > from && reached + left >= target) {
        to = middle;
      } else if (reached + left + pivot >= target) {
        to = middle + 1;
        from = to;
      } else {
        reached += left + pivot;
        from = middle + 1;
      }
    }
    count = Math.max(1, to);
  }

  /** Moves the candidates that precede a pivot before it, the others behind it, and returns its place. */
  private int partition(int from, int to) {
    pivots = pivots * 1664525 + 1013904223; // a fixed sequence of pivots (Numerical Recipes' generator), so that no order of logits is slow
    swap(from + Integer.remainderUnsigned(pivots >>> 8, to - from), to - 1);
    int pivot = tokens[to - 1];
    int end = from;
    for (int i = from; i < to - 1; i++) {
      if (precedes(tokens[i], pivot)) {
        swap(i, end++);
      }
    }
    swap(end, to - 1);
    return end;
  }

  private boolean precedes(int token, int other) {
    return logits[token] > logits[other] || (logits[token] == logits[other] && token < other);
  }

  private void swap(int i, int j) {
    int token = tokens[i];
    tokens[i] = tokens[j];
    tokens[j] = token;
  }
}
