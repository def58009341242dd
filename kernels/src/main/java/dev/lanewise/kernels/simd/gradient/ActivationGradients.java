package dev.lanewise.kernels.simd.gradient;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.call.GradientKernels.Gate;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gradients of activations: result = dy · activation′(x). Each activation has a loop of its own that contains the formula, as in {@link
 * VectorActivations}. Bounds on |x| replace larger ones, where a derivative has reached its limit; they are float comparisons, which keep
 * NaN.
 */
final class ActivationGradients {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /** 2√(2/π). */
  private static final float ROOT = 1.595769f;

  private ActivationGradients() {}

  /** result[i] = dy[i] · activation′(x[i]) for any number of elements; the elements that fill no vector are computed in scratch. */
  static void row(Activation activation, float[] x, int from, float[] dy, int at, float[] result, int to, int length, Scratch scratch) {
    int bound = SPECIES.loopBound(length);
    apply(activation, x, from, dy, at, result, to, bound);
    if (bound < length) {
      float[] padded = scratch.padded;
      System.arraycopy(x, from + bound, padded, 0, length - bound);
      System.arraycopy(dy, at + bound, padded, LANES, length - bound);
      apply(activation, padded, 0, padded, LANES, padded, 0, LANES);
      System.arraycopy(padded, 0, result, to + bound, length - bound);
    }
  }

  /**
   * The gradients of one row of a gate. Both factors are kept in scratch until every operand has been read, so that the results may be the
   * operands.
   */
  static void gate(Activation activation, Gate gate, int row, Scratch scratch) {
    float[] activated = scratch.activated;
    float[] product = scratch.left(Tiles.GATE_COLUMNS);
    float[] dy = gate.outputGradient().data();
    for (int column = 0; column < gate.gate().columns(); column += Tiles.GATE_COLUMNS) {
      int count = Math.min(Tiles.GATE_COLUMNS, gate.gate().columns() - column);
      float[] x = gate.gate().data();
      int from = gate.gate().index(row, column);
      int at = gate.outputGradient().index(row, column);
      VectorActivations.row(activation, x, from, activated, 0, count, scratch.lanes);
      multiply(dy, at, gate.up().data(), gate.up().index(row, column), product, 0, count);
      row(activation, x, from, product, 0, product, 0, count, scratch);
      multiply(dy, at, activated, 0, gate.upGradient().data(), gate.upGradient().index(row, column), count);
      System.arraycopy(product, 0, gate.gateGradient().data(), gate.gateGradient().index(row, column), count);
    }
  }

