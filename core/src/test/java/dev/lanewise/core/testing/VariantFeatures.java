package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.VariantPairsTest;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The values of the features that {@link VariantPairsTest} combines in pairs. */
public final class VariantFeatures {
  private VariantFeatures() {}

  /** A change of scores, or weights, between similarity and value. */
  public enum Change {
    NONE,
    SCALE,
    SOFTCAP,
    BIAS_OF_KEYS,
    BIAS,
    BIAS_THAT_HIDES,
    ALIBI,
    ALIBI_WITH_OFFSETS,
    SCORE_FUNCTION,
    SCORE_FUNCTION_THAT_HIDES,
    WEIGHT_FUNCTION,
    ALL_AT_ONCE;

    public void set(Variant variant, CallShape shape, Random random) {
      if (this == SCALE || this == ALL_AT_ONCE) {
        variant.scale = 0.3f;
      }
      if (this == SOFTCAP || this == ALL_AT_ONCE) {
        variant.softcap = 1.5f;
      }
      switch (this) {
        case BIAS_OF_KEYS -> variant.bias = Bias.of(Views.randomArray(shape.mostKeys(), 1, random.nextLong()), shape.mostKeys());
        case BIAS, ALL_AT_ONCE -> variant.bias = bias(shape, random);
        case BIAS_THAT_HIDES -> variant.bias = hiding(bias(shape, random), random);
        default -> {}
      }
      if (this == ALIBI || this == ALIBI_WITH_OFFSETS || this == ALL_AT_ONCE) {
        variant.slopes = Attention.standardSlopes(shape.queryHeads());
      }
      if (this == ALIBI_WITH_OFFSETS && variant.mask.depths() == null) { // a tree has positions of its own
        variant.offsets = random.ints(shape.batch(), -9, 2 * shape.mostKeys()).toArray();
      }
      switch (this) {
        case SCORE_FUNCTION, ALL_AT_ONCE -> variant.scoreFunction = Change::mixScores;
        case SCORE_FUNCTION_THAT_HIDES -> variant.scoreFunction = Change::hideSome;
        default -> {}
      }
      if (this == WEIGHT_FUNCTION || this == ALL_AT_ONCE) {
        variant.weightFunction = Change::mixWeights;
      }
    }

    /** A bias over all four axes, with an offset and gaps of NaN. */
    private static Bias bias(CallShape shape, Random random) {
      int queryStride = 2 * shape.mostKeys() + 1;
      int headStride = shape.mostQueries() * queryStride + 3;
      int batchStride = shape.queryHeads() * headStride + 1;
      float[] data = Views.randomArray(5 + shape.batch() * batchStride, 1, random.nextLong());
      return new Bias(data, 5, batchStride, headStride, queryStride, 2);
    }

    private static Bias hiding(Bias bias, Random random) {
      for (int i = 0; i < bias.data().length; i++) {
        bias.data()[i] = random.nextInt(3) == 0 ? Float.NEGATIVE_INFINITY : bias.data()[i];
      }
      return bias;
    }

    private static void mixScores(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
      for (int i = 0; i < length; i++) {
        row[offset + i] = 0.5f * row[offset + i] + 0.25f * ((b + 2 * head + 3 * query + 7 * (firstKey + i)) % 5 - 2);
      }
    }

    private static void hideSome(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
      for (int i = 0; i < length; i++) {
        row[offset + i] = (b + head + query + firstKey + i) % 3 == 0 ? Float.NEGATIVE_INFINITY : row[offset + i];
      }
    }

    /** A weight function that would give masked keys a weight, too; this must be ignored. */
    private static void mixWeights(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
      for (int i = 0; i < length; i++) {
        row[offset + i] = 0.5f * row[offset + i] + 0.0625f * ((b + 2 * head + 3 * query + 7 * (firstKey + i)) % 5);
      }
    }
  }

  /** The normalisers for this number of query heads. */
  public static List<Normaliser> normalisers(int heads, Random random) {
    return List.of(
        Normaliser.softmax(),
        Normaliser.softmaxWithSinks(Views.randomArray(heads, 2, random.nextLong())),
        Normaliser.relu(),
        Normaliser.relu().dividedByKeys(),
        Normaliser.squaredRelu(),
        Normaliser.sigmoid(),
        Normaliser.sigmoid().dividedByKeys(),
        Normaliser.linear(),
        Normaliser.linear().dividedByKeys());
  }

  public static List<Similarity> similarities(int headDim, Random random) {
    return List.of(Similarity.dot(), Similarity.cosine(), Similarity.additive(Views.randomArray(headDim, 1, random.nextLong())));
  }

  /** One mask of each kind, and some combinations. */
  public static List<Mask> masks(CallShape shape, long seed) {
    List<Mask> masks = new ArrayList<>(MaskCases.ranges(shape, seed));
    masks.addAll(MaskCases.withHoles(shape, seed));
    masks.add(Mask.window(9, 3).and(Mask.causal()).and(MaskCases.withHoles(shape, seed + 1).getFirst()));
    return masks;
  }
}
