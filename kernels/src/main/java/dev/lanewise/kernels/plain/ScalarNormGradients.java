package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.GradientKernels.Norm;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The gradients of norms in plain Java, in double. */
public final class ScalarNormGradients extends ScratchPool.Member {
  private static final ScratchPool<ScalarNormGradients> POOL = new ScratchPool<>(ScalarNormGradients::new);

  private double[] weightGradient = new double[0];
  private double[] biasGradient = new double[0];

  private ScalarNormGradients() {}

  static void run(Norm norm) {
    ScalarNormGradients gradients = POOL.take();
    try {
      gradients.rows(norm);
    } finally {
      POOL.give(gradients);
    }
  }

  private void rows(Norm norm) {
    int columns = norm.x().columns();
    if (weightGradient.length < columns) {
      weightGradient = new double[columns];
      biasGradient = new double[columns];
    }
    Arrays.fill(weightGradient, 0, columns, 0);
    Arrays.fill(biasGradient, 0, columns, 0);
    int often = Interruption.often(columns);
    for (int row = 0; row < norm.x().rows(); row++) {
      Interruption.check(row, often);
      row(norm, row, weightGradient, biasGradient);
    }
    store(weightGradient, norm.weightGradient());
    store(biasGradient, norm.biasGradient());
  }

  private static void store(double[] sums, float @Nullable [] gradient) {
    for (int i = 0; gradient != null && i < gradient.length; i++) {
      gradient[i] = (float) (gradient[i] + sums[i]);
    }
  }

  /** Writes a row of the input's gradient and adds the row to the gradients of the parameters. */
  public static void row(Norm norm, int row, double[] weightSums, double[] biasSums) {
    Matrix x = norm.x();
    Matrix dy = norm.outputGradient();
    int from = x.index(row, 0);
    int gradient = dy.index(row, 0);
    int length = x.columns();
    float[] weight = norm.weight();
    double mean = norm.centred() ? ScalarNorms.sum(x.data(), from, length) / length : 0;
    double scale = 1 / Math.sqrt(ScalarNorms.sumOfSquares(x.data(), from, length, mean) / length + norm.epsilon());
    double sum = 0;
    double dot = 0;
    for (int i = 0; i < length; i++) {
      double normalised = (x.data()[from + i] - mean) * scale;
      double dyi = dy.data()[gradient + i];
      double g = weight == null ? dyi : dyi * weight[i];
      sum += g;
      dot += g * normalised;
      weightSums[i] += dyi * normalised;
      biasSums[i] += dyi;
    }
    double meanGradient = norm.centred() ? sum / length : 0;
    dot /= length;
    int to = norm.inputGradient().index(row, 0);
    for (int i = 0; i < length; i++) {
      double normalised = (x.data()[from + i] - mean) * scale;
      double dyi = dy.data()[gradient + i];
      double g = weight == null ? dyi : dyi * weight[i];
      norm.inputGradient().data()[to + i] = (float) (scale * (g - meanGradient - normalised * dot));
    }
  }
}
