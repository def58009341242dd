package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import org.jspecify.annotations.Nullable;

/** Settings of a call, which are applied in the same way to the reference and to the code under test. */
public final class Variant {
  public Mask mask = Mask.none();
  public Similarity similarity = Similarity.dot();
  public Normaliser normaliser = Normaliser.softmax();
  @Nullable Float scale;
  public float softcap;
  @Nullable Bias bias;
  public float @Nullable [] slopes;
  int @Nullable [] offsets;
  @Nullable RowFunction scoreFunction;
  @Nullable RowFunction weightFunction;
  public @Nullable PackedSequences sequences;

  public ReferenceAttention reference(Heads query, Heads key, Heads value) {
    return ReferenceAttention.of(attention(), query, key, value);
  }

  public Attention attention() {
    Attention attention = Attention.standard().withMask(mask).withSimilarity(similarity).withNormaliser(normaliser).withSoftcap(softcap);
    attention = scale == null ? attention : attention.withScale(scale);
    attention = bias == null ? attention : attention.withBias(bias);
    if (slopes != null) {
      attention = offsets == null ? attention.withAlibi(slopes) : attention.withAlibi(slopes, offsets);
    }
    attention = scoreFunction == null ? attention : attention.withScoreFunction(scoreFunction);
    attention = weightFunction == null ? attention : attention.withWeightFunction(weightFunction);
    return sequences == null ? attention : attention.withPackedSequences(sequences);
  }
}
