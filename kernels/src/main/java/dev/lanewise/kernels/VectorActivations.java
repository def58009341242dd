package dev.lanewise.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations in place. A loop each, because C2 must see which function it inlines. The tail goes through the same lanes as the rest, so
 * that the bits of an element do not depend on where it lies.
 */
final class VectorActivations {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /** Stands for all below it in x · f(x), where f is long 0: −∞ · 0 would be NaN. */
  private static final float LOWEST = -1000;

  private static final float SQRT_HALF = 0.70710677f;

  // 2 √(2/π), and the same times 0.044715
  private static final float GELU_LINEAR = 1.595769f;
  private static final float GELU_CUBIC = 0.07135482f;

  private VectorActivations() {}

  /** x[i] = activation(x[i]) for {@code length} elements from index {@code from} on. */
  static void apply(Activation activation, float[] x, int from, int length) {
    switch (activation) {
      case NONE -> {}
      case RELU -> relu(x, from, length);
      case GELU -> gelu(x, from, length);
      case GELU_TANH -> geluTanh(x, from, length);
      case SILU -> silu(x, from, length);
      case TANH -> tanh(x, from, length);
      case SIGMOID -> sigmoid(x, from, length);
    }
  }

  private static void relu(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      relu(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      relu(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static void gelu(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      gelu(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      gelu(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static void geluTanh(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      geluTanh(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      geluTanh(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static void silu(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      silu(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      silu(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static void tanh(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      VectorFunctions.tanh(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      VectorFunctions.tanh(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static void sigmoid(float[] x, int from, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      VectorFunctions.sigmoid(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(x, from + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      VectorFunctions.sigmoid(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(x, from + bound, rest);
    }
  }

  private static FloatVector relu(FloatVector x) {
    return x.blend(0f, x.compare(VectorOperators.LT, 0f));
  }

  private static FloatVector gelu(FloatVector x) {
    FloatVector clamped = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
    return clamped.mul(0.5f).mul(VectorFunctions.erf(x.mul(SQRT_HALF)).add(1f));
  }

  /** With (1 + tanh u)/2 = 1/(1 + e<sup>−2u</sup>), which is accurate also where tanh u is near −1. */
  private static FloatVector geluTanh(FloatVector x) {
    FloatVector clamped = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
    FloatVector slope = clamped.mul(clamped).fma(broadcast(SPECIES, GELU_CUBIC), broadcast(SPECIES, GELU_LINEAR));
    return clamped.div(VectorExp.exp(clamped.mul(slope).neg()).add(1f));
  }

  private static FloatVector silu(FloatVector x) {
    FloatVector clamped = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
    return clamped.div(VectorExp.exp(clamped.neg()).add(1f));
  }
}
