package dev.lanewise.kernels;

/** The plain Java twin of the fused kernel: row by row, its scores in scratch, three passes. */
final class ScalarAttention {
  private ScalarAttention() {}

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit; {@code scores} has room for every key. */
  static void run(AttentionProblem problem, int unit, int from, int to, float[] scores) {
    for (int row = from; row < to; row++) {
      int keys = problem.endKey(unit, row);
      score(problem, unit, row, keys, scores);
      float logSumExp = ScalarKernels.softmaxRow(scores, 0, scores, 0, keys);
      blend(problem, unit, row, keys, scores);
      if (problem.logSumExp != null) {
        problem.logSumExp[problem.logSumExpIndex(unit, row)] = logSumExp;
      }
    }
  }

  private static void score(AttentionProblem problem, int unit, int row, int keys, float[] scores) {
    Heads key = problem.key;
    int query = problem.queryIndex(problem.query, unit, row);
    for (int i = 0; i < keys; i++) {
      int at = problem.keyIndex(key, unit, i);
      scores[i] = problem.scale * ScalarKernels.dot(problem.query.data(), query, key.data(), at, key.width());
    }
  }

  private static void blend(AttentionProblem problem, int unit, int row, int keys, float[] weights) {
    Heads value = java.util.Objects.requireNonNull(problem.value);
    float[] output = java.util.Objects.requireNonNull(problem.output).data();
    int to = problem.queryIndex(java.util.Objects.requireNonNull(problem.output), unit, row);
    java.util.Arrays.fill(output, to, to + value.width(), 0f);
    for (int i = 0; i < keys; i++) {
      int at = problem.keyIndex(value, unit, i);
      ScalarKernels.addScaled(weights[i], value.data(), at, output, to, value.width());
    }
  }
}
