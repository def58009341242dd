package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;

/**
 * Clips gradients by their global norm (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013): if
 * the norm √Σ g² over the gradients of all parameters is above a limit, all gradients are multiplied by limit / norm. Sums are in double
 * and in a fixed order. Immutable and thread-safe.
 *
 * <pre>{@code
 * GradientClip clip = GradientClip.globalNorm(1).withThreads(2);
 * double norm = clip.norm(parameters);
 * optimiser.step(learningRate, clip.factor(norm)); // the optimiser multiplies, without another pass over the gradients
 * }</pre>
 */
public final class GradientClip {
  /** Multiply-adds that take as long as an element, which waits for memory. */
  private static final long WORK = 4;

  private final double limit;
  private final int threads;

  private GradientClip(double limit, int threads) {
    this.limit = limit;
    this.threads = threads;
  }

  /**
   * Clipping to a norm, on one thread.
   *
   * @param limit above 0; infinity measures the norm and never clips
   */
  public static GradientClip globalNorm(double limit) {
    if (!(limit > 0)) {
      throw new IllegalArgumentException("limit is " + limit + ", must be above 0");
    }
    return new GradientClip(limit, 1);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public GradientClip withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new GradientClip(limit, newThreads);
  }

  /** The norm of all gradients together; frozen parameters have none. NaN or infinity if a gradient is. */
  public double norm(List<Parameter> parameters) {
    List<Block> blocks = Block.of(Objects.requireNonNull(parameters, "parameters"));
    double[] sums = new double[blocks.size()];
    Workers.run(
        threads,
        WORK * Optimiser.BLOCK * blocks.size(),
        sums.length,
        index -> {
          Block block = blocks.get(index);
          sums[index] = squares(parameters.get(block.parameter()).gradient(), block.from(), block.to());
        });
    double sum = 0;
    for (double part : sums) {
      sum += part;
    }
    return Math.sqrt(sum);
  }

  /** Σ x². Four sums are independent, so that an addition does not wait for the one before it. */
  private static double squares(float[] x, int from, int to) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = from;
    for (; i + 3 < to; i += 4) {
      sum0 += (double) x[i] * x[i];
      sum1 += (double) x[i + 1] * x[i + 1];
      sum2 += (double) x[i + 2] * x[i + 2];
      sum3 += (double) x[i + 3] * x[i + 3];
    }
    for (; i < to; i++) {
      sum0 += (double) x[i] * x[i];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  /**
   * The factor for the gradients: limit / norm, at most 1.
   *
   * @throws ArithmeticException if the norm is NaN or infinite: no factor makes such gradients useful
   */
  public double factor(double norm) {
    if (!Double.isFinite(norm)) {
      throw new ArithmeticException("the norm of the gradients is " + norm);
    }
    return norm > limit ? limit / norm : 1;
  }

  /**
   * Clips the gradients themselves.
   *
   * @return the norm before
   * @throws ArithmeticException if the norm is NaN or infinite; nothing has been written then
   */
  public double apply(List<Parameter> parameters) {
    double norm = norm(parameters);
    float factor = (float) factor(norm);
    for (Parameter parameter : parameters) {
      if (factor != 1 && !parameter.isFrozen()) {
        float[] gradient = parameter.gradient();
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] *= factor;
        }
      }
    }
    return norm;
  }
}
