package dev.lanewise.core.position;

import dev.lanewise.kernels.runtime.Checks;

/** The scalings without settings of their own, and the checks that all scalings share. */
final class RotaryScalings {
  private RotaryScalings() {}

  /** θ<sub>i</sub> = base<sup>−2i/d</sup>. */
  static double[] standard(int rotaryDim, double base) {
    double[] frequencies = new double[rotaryDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = Math.pow(base, -2.0 * i / rotaryDim);
    }
    return frequencies;
  }

  record Linear(double factor) implements RotaryScaling {
    Linear {
      checkFactor(factor);
    }

    @Override
    public double[] frequencies(int rotaryDim, double base) {
      double[] frequencies = standard(rotaryDim, base);
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] /= factor;
      }
      return frequencies;
    }
  }

  record Ntk(double factor) implements RotaryScaling {
    Ntk {
      checkFactor(factor);
    }

    @Override
    public double[] frequencies(int rotaryDim, double base) {
      double[] frequencies = standard(rotaryDim, base);
      // The first pair always keeps its frequency. If it is the only pair, the exponent would be 0/0.
      for (int i = 1; i < frequencies.length; i++) {
        frequencies[i] *= Math.pow(factor, -2.0 * i / (rotaryDim - 2));
      }
      return frequencies;
    }
  }

  static RotaryScaling dynamicNtk(double factor, int originalContext, int sequenceLength) {
    checkFactor(factor);
    Checks.atLeast("originalContext", originalContext, 1);
    Checks.atLeast("sequenceLength", sequenceLength, 1);
    // The paper's factor · n / originalContext − (factor − 1), in a form that rounding cannot bring below 1.
    double grown = 1 + factor * (Math.max((double) sequenceLength - originalContext, 0) / originalContext);
    if (grown == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("factor is " + factor + ", too large for a sequenceLength of " + sequenceLength);
    }
    return new Ntk(grown);
  }

  record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext) implements RotaryScaling {
    Llama3 {
      checkFactor(factor);
      checkAbove("lowFrequencyFactor", lowFrequencyFactor, "0", 0);
      checkAbove("highFrequencyFactor", highFrequencyFactor, "lowFrequencyFactor " + lowFrequencyFactor, lowFrequencyFactor);
      Checks.atLeast("originalContext", originalContext, 1);
    }

    @Override
    public double[] frequencies(int rotaryDim, double base) {
      double[] frequencies = standard(rotaryDim, base);
      for (int i = 0; i < frequencies.length; i++) {
        double turns = originalContext * frequencies[i] / (2 * Math.PI);
        double kept = Math.clamp((turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor), 0, 1);
        frequencies[i] *= kept + (1 - kept) / factor;
      }
      return frequencies;
    }
  }

  static void checkFactor(double factor) {
    if (!(factor >= 1 && factor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("factor is " + factor + ", must be finite and at least 1");
    }
  }

  /** Checks that a number is finite and above {@code limit}, which messages call {@code what}. */
  static void checkAbove(String name, double actual, String what, double limit) {
    if (!(actual > limit && actual < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " is " + actual + ", must be finite and above " + what);
    }
  }
}
