package dev.lanewise.kernels.simd.elementwise;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import dev.lanewise.kernels.simd.lanes.VectorFunctions;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Activations, each with a loop of its own that contains the formula. C2 always inlines the JDK's vector methods, but ours only up to a
 * limit, and a call of our own method boxes its vectors. Elements at the end that fill no vector are computed in padded scratch with the
 * same instructions, so that the bits of an element do not depend on its position.
 */
public final class VectorActivations {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private VectorActivations() {}

  /** x[i] = activation(x[i]) for {@code length} elements, whole vectors, from index {@code from} on. */
  public static void apply(Activation activation, float[] x, int from, int length) {
    apply(activation, x, from, x, from, length);
  }

  /** result[to + i] = activation(x[from + i]) for any number of elements; {@code padded} is scratch of one vector. */
  public static void row(Activation activation, float[] x, int from, float[] result, int to, int length, float[] padded) {
    int bound = SPECIES.loopBound(length);
    apply(activation, x, from, result, to, bound);
    if (bound < length) {
      System.arraycopy(x, from + bound, padded, 0, length - bound);
      apply(activation, padded, 0, LANES);
      System.arraycopy(padded, 0, result, to + bound, length - bound);
    }
  }

  /** result[row] = activation(gate[row]) · up[row]. The activated gate is kept in scratch, so that the result may be either operand. */
  public static void gate(Activation activation, Matrix gate, Matrix up, Matrix result, int row, Scratch scratch) {
    for (int column = 0; column < result.columns(); column += Tiles.GATE_COLUMNS) {
      int count = Math.min(Tiles.GATE_COLUMNS, result.columns() - column);
      row(activation, gate.data(), gate.index(row, column), scratch.activated, 0, count, scratch.lanes);
      multiply(scratch.activated, up.data(), up.index(row, column), result.data(), result.index(row, column), count);
    }
  }

