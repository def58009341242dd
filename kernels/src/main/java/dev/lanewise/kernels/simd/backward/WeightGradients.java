package dev.lanewise.kernels.simd.backward;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Loops over scores of one vector of lanes (keys × lanes), to weights and the gradients of the scores. */
final class WeightGradients {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private WeightGradients() {}

  /**
   * Replaces the scores of one vector of lanes by the weights e<sup>score − base</sup>, and the products dO · V by the gradients of the
   * scores, weight · (product − delta). A score of −∞ has weight 0. The formula of {@link VectorExp} is repeated here, because a call boxes
   * its vectors.
   */
  static void softmax(float[] scores, float[] products, float[] base, float[] delta, int lane, int from, int to) {
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

  /**
   * Replaces the scores by the weights of a normaliser that knows each score only, and the products dO · V by the gradients of the scores:
   * product · derivative. A score of −∞ has weight and gradient 0; the derivative of ReLU at 0 is 0.
   *
   * @param from index of the first element
   * @param to index past the last, whole vectors
   */
  static void elementwise(Normaliser.Kind kind, float[] scores, float[] products, int from, int to) {
    switch (kind) {
      case RELU -> relu(scores, products, from, to);
      case SQUARED_RELU -> squaredRelu(scores, products, from, to);
      case SIGMOID -> {
        VectorActivations.apply(Activation.SIGMOID, scores, from, to - from);
        sigmoid(scores, products, from, to);
      }
      case LINEAR -> linear(scores, products, from, to);
      case SOFTMAX -> throw new IllegalStateException("softmax needs the log-sum-exp of the row");
    }
  }

  private static void relu(float[] scores, float[] products, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      VectorMask<Float> off = x.compare(VectorOperators.LE, 0f);
      FloatVector.fromArray(SPECIES, products, i).blend(0f, off).intoArray(products, i);
      x.blend(0f, off).intoArray(scores, i);
    }
  }

  private static void squaredRelu(float[] scores, float[] products, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      VectorMask<Float> off = x.compare(VectorOperators.LE, 0f);
      FloatVector.fromArray(SPECIES, products, i).mul(x.add(x)).blend(0f, off).intoArray(products, i);
      x.mul(x).blend(0f, off).intoArray(scores, i);
    }
  }

  private static void sigmoid(float[] weights, float[] products, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector w = FloatVector.fromArray(SPECIES, weights, i);
      FloatVector derivative = broadcast(SPECIES, 1f).sub(w).mul(w);
      FloatVector.fromArray(SPECIES, products, i).mul(derivative).intoArray(products, i);
    }
  }

  private static void linear(float[] scores, float[] products, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i);
      VectorMask<Float> off = x.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY);
      FloatVector.fromArray(SPECIES, products, i).blend(0f, off).intoArray(products, i);
      x.blend(0f, off).intoArray(scores, i);
    }
  }

  /** x[i] *= y[i]. */
  static void multiply(float[] x, float[] y, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector.fromArray(SPECIES, x, i).mul(FloatVector.fromArray(SPECIES, y, i)).intoArray(x, i);
    }
  }

  /** gradients[i] *= 1 − (capped[i] · inverse)², the derivative of cap · tanh(score / cap), with inverse = 1 / cap. */
  static void softcap(float[] gradients, float[] capped, float inverse, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector tanh = FloatVector.fromArray(SPECIES, capped, i).mul(inverse);
      FloatVector derivative = broadcast(SPECIES, 1f).sub(tanh).mul(tanh.add(1f));
      FloatVector.fromArray(SPECIES, gradients, i).mul(derivative).intoArray(gradients, i);
    }
  }
}
