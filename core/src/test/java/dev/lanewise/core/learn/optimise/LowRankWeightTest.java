package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.loss.MeanSquaredError;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Adapters of some rows of a weight compared with plain double code. */
@Tag("twice")
class LowRankWeightTest {
  private static final int INPUTS = 37;
  private static final int ROWS = 29;
  private static final int FROM = 4;
  private static final int TO = 23;
  private static final int RANK = 3;
  private static final double ALPHA = 4.5;

  private final Random random = new Random(1);

  private float[] gaussians(int length) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double r(boolean inFloat, double x) {
    return inFloat ? (float) x : x;
  }

  /** W + (α/r) B·A of the adapted rows, and W elsewhere. */
  private static double[] merged(boolean f, float[] w, float[] a, float[] b) {
    double[] merged = new double[ROWS * INPUTS];
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < INPUTS; i++) {
        double sum = 0;
        for (int k = 0; row >= FROM && row < TO && k < RANK; k++) {
          sum = r(f, sum + r(f, (double) b[(row - FROM) * RANK + k] * a[k * INPUTS + i]));
        }
        merged[row * INPUTS + i] = r(f, w[row * INPUTS + i] + r(f, r(f, ALPHA / RANK) * sum));
      }
    }
    return merged;
  }

  /** (α/r) Bᵀ·dW. */
  private static double[] gradientOfA(boolean f, float[] dw, float[] b) {
    double[] gradient = new double[RANK * INPUTS];
    for (int k = 0; k < RANK; k++) {
      for (int i = 0; i < INPUTS; i++) {
        double sum = 0;
        for (int row = FROM; row < TO; row++) {
          sum = r(f, sum + r(f, (double) b[(row - FROM) * RANK + k] * dw[row * INPUTS + i]));
        }
        gradient[k * INPUTS + i] = r(f, r(f, ALPHA / RANK) * sum);
      }
    }
    return gradient;
  }

  /** (α/r) dW·Aᵀ. */
  private static double[] gradientOfB(boolean f, float[] dw, float[] a) {
    double[] gradient = new double[(TO - FROM) * RANK];
    for (int row = FROM; row < TO; row++) {
      for (int k = 0; k < RANK; k++) {
        double sum = 0;
        for (int i = 0; i < INPUTS; i++) {
          sum = r(f, sum + r(f, (double) dw[row * INPUTS + i] * a[k * INPUTS + i]));
        }
        gradient[(row - FROM) * RANK + k] = r(f, r(f, ALPHA / RANK) * sum);
      }
    }
    return gradient;
  }

  @Test
  void rowsAndGradients() {
    for (Kernels kernels : TestedKernels.all()) {
      Trace trace = Trace.create().setKernels(kernels);
      float[] w = gaussians(ROWS * INPUTS);
      Parameter weight = Parameter.of("weight", w.clone(), ROWS, INPUTS);
      LowRankWeight adapter = LowRankWeight.of(3, weight, FROM, TO, RANK, ALPHA);
      adapter.merge(trace);
      Views.assertSameBits(weight.values(), w, "the weight while B is 0");
      float[] a = adapter.parameters().get(0).values();
      float[] b = adapter.parameters().get(1).values();
      System.arraycopy(gaussians(b.length), 0, b, 0, b.length);
      for (int step = 0; step < 2; step++) { // the second one begins with the merged weight
        adapter.merge(trace);
        Budget.assertWithin("weight", weight.values(), merged(true, w, a, b), merged(false, w, a, b));
      }
      float[] dw = gaussians(ROWS * INPUTS);
      System.arraycopy(dw, 0, weight.gradient(), 0, dw.length);
      adapter.collect(trace);
      Budget.assertWithin("A", adapter.parameters().get(0).gradient(), gradientOfA(true, dw, b), gradientOfA(false, dw, b));
      Budget.assertWithin("B", adapter.parameters().get(1).gradient(), gradientOfB(true, dw, a), gradientOfB(false, dw, a));
      for (int i = 0; i < dw.length; i++) {
        boolean adapted = i / INPUTS >= FROM && i / INPUTS < TO;
        assertThat(weight.gradient()[i]).isEqualTo(adapted ? 0 : dw[i]);
      }
      adapter.restore();
      Views.assertSameBits(weight.values(), w, "the restored weight");
    }
  }

  /** The optimiser does not hold the weight, so it does not clear what an aborted step left in the gradient. */
  @Test
  void anAbortedStepLeavesNothing() {
    TrainableLinear layer = TrainableLinear.xavier(5, INPUTS, ROWS);
    LowRankWeight adapter = LowRankWeight.of(7, layer.weight(), FROM, TO, RANK, ALPHA);
    float[] b = adapter.parameters().get(1).values();
    System.arraycopy(gaussians(b.length), 0, b, 0, b.length);
    SequenceBatch x = SequenceBatch.of(gaussians(5 * INPUTS), 1, 5, INPUTS);
    SequenceBatch dy = SequenceBatch.of(gaussians(5 * ROWS), 1, 5, ROWS);
    Trace trace = Trace.create(); // its buffers are dirty in the second step
    List<float[]> clean = step(adapter, layer, x, dy, trace);
    Arrays.fill(layer.weight().gradient(), FROM * INPUTS, TO * INPUTS, 3);
    layer.weight().gradient()[FROM * INPUTS + 1] = Float.NaN;
    List<float[]> after = step(adapter, layer, x, dy, trace);
    Views.assertSameBits(after.get(0), clean.get(0), "the gradient of A");
    Views.assertSameBits(after.get(1), clean.get(1), "the gradient of B");
    layer.weight().setFrozen(true);
    adapter.merge(trace); // a frozen weight has no gradient to clear
  }

  /** The gradients of A and B of one step. */
  private static List<float[]> step(LowRankWeight adapter, TrainableLinear layer, SequenceBatch x, SequenceBatch dy, Trace trace) {
    adapter.clearGradients();
    adapter.merge(trace);
    layer.forward(x, SequenceBatch.zeros(1, x.rows(), ROWS), trace);
    layer.backward(trace, dy, null);
    adapter.collect(trace);
    return adapter.parameters().stream().map(parameter -> parameter.gradient().clone()).toList();
  }

  /** A change of rank 2 of a projection's weight is learned while its other rows stay as they are. */
  @Test
  void anAdapterLearnsInsideOfALayer() {
    TrainableLinear layer = TrainableLinear.xavier(5, 6, 8);
    float[] before = layer.weight().values().clone();
    float[] wanted = before.clone();
    for (int i = 0; i < 6 * 6; i++) {
      wanted[i] += 0.5f * (i / 6 % 2 == 0 ? 1 : -1) * (i % 3 - 1) + (i % 6 == 2 ? 0.3f : 0);
    }
    LowRankWeight adapter = LowRankWeight.of(7, layer.weight(), 0, 6, 2, 2);
    SequenceBatch x = SequenceBatch.of(gaussians(40 * 6), 1, 40, 6);
    SequenceBatch target = SequenceBatch.zeros(1, 40, 8);
    TrainableLinear.of(wanted, null, 6, 8).toLayer().forward(x, target);
    Trace trace = Trace.create();
    Optimiser optimiser = AdamW.of(adapter.parameters());
    SequenceBatch y = SequenceBatch.zeros(1, 40, 8);
    double loss = Double.NaN;
    for (int step = 0; step < 400; step++) {
      trace.train(1, step);
      adapter.clearGradients();
      adapter.merge(trace);
      layer.forward(x, y, trace);
      loss = MeanSquaredError.standard().compute(y, target, y);
      layer.backward(trace, y, null);
      adapter.collect(trace);
      optimiser.step(0.02);
    }
    assertThat(loss).isLessThan(1e-4);
    for (int i = 6 * 6; i < before.length; i++) {
      assertThat(layer.weight().values()[i]).isEqualTo(before[i]);
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    Parameter weight = Parameter.of("w", new float[6 * 4], 6, 4);
    Parameter vector = Parameter.of("v", new float[4], 4);
    Parameter frozen = Parameter.of("w", new float[6 * 4], 6, 4);
    frozen.setFrozen(true);
    List.of(
            Wrong.argument("toRow", t -> LowRankWeight.of(1, weight, 0, 7, 2, 1), "toRow", "7", "6"),
            Wrong.argument("fromRow", t -> LowRankWeight.of(1, weight, 3, 2, 2, 1), "fromRow", "3", "2"),
            Wrong.argument("fromRow", t -> LowRankWeight.of(1, weight, -1, 2, 2, 1), "fromRow", "-1", "0"),
            Wrong.argument("rank", t -> LowRankWeight.of(1, weight, 0, 3, 4, 1), "rank", "4", "3", "adapted", "rows"),
            Wrong.argument("rank", t -> LowRankWeight.of(1, weight, 2, 4, 3, 1), "rank", "3", "2", "adapted", "rows"),
            Wrong.argument("rank", t -> LowRankWeight.of(1, weight, 0, 3, 0, 1), "rank", "0", "1"),
            Wrong.argument("alpha", t -> LowRankWeight.of(1, weight, 0, 3, 2, Double.NaN), "alpha", "is", "NaN"),
            Wrong.argument("alpha", t -> LowRankWeight.of(1, weight, 0, 3, 2, 0), "alpha", "is", "0.0"),
            Wrong.argument("a vector", t -> LowRankWeight.of(1, vector, 0, 1, 1, 1), "dimensions", "of", "v", "1", "2"),
            Wrong.argument("a frozen weight", t -> LowRankWeight.of(1, frozen, 0, 6, 2, 1), "w", "is", "frozen"),
            Wrong.isNull("weight", t -> LowRankWeight.of(1, Wrong.nothing(), 0, 6, 2, 1)))
        .forEach(Wrong::verify);
  }
}
