package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.data.Normaliser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a call does beside the plain formula.
 *
 * @param normaliser what makes weights of scores; {@link Feature#SINKS} adds the sinks to softmax
 */
public record AttentionVariant(AttentionMask mask, Normaliser normaliser, Set<Feature> features) {
  /** One option of a call. */
  public enum Feature {
    SOFTCAP,
    /** One value for each batch entry, head, query and key, some of them −∞. */
    BIAS,
    /** One value for each query and key. */
    POSITION_BIAS,
    SLOPES,
    SINKS,
    COSINE,
    ADDITIVE,
    /** A caller's function changes scores, some to −∞. */
    SCORE_FUNCTION,
    /** A caller's function changes weights. */
    WEIGHT_FUNCTION,
    /** K and V of one key in the middle are NaN. */
    NAN,
    /** Some rows of the cache have been dropped. */
    DROPPED
  }

  /** Whether the call has the option. */
  public boolean has(Feature feature) {
    return features.contains(feature);
  }

  /** Whether the SIMD path decodes a cached call of few queries. */
  public boolean decodes() {
    return normaliser.hasLogSumExp()
        && !has(Feature.COSINE)
        && !has(Feature.ADDITIVE)
        && !has(Feature.WEIGHT_FUNCTION)
        && !has(Feature.NAN);
  }

  private static AttentionVariant of(AttentionMask mask, Normaliser normaliser, Feature... features) {
    Set<Feature> set = EnumSet.noneOf(Feature.class);
    set.addAll(Arrays.asList(features));
    return new AttentionVariant(mask, normaliser, set);
  }

  /** Every mask, every normaliser, each option alone and most of them together. */
  public static List<AttentionVariant> all() {
    Normaliser softmax = Normaliser.softmax();
    List<AttentionVariant> variants = new ArrayList<>();
    for (AttentionMask mask : AttentionMask.values()) {
      variants.add(of(mask, softmax));
    }
    for (Feature feature : Feature.values()) {
      variants.add(of(AttentionMask.CAUSAL, softmax, feature));
    }
    variants.add(of(AttentionMask.HOLES, softmax, Feature.NAN));
    variants.add(of(AttentionMask.RAGGED, Normaliser.relu().dividedByKeys()));
    variants.add(of(AttentionMask.HOLES, Normaliser.squaredRelu(), Feature.NAN));
    variants.add(of(AttentionMask.HOLES, Normaliser.sigmoid().dividedByKeys(), Feature.BIAS));
    variants.add(of(AttentionMask.CAUSAL, Normaliser.linear(), Feature.BIAS, Feature.WEIGHT_FUNCTION));
    variants.add(of(AttentionMask.RAGGED, softmax, Feature.SCORE_FUNCTION, Feature.WEIGHT_FUNCTION, Feature.SINKS));
    variants.add(
        of(
            AttentionMask.HOLES,
            softmax,
            Feature.SOFTCAP,
            Feature.BIAS,
            Feature.POSITION_BIAS,
            Feature.SLOPES,
            Feature.SINKS,
            Feature.SCORE_FUNCTION,
            Feature.DROPPED));
    return variants;
  }

  @Override
  public String toString() {
    return mask + " " + normaliser.kind() + (normaliser.averages() ? " / keys " : " ") + features;
  }
}
