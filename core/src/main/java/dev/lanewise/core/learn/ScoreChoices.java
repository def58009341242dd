package dev.lanewise.core.learn;

import dev.lanewise.core.Attention;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.call.ScoreFormula;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which parameters of scores an attention has, with their names, shapes and first values.
 *
 * @param slopes whether the slopes of ALiBi learn
 * @param sinks whether sinks learn
 * @param scale whether the factor of the similarity learns
 * @param vector whether the similarity is additive
 * @param numBuckets rows of T5's table, or 0 if there is none that learns
 */
record ScoreChoices(boolean slopes, boolean sinks, boolean scale, boolean vector, int numBuckets, int maxDistance, boolean bidirectional) {
  private static final String SLOPES = "slopes";
  private static final String TABLE = "relative_attention_bias.weight";
  private static final String SINKS = "sinks";
  private static final String SCALE = "scale";
  private static final String VECTOR = "similarity_vector";

  /** Adds the tensors that {@link #of} reads, with their shapes. */
  void expect(AttentionWidths widths, Map<String, long[]> expected) {
    if (slopes) {
      expected.put(SLOPES, new long[] {widths.numHeads()});
    }
    if (numBuckets > 0) {
      expected.put(TABLE, new long[] {numBuckets, widths.numHeads()});
    }
    if (sinks) {
      expected.put(SINKS, new long[] {widths.numHeads()});
    }
    if (scale) {
      expected.put(SCALE, new long[] {1});
    }
    if (vector) {
      expected.put(VECTOR, new long[] {widths.headDim()});
    }
  }

  /** The values of a parameter before it has learned anything; null if it is none of scores. */
  static float @Nullable [] initial(String name, int size, AttentionWidths widths, Attention attention) {
    ScoreFormula formula = attention.settings().formula();
    if (name.equals(SLOPES)) {
      return Attention.standardSlopes(size);
    }
    if (name.equals(SCALE)) {
      return new float[] {(float) formula.scale(widths.headDim())};
    }
    if (name.equals(VECTOR)) {
      return formula.similarity().vector();
    }
    return name.equals(TABLE) || name.equals(SINKS) ? new float[size] : null;
  }

  /** The parameters with the values of tensors, whose shapes have been checked. */
  LearnedScores of(NamedTensors tensors) {
    Parameter table = numBuckets > 0 ? Parameter.of(tensors, TABLE) : null;
    return new LearnedScores(
        slopes ? Parameter.of(tensors, SLOPES) : null,
        table == null ? null : new LearnedScores.Buckets(table, maxDistance, bidirectional),
        sinks ? Parameter.of(tensors, SINKS) : null,
        scale ? Parameter.of(tensors, SCALE) : null,
        vector ? Parameter.of(tensors, VECTOR) : null);
  }
}