  private static void multiply(float[] x, float[] y, int yFrom, float[] result, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, i).mul(FloatVector.fromArray(SPECIES, y, yFrom + i)).intoArray(result, to + i);
    }
    for (; i < length; i++) {
      result[to + i] = x[i] * y[yFrom + i];
    }
  }

  private static void apply(Activation activation, float[] x, int from, float[] result, int to, int length) {
    switch (activation) {
      case NONE -> {
        if (x != result || from != to) {
          System.arraycopy(x, from, result, to, length);
        }
      }
      case RELU -> relu(x, from, result, to, length);
      case GELU -> gelu(x, from, result, to, length);
      case GELU_TANH -> geluTanh(x, from, result, to, length);
      case SILU -> silu(x, from, result, to, length);
      case TANH -> tanh(x, from, result, to, length);
      case SIGMOID -> sigmoid(x, from, result, to, length);
    }
  }

  private static void relu(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      v.blend(0f, v.compare(VectorOperators.LT, 0f)).intoArray(result, to + i);
    }
  }

  /**
   * max(x, 0) − |x| · Φ(−|x|), where Φ(−z) = erfc(z/√2)/2 is 2<sup>t</sup> and t nearly quadratic in z: a polynomial of degree 6, fitted by
   * Lawson's iteration on [0, 14.5] so that the error it leaves in z · Φ(−z) is at most 1.02e-7. t falls down to the bound on z, where
   * 2<sup>t</sup> is 0. z = −|x| saves a change of sign. As ints, negative floats are ordered by magnitude, so the bound is an integer
   * minimum.
   */
  private static void gelu(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector z = v.reinterpretAsInts().or(Integer.MIN_VALUE).min(Float.floatToRawIntBits(-14.34f)).reinterpretAsFloats();
      FloatVector t = z.fma(broadcast(SPECIES, 2.8356184e-05f), broadcast(SPECIES, 0.00072614657f));
      t = t.fma(z, broadcast(SPECIES, 0.007932854f));
      t = t.fma(z, broadcast(SPECIES, 0.053171612f));
      t = t.fma(z, broadcast(SPECIES, -0.4589607f));
      t = t.fma(z, broadcast(SPECIES, 1.1511363f));
      t = t.fma(z, broadcast(SPECIES, -1f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector positive = v.blend(-0f, v.compare(VectorOperators.LT, 0f));
      p.mul(power).fma(z, positive).intoArray(result, to + i);
    }
  }

  /**
   * As {@link #gelu}, with Φ(−z) ≈ (1 − tanh u)/2 = 1/(1 + e<sup>2u</sup>), u = √(2/π) · (z + 0.044715 z³): a polynomial of degree 8,
   * fitted on [0, 9], whose error in z · Φ(−z) is at most 8.4e-8.
   */
  private static void geluTanh(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector z = v.reinterpretAsInts().or(Integer.MIN_VALUE).min(Float.floatToRawIntBits(-8.3747f)).reinterpretAsFloats();
      FloatVector t = z.fma(broadcast(SPECIES, -3.0222696e-05f), broadcast(SPECIES, -0.00048108472f));
      t = t.fma(z, broadcast(SPECIES, -0.0026134597f));
      t = t.fma(z, broadcast(SPECIES, -0.004159151f));
      t = t.fma(z, broadcast(SPECIES, 0.003311072f));
      t = t.fma(z, broadcast(SPECIES, 0.04899857f));
      t = t.fma(z, broadcast(SPECIES, -0.45992348f));
      t = t.fma(z, broadcast(SPECIES, 1.1510305f));
      t = t.fma(z, broadcast(SPECIES, -1f));
      FloatVector shifted = t.add(VectorExp.BIASED_MAGIC);
      FloatVector fraction = t.sub(shifted.sub(VectorExp.BIASED_MAGIC));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector positive = v.blend(-0f, v.compare(VectorOperators.LT, 0f));
      p.mul(power).fma(z, positive).intoArray(result, to + i);
    }
  }

  /** With e = e<sup>−|x|</sup>, which cannot overflow: x / (1 + e) for x ≥ 0, x · e / (1 + e) below. */
  private static void silu(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector z = v.reinterpretAsInts().or(Integer.MIN_VALUE).min(Float.floatToRawIntBits(-88f)).reinterpretAsFloats();
      FloatVector shifted = z.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector exponent = shifted.sub(VectorExp.BIASED_MAGIC);
      FloatVector r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_HIGH), z);
      r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_LOW), r);
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = r.fma(broadcast(SPECIES, VectorExp.EXP_6), broadcast(SPECIES, VectorExp.EXP_5));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_4));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_3));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_2));
      p = p.fma(r, broadcast(SPECIES, 1f));
      p = p.fma(r, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      v.blend(e.mul(z), v.compare(VectorOperators.LT, 0f)).div(e.add(1f)).intoArray(result, to + i);
    }
  }

  /** As {@link #silu}: 1 / (1 + e) for x ≥ 0, e / (1 + e) below. The bound is a float comparison, which keeps NaN. */
  private static void sigmoid(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector z = v.reinterpretAsInts().or(Integer.MIN_VALUE).reinterpretAsFloats();
      z = z.blend(-88f, z.compare(VectorOperators.LT, -88f));
      FloatVector shifted = z.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector exponent = shifted.sub(VectorExp.BIASED_MAGIC);
      FloatVector r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_HIGH), z);
      r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_LOW), r);
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = r.fma(broadcast(SPECIES, VectorExp.EXP_6), broadcast(SPECIES, VectorExp.EXP_5));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_4));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_3));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_2));
      p = p.fma(r, broadcast(SPECIES, 1f));
      p = p.fma(r, broadcast(SPECIES, 1f));
      FloatVector e = p.mul(power);
      broadcast(SPECIES, 1f).blend(e, v.compare(VectorOperators.LT, 0f)).div(e.add(1f)).intoArray(result, to + i);
    }
  }

  /** The formula of {@link VectorFunctions#tanh}. */
  private static void tanh(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector z = v.abs();
      z = z.blend(VectorFunctions.TANH_ONE, z.compare(VectorOperators.GT, VectorFunctions.TANH_ONE));
      FloatVector y = z.add(z);
      FloatVector shifted = y.fma(broadcast(SPECIES, -VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector r = shifted.sub(VectorExp.BIASED_MAGIC).fma(broadcast(SPECIES, VectorFunctions.LN2), y);
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = r.fma(broadcast(SPECIES, VectorFunctions.EXPM1_6), broadcast(SPECIES, VectorFunctions.EXPM1_5));
      p = p.fma(r, broadcast(SPECIES, VectorFunctions.EXPM1_4));
      p = p.fma(r, broadcast(SPECIES, VectorFunctions.EXPM1_3));
      p = p.fma(r, broadcast(SPECIES, VectorFunctions.EXPM1_2));
      p = p.fma(r, broadcast(SPECIES, 1f));
      FloatVector t = p.mul(r).fma(power, broadcast(SPECIES, 1f).sub(power));
      FloatVector magnitude = t.div(broadcast(SPECIES, 2f).sub(t));
      var sign = v.reinterpretAsInts().and(Integer.MIN_VALUE);
      magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats().intoArray(result, to + i);
    }
  }
}
