package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.layer.LayerSettingsTest;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * All settings of a layer of multi-head attention, which {@link LayerSettingsTest} combines in pairs. A method of a layer or of its
 * attention that is missing here fails the test.
 */
public final class LayerSettings {
  public static final int HEADS = 3;
  public static final int HEAD_DIM = 8;
  public static final int ROWS = 11;
  static final long DROPOUT_SEED = 5;

  private static final float[] TABLE = Views.randomArray(8 * HEADS, 2, Problem.SEED + 1);

  private LayerSettings() {}

  /**
   * A setting.
   *
   * @param method the method that sets it, with its class
   * @param slot what it replaces when it is set again
   * @param name its name in a refusal
   * @param seen whether it changes results
   */
  public record Setting(
      String method,
      String slot,
      String name,
      boolean seen,
      UnaryOperator<MultiHeadAttention> set,
      Consumer<LayerExpectation> expect,
      String what) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static Setting attention(
      String method, String slot, String what, UnaryOperator<Attention> set, Consumer<LayerExpectation> expect) {
    boolean seen = !Set.of("threads", "kernels").contains(slot);
    return new Setting("Attention." + method, slot, method, seen, layer -> layer.withAttention(set), expect, what);
  }

  private static Setting layer(
      String method, String slot, String what, UnaryOperator<MultiHeadAttention> set, Consumer<LayerExpectation> expect) {
    boolean seen = !Set.of("threads", "kernels of all parts").contains(slot) && !what.equals("no positions");
    return new Setting("MultiHeadAttention." + method, slot, what, seen, set, expect, what);
  }

  private static Setting positions(String what, LayerPositions positions) {
    return layer("withPositions", "positions", what, layer -> layer.withPositions(positions), e -> e.positions = positions);
  }

  private static Setting mask(String what, Mask mask) {
    return attention("withMask", "mask", what, attention -> attention.withMask(mask), e -> e.mask = mask);
  }

  private static Setting normaliser(String what, Normaliser normaliser) {
    return attention(
        "withNormaliser", "normaliser", what, attention -> attention.withNormaliser(normaliser), e -> e.normaliser = normaliser);
  }

  private static Setting bias(String what, Bias bias) {
    return attention("withBias", "bias", what, attention -> attention.withBias(bias), e -> e.bias = bias);
  }

  private static Setting similarity(String what, Similarity similarity) {
    return attention(
        "withSimilarity", "similarity", what, attention -> attention.withSimilarity(similarity), e -> e.similarity = similarity);
  }

  public static List<Setting> all() {
    float[] keys = Views.randomArray(ROWS, 1, Problem.SEED + 2);
    float[] hidden = keys.clone();
    hidden[1] = Float.NEGATIVE_INFINITY;
    float[] scores = Views.randomArray(HEADS * ROWS * ROWS, 1, Problem.SEED + 3);
    float[] slopes = {0.3f, 0.1f, 0.02f};
    float[] sinks = {0.5f, -1, 2};
    PackedSequences sequences = PackedSequences.of(0, 4, ROWS);
    Mask window = Mask.window(2, 1);
    LayerPositions relative = Positions.relativeBuckets(TABLE, 8, 6, true);
    RowFunction changeScores = (row, offset, length, b, head, i, first) -> change(row, offset, length, first, -0.3f);
    RowFunction changeWeights = (row, offset, length, b, head, i, first) -> change(row, offset, length, first, 0.2f);
    return List.of(
        mask("causal", Mask.causal()),
        mask("tree", Mask.tree(-1, 0, 0, 1)),
        layer("withMask", "mask", "window", layer -> layer.withMask(window), e -> e.mask = window),
        attention("withScale", "scale", "scale", attention -> attention.withScale(0.7f), e -> e.scale = (double) 0.7f),
        attention("withSoftcap", "softcap", "softcap", attention -> attention.withSoftcap(0.6f), e -> e.softcap = 0.6f),
        bias("bias of keys", new Bias(keys, 0, 0, 0, 0, 1)),
        bias("bias that hides a key", new Bias(hidden, 0, 0, 0, 0, 1)),
        bias("bias of all scores", new Bias(scores, 0, 0, ROWS * ROWS, ROWS, 1)),
        attention("withAlibi", "slopes", "slopes", attention -> attention.withAlibi(slopes), e -> e.slopes = slopes),
        attention(
            "withScoreFunction",
            "score function",
            "score function",
            attention -> attention.withScoreFunction(changeScores),
            e -> e.scores = changeScores),
        attention(
            "withWeightFunction",
            "weight function",
            "weight function",
            attention -> attention.withWeightFunction(changeWeights),
            e -> e.weights = changeWeights),
        attention("withDropout", "dropout", "dropout", attention -> attention.withDropout(0.3f, DROPOUT_SEED, 3), e -> e.dropout = 0.3f),
        normaliser("sinks", Normaliser.softmaxWithSinks(sinks)),
        normaliser("relu by keys", Normaliser.relu().dividedByKeys()),
        normaliser("sigmoid", Normaliser.sigmoid()),
        similarity("cosine", Similarity.cosine()),
        similarity("additive", Similarity.additive(Views.randomArray(HEAD_DIM, 1, Problem.SEED + 4))),
        attention(
            "withPackedSequences",
            "sequences",
            "sequences",
            attention -> attention.withPackedSequences(sequences),
            e -> e.sequences = sequences),
        layer(
            "withPackedSequences",
            "sequences",
            "packed sequences",
            attention -> attention.withPackedSequences(sequences),
            e -> e.sequences = sequences),
        attention("withThreads", "threads", "threads of attention", attention -> attention.withThreads(3), e -> {}),
        layer("withThreads", "threads", "threads", layer -> layer.withThreads(2), e -> {}),
        layer("withKernels", "kernels of all parts", "scalar kernels of all parts", layer -> layer.withKernels(Kernels.scalar()), e -> {}),
        attention("withKernels", "kernels", "scalar kernels", attention -> attention.withKernels(Kernels.scalar()), e -> {}),
        layer("withAttention", "threads", "attention as it is", layer -> layer.withAttention(UnaryOperator.identity()), e -> {}),
        positions("rotary", Rotary.of(HEAD_DIM, 6).withBase(50)),
        positions("alibi", Positions.alibi(HEADS)),
        positions("relative", relative),
        positions("no positions", Positions.none()));
  }

  private static void change(float[] row, int offset, int length, int first, float by) {
    for (int i = 0; i < length; i++) {
      row[offset + i] = 0.8f * row[offset + i] + by * ((first + i) % 3);
    }
  }

  /** What the relative positions of {@link #all} add to the score of a key at this distance. */
  public static float relativeBias(int distance, int head) {
    return TABLE[bucket(distance) * HEADS + head];
  }

  /** The bucket of a distance among 8 buckets up to distance 6, half of them for keys after the query (T5, section 2.1). */
  private static int bucket(int distance) {
    int apart = Math.abs(distance);
    int far = 2 + (int) (Math.log(apart / 2.0) / Math.log(6 / 2.0) * 2);
    return (distance > 0 ? 4 : 0) + (apart < 2 ? apart : Math.min(3, far));
  }
}
