package dev.lanewise.core.learn;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of the scores of an attention that learns.
 *
 * @param slopes of ALiBi, one for each query head
 * @param buckets T5's table of relative positions
 * @param sinks one for each query head
 * @param scale the factor of the similarity
 * @param vector of the additive similarity
 */
record LearnedScores(
    @Nullable Parameter slopes,
    @Nullable Buckets buckets,
    @Nullable Parameter sinks,
    @Nullable Parameter scale,
    @Nullable Parameter vector) {

  /**
   * T5's table of relative positions.
   *
   * @param table numBuckets × numHeads
   */
  record Buckets(Parameter table, int maxDistance, boolean bidirectional) {
    LayerPositions positions() {
      return Positions.relativeBuckets(table.values(), (int) table.shape()[0], maxDistance, bidirectional);
    }
  }

  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    if (slopes != null) {
      all.add(slopes);
    }
    if (buckets != null) {
      all.add(buckets.table);
    }
    if (sinks != null) {
      all.add(sinks);
    }
    if (scale != null) {
      all.add(scale);
    }
    if (vector != null) {
      all.add(vector);
    }
    return all;
  }

  /** The attention with the present values of these parameters, except for the table of positions. */
  Attention applyTo(Attention attention) {
    Attention result = attention;
    if (slopes != null) {
      result = result.withAlibi(slopes.values());
    }
    if (sinks != null) {
      result = result.withNormaliser(Normaliser.softmaxWithSinks(sinks.values()));
    }
    if (scale != null) {
      result = result.withScale(scale.values()[0]);
    }
    return vector == null ? result : result.withSimilarity(Similarity.additive(vector.values()));
  }

  /** The positions of a layer: those with the present table, or the given ones, which do not learn. */
  LayerPositions positions(LayerPositions fixed) {
    return buckets == null ? fixed : buckets.positions();
  }

  /** The gradients of these parameters in one backward pass, which writes them before they are added to the parameters. */
  final class Collected {
    private final float @Nullable [] ofSlopes = zeros(slopes);
    private final float @Nullable [] ofSinks = zeros(sinks);
    private final float @Nullable [] ofScale = zeros(scale);
    private final float @Nullable [] ofVector = zeros(vector);
    private float @Nullable [] ofPositionBias;

    private static float @Nullable [] zeros(@Nullable Parameter parameter) {
      return parameter == null || parameter.isFrozen() ? null : new float[parameter.size()];
    }

    private boolean wantsTable() {
      return buckets != null && !buckets.table.isFrozen();
    }

    /** Requests the gradients of a call with these settings. */
    Gradients request(Gradients gradients, AttentionSettings settings) {
      Gradients all = gradients;
      all = ofSlopes == null ? all : all.withSlopes(ofSlopes);
      all = ofSinks == null ? all : all.withSinks(ofSinks);
      all = ofScale == null ? all : all.withScale(ofScale);
      all = ofVector == null ? all : all.withAdditiveVector(ofVector);
      for (ScoreChange change : settings.formula().changes()) {
        if (wantsTable() && change instanceof ScoreChange.AddedBias added && added.ofPositions()) {
          float[] bias = new float[added.bias().data().length];
          ofPositionBias = bias;
          all = all.withPositionBias(bias);
        }
      }
      return all;
    }

    /** Adds the gradients of the call to the parameters. */
    void add(AttentionSettings settings, CallShape shape, LayerPositions positions) {
      add(slopes, ofSlopes);
      add(sinks, ofSinks);
      add(scale, ofScale);
      add(vector, ofVector);
      if (buckets != null && ofPositionBias != null) {
        positions.effect().addTableGradient(settings, shape, ofPositionBias, buckets.table.gradient());
      }
    }

    private static void add(@Nullable Parameter parameter, float @Nullable [] gradient) {
      if (parameter != null && gradient != null) {
        parameter.addGradient(gradient, 0);
      }
    }
  }
}