  private static void multiply(float[] x, int from, float[] y, int at, float[] result, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, from + i).mul(FloatVector.fromArray(SPECIES, y, at + i)).intoArray(result, to + i);
    }
    for (; i < length; i++) {
      result[to + i] = x[from + i] * y[at + i];
    }
  }

  private static void apply(Activation activation, float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    switch (activation) {
      case NONE -> System.arraycopy(dy, at, result, to, length);
      case RELU -> relu(x, from, dy, at, result, to, length);
      case GELU -> gelu(x, from, dy, at, result, to, length);
      case GELU_TANH -> geluTanh(x, from, dy, at, result, to, length);
      case SILU -> silu(x, from, dy, at, result, to, length);
      case TANH -> tanh(x, from, dy, at, result, to, length);
      case SIGMOID -> sigmoid(x, from, dy, at, result, to, length);
    }
  }

  private static void relu(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector g = d.blend(0f, v.compare(VectorOperators.LE, 0f));
      g.blend(v, v.compare(VectorOperators.NE, v)).intoArray(result, to + i);
    }
  }

  /**
   * Φ(x) + x φ(x), that is h(z) = Φ(−z) − z φ(z) with z = |x| for x < 0, and 1 − h(z) otherwise. h is e<sup>−z²/2</sup> times a polynomial
   * of degree 10, fitted by Lawson's iteration on [0, 6.8] so that the error of h is at most 1.1e-7.
   */
  private static void gelu(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector z = v.abs();
      z = z.blend(14f, z.compare(VectorOperators.GT, 14f));
      FloatVector t = z.mul(z).mul(-0.7213475f);
      t = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector q = z.fma(broadcast(SPECIES, 1.6782485e-06f), broadcast(SPECIES, -3.6040383e-05f));
      q = q.fma(z, broadcast(SPECIES, 0.00034598677f));
      q = q.fma(z, broadcast(SPECIES, -0.002000308f));
      q = q.fma(z, broadcast(SPECIES, 0.00800267f));
      q = q.fma(z, broadcast(SPECIES, -0.024410134f));
      q = q.fma(z, broadcast(SPECIES, 0.061244383f));
      q = q.fma(z, broadcast(SPECIES, -0.1325626f));
      q = q.fma(z, broadcast(SPECIES, 0.24993102f));
      q = q.fma(z, broadcast(SPECIES, -0.79788065f));
      q = q.fma(z, broadcast(SPECIES, 0.5f));
      FloatVector h = p.mul(power).mul(q);
      broadcast(SPECIES, 1f).sub(h).blend(h, v.compare(VectorOperators.LT, 0f)).mul(d).intoArray(result, to + i);
    }
  }

  /**
   * With s = 1/(1 + e<sup>−w</sup>), w = 2√(2/π) · (z + 0.044715 z³) and z = |x|: s + h with h = z · s(1 − s) · w′, and (1 − s) − h for x <
   * 0.
   */
  private static void geluTanh(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector z = v.abs();
      z = z.blend(10.5f, z.compare(VectorOperators.GT, 10.5f));
      FloatVector square = z.mul(z);
      FloatVector t = square.fma(broadcast(SPECIES, 0.044715f), broadcast(SPECIES, 1f)).mul(z).mul(-ROOT * VectorExp.LOG2_E);
      t = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      FloatVector s = broadcast(SPECIES, 1f).div(e.add(1f));
      FloatVector slope = square.fma(broadcast(SPECIES, 3 * 0.044715f * ROOT), broadcast(SPECIES, ROOT));
      FloatVector rest = e.mul(s);
      FloatVector h = slope.mul(z).mul(rest).mul(s);
      h.add(s).blend(rest.sub(h), v.compare(VectorOperators.LT, 0f)).mul(d).intoArray(result, to + i);
    }
  }

  /** As {@link #geluTanh}, with w = z. */
  private static void silu(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector z = v.abs();
      z = z.blend(88f, z.compare(VectorOperators.GT, 88f));
      FloatVector t = z.mul(-VectorExp.LOG2_E);
      t = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      FloatVector s = broadcast(SPECIES, 1f).div(e.add(1f));
      FloatVector rest = e.mul(s);
      FloatVector h = z.mul(rest).mul(s);
      h.add(s).blend(rest.sub(h), v.compare(VectorOperators.LT, 0f)).mul(d).intoArray(result, to + i);
    }
  }

  /** 1 − tanh² x = 4 e / (1 + e)² with e = e<sup>−2|x|</sup>. */
  private static void tanh(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector z = v.abs();
      z = z.blend(44f, z.compare(VectorOperators.GT, 44f));
      FloatVector t = z.mul(-2 * VectorExp.LOG2_E);
      t = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      FloatVector s = broadcast(SPECIES, 2f).div(e.add(1f));
      e.mul(s).mul(s).mul(d).intoArray(result, to + i);
    }
  }

  /** e / (1 + e)² with e = e<sup>−|x|</sup>. */
  private static void sigmoid(float[] x, int from, float[] dy, int at, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector z = v.abs();
      z = z.blend(88f, z.compare(VectorOperators.GT, 88f));
      FloatVector t = z.mul(-VectorExp.LOG2_E);
      t = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      FloatVector s = broadcast(SPECIES, 1f).div(e.add(1f));
      e.mul(s).mul(s).mul(d).intoArray(result, to + i);
    }
  }
}
