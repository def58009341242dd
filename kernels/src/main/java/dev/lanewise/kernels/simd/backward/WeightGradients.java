package dev.lanewise.kernels.simd.backward;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The weights of a tile (keys × lanes) and the gradients of its scores, in one loop. */
final class WeightGradients {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private WeightGradients() {}

  /**
   * Replaces the scores of one vector of lanes by the weights e<sup>score − base</sup>, and the products dO · V by the gradients of the
   * scores, weight · (product − delta). A score of −∞ has weight 0. The formula of {@link VectorExp} is repeated here, because a call boxes
   * its vectors.
   */
  static void apply(float[] scores, float[] products, float[] base, float[] delta, int lane, int from, int to) {
    int first = lane * LaneRows.KEYS;
    FloatVector lanesBase = FloatVector.fromArray(SPECIES, base, lane);
    FloatVector lanesDelta = FloatVector.fromArray(SPECIES, delta, lane);
    for (int key = from; key < to; key++) {
      int at = first + key * LANES;
      FloatVector t = FloatVector.fromArray(SPECIES, scores, at).sub(lanesBase);
      FloatVector clamped = t.blend(VectorExp.LEAST, t.compare(VectorOperators.LT, VectorExp.LEAST));
      FloatVector shifted = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector fraction = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC).sub(shifted));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector weight = p.mul(power);
      weight.intoArray(scores, at);
      FloatVector.fromArray(SPECIES, products, at).sub(lanesDelta).mul(weight).intoArray(products, at);
    }
  }
}
