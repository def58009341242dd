package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The formula of a test's call.
 *
 * @param softcap 0 for none
 * @param bias queries × keys of the longest batch entry, for every head; null for none
 * @param biasKeys its number of keys
 * @param slopes of each head; null for none
 * @param sinks of each head; null for none
 */
record BackwardFormula(
    float scale,
    float softcap,
    float @Nullable [] bias,
    int biasKeys,
    float @Nullable [] slopes,
    float @Nullable [] sinks,
    Normaliser.Kind kind,
    @Nullable Dropout dropout) {

  static BackwardFormula plain(float scale) {
    return new BackwardFormula(scale, 0, null, 0, null, null, Normaliser.Kind.SOFTMAX, null);
  }

  ScoreFormula toFormula() {
    Normaliser normaliser =
        switch (kind) {
          case SOFTMAX -> sinks == null ? Normaliser.softmax() : Normaliser.softmaxWithSinks(sinks);
          case RELU -> Normaliser.relu();
          case SQUARED_RELU -> Normaliser.squaredRelu();
          case SIGMOID -> Normaliser.sigmoid();
          case LINEAR -> Normaliser.linear();
        };
    ScoreFormula formula = new ScoreFormula(scale, Similarity.dot(), List.of(), normaliser, null, dropout);
    formula = softcap == 0 ? formula : formula.with(new ScoreChange.Softcap(softcap));
    formula = bias == null ? formula : formula.with(new ScoreChange.AddedBias(Bias.of(bias, bias.length / biasKeys, biasKeys), false));
    return slopes == null ? formula : formula.with(new ScoreChange.Alibi(slopes, null, false));
  }

  @Override
  public String toString() {
    return "scale "
        + scale
        + (softcap == 0 ? "" : ", softcap " + softcap)
        + (bias == null ? "" : ", bias")
        + (slopes == null ? "" : ", slopes")
        + (sinks == null ? "" : ", sinks")
        + ", "
        + kind
        + (dropout == null ? "" : ", " + dropout);
  }
}
