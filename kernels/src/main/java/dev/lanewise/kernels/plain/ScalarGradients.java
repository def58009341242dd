package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;

/** The gradients in plain Java: functions of one element in double, sums of products as {@link ScalarKernels} computes them. */
public final class ScalarGradients implements GradientKernels {
  @Override
  public void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient) {
    sumRows(outputGradient, weight, inputGradient, false);
  }

  @Override
  public void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient) {
    sumRows(outputGradient.transposed(), input, weightGradient, true);
  }

  /** result[i] = Σ<sub>j</sub> factors[i][j] · rows[j], or result[i] += this sum. */
  static void sumRows(Matrix factors, Matrix rows, Matrix result, boolean added) {
    int often = Interruption.often(result.columns());
    ScalarSums sums = ScalarSums.POOL.take();
    try {
      for (int i = 0; i < result.rows(); i++) {
        Interruption.check(i, often); // there may be no row to add
        float[] chain = sums.open(result.columns());
        for (int from = 0; from < rows.rows(); from += ScalarSums.CHAIN) {
          for (int j = from; j < Math.min(from + ScalarSums.CHAIN, rows.rows()); j++) {
            Interruption.check(j, often);
            float factor = factors.data()[factors.index(i, j)];
            ScalarKernels.addScaled(factor, rows.data(), rows.index(j, 0), chain, 0, result.columns());
          }
          sums.endChain();
        }
        if (added) {
          sums.addTo(result.data(), result.index(i, 0));
        } else {
          sums.store(result.data(), result.index(i, 0), 1);
        }
      }
    } finally {
      ScalarSums.POOL.give(sums);
    }
  }

  @Override
  public void columnSums(Matrix outputGradient, float[] biasGradient) {
    int often = Interruption.often(outputGradient.columns());
    ScalarSums sums = ScalarSums.POOL.take();
    try {
      float[] chain = sums.open(outputGradient.columns());
      for (int row = 0; row < outputGradient.rows(); row++) {
        Interruption.check(row, often);
        ScalarKernels.addScaled(1, outputGradient.data(), outputGradient.index(row, 0), chain, 0, outputGradient.columns());
        if (row % ScalarSums.CHAIN == ScalarSums.CHAIN - 1) {
          sums.endChain();
        }
      }
      sums.endChain();
      sums.addTo(biasGradient, 0);
    } finally {
      ScalarSums.POOL.give(sums);
    }
  }

  @Override
  public void activation(Activation activation, Matrix x, Matrix outputGradient, Matrix inputGradient) {
    for (int row = 0; row < x.rows(); row++) {
      int from = x.index(row, 0);
      int gradient = outputGradient.index(row, 0);
      int to = inputGradient.index(row, 0);
      for (int i = 0; i < x.columns(); i++) {
        Interruption.check(i, Interruption.INTERVAL - 1);
        double dy = outputGradient.data()[gradient + i];
        inputGradient.data()[to + i] = (float) (dy * ScalarActivations.derivative(activation, x.data()[from + i]));
      }
    }
  }

  @Override
  public void gate(Activation activation, Gate gate) {
    for (int row = 0; row < gate.gate().rows(); row++) {
      for (int i = 0; i < gate.gate().columns(); i++) {
        Interruption.check(i, Interruption.INTERVAL - 1);
        double g = element(gate.gate(), row, i);
        double up = element(gate.up(), row, i);
        double dy = element(gate.outputGradient(), row, i);
        gate.gateGradient().data()[gate.gateGradient().index(row, i)] = (float) (dy * up * ScalarActivations.derivative(activation, g));
        gate.upGradient().data()[gate.upGradient().index(row, i)] = (float) (dy * ScalarActivations.apply(activation, g));
      }
    }
  }

  private static double element(Matrix x, int row, int column) {
    return x.data()[x.index(row, column)];
  }

  @Override
  public void norm(Norm norm) {
    ScalarNormGradients.run(norm);
  }

  @Override
  public void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient) {
    for (int row = 0; row < weights.rows(); row++) {
      int from = weights.index(row, 0);
      int gradient = weightGradient.index(row, 0);
      int to = scoreGradient.index(row, 0);
      double dot = 0;
      for (int i = 0; i < weights.columns(); i++) {
        Interruption.check(i, Interruption.INTERVAL - 1);
        dot += (double) weights.data()[from + i] * weightGradient.data()[gradient + i];
      }
      for (int i = 0; i < weights.columns(); i++) {
        scoreGradient.data()[to + i] = (float) (weights.data()[from + i] * (weightGradient.data()[gradient + i] - dot));
      }
    }
  }

  @Override
  public double crossEntropy(Matrix logits, Targets targets, float scale, Matrix logitGradient) {
    double loss = 0;
    for (int row = 0; row < logits.rows(); row++) {
      int target = targets.targets()[row];
      int to = logitGradient.index(row, 0);
      if (target == targets.ignored()) {
        Arrays.fill(logitGradient.data(), to, to + logits.columns(), 0);
      } else {
        loss += crossEntropyRow(logits, row, target, targets.labelSmoothing(), scale, logitGradient.data(), to);
      }
    }
    return loss;
  }

  private static double crossEntropyRow(Matrix logits, int row, int target, double smoothing, double scale, float[] gradient, int to) {
    float[] x = logits.data();
    int from = logits.index(row, 0);
    int classes = logits.columns();
    float max = ScalarKernels.max(x, from, classes);
    double sum = 0;
    double all = 0;
    for (int i = 0; i < classes; i++) {
      Interruption.check(i, Interruption.INTERVAL - 1);
      sum += Math.exp(x[from + i] - (double) max);
      all += x[from + i] - (double) max;
    }
    double logSum = Math.log(sum);
    double loss = (1 - smoothing) * (logSum - (x[from + target] - (double) max));
    if (smoothing > 0) { // a class of −∞ makes the mean −∞, which counts only with smoothing
      loss += smoothing * (logSum - all / classes);
    }
    double inverse = scale / sum;
    double spread = scale * smoothing / classes;
    for (int i = 0; i < classes; i++) {
      double g = Math.exp(x[from + i] - (double) max) * inverse - spread;
      gradient[to + i] = (float) (i == target ? g - scale * (1 - smoothing) : g);
    }
    return loss;
  }

  @Override
  public void add(float factor, Matrix x, Matrix sum) {
    int often = Interruption.often(x.columns());
    for (int row = 0; row < x.rows(); row++) {
      Interruption.check(row, often);
      ScalarKernels.addScaled(factor, x.data(), x.index(row, 0), sum.data(), sum.index(row, 0), x.columns());
    }
  }

  @Override
  public void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient) {
    int often = Interruption.often(outputGradient.columns());
    for (int row = 0; row < outputGradient.rows(); row++) {
      Interruption.check(row, often);
      int to = tableGradient.index(ids[row], 0);
      ScalarKernels.addScaled(1, outputGradient.data(), outputGradient.index(row, 0), tableGradient.data(), to, outputGradient.columns());
    }
  }

  @Override
  public void pack(Matrix weight, boolean transposed, PackedMatrix packed) {
    packed.repack(weight, transposed);
  }
}
