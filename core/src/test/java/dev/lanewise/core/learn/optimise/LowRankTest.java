package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Low-rank adapters compared with plain double code, which finite differences confirm. */
@Tag("twice")
class LowRankTest {
  private static final int INPUTS = 7;
  private static final int OUTPUTS = 5;
  private static final int RANK = 3;
  private static final int ROWS = 6;
  private static final double ALPHA = 4.5;

  private final Random random = new Random(1);

  private float[] gaussians(int length) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double[] doubles(float[] x) {
    double[] doubles = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      doubles[i] = x[i];
    }
    return doubles;
  }

  /** x, W, bias, A and B: the operands in double, or rounded to float after each operation. */
  private record Plain(boolean inFloat, double[] x, double[] w, double[] bias, double[] a, double[] b) {
    private double r(double value) {
      return inFloat ? (float) value : value;
    }

    private double[] product(
        double[] left, int rows, int inner, double[] right, boolean leftTransposed, boolean rightTransposed, int columns) {
      double[] product = new double[rows * columns];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          double sum = 0;
          for (int k = 0; k < inner; k++) {
            double l = leftTransposed ? left[k * rows + i] : left[i * inner + k];
            double other = rightTransposed ? right[j * inner + k] : right[k * columns + j];
            sum = r(sum + r(l * other));
          }
          product[i * columns + j] = sum;
        }
      }
      return product;
    }

    private double[] weight() {
      double[] change = product(b, OUTPUTS, RANK, a, false, false, INPUTS);
      double[] weight = new double[w.length];
      for (int i = 0; i < w.length; i++) {
        weight[i] = r(w[i] + r(r(ALPHA / RANK) * change[i]));
      }
      return weight;
    }

    double[] output() {
      double[] y = product(x, ROWS, INPUTS, weight(), false, true, OUTPUTS);
      for (int i = 0; i < y.length; i++) {
        y[i] = r(y[i] + bias[i % OUTPUTS]);
      }
      return y;
    }

    /** The gradients of x, A and B: by way of the gradient of the merged weight. */
    double[][] gradients(double[] dy) {
      double[] dw = product(dy, OUTPUTS, ROWS, x, true, false, INPUTS);
      for (int i = 0; i < dw.length; i++) {
        dw[i] = r(dw[i] * r(ALPHA / RANK));
      }
      return new double[][] {
        product(dy, ROWS, OUTPUTS, weight(), false, false, INPUTS),
        product(b, RANK, OUTPUTS, dw, true, false, INPUTS),
        product(dw, OUTPUTS, INPUTS, a, false, true, RANK)
      };
    }

    double loss(double[] dy) {
      double[] y = output();
      double sum = 0;
      for (int i = 0; i < y.length; i++) {
        sum += y[i] * dy[i];
      }
      return sum;
    }
  }

  private LowRank adapted(float[] weight, float[] bias) {
    LowRank adapted = LowRank.of(3, TrainableLinear.of(weight, bias, INPUTS, OUTPUTS), RANK, ALPHA);
    System.arraycopy(gaussians(OUTPUTS * RANK), 0, adapted.parameters().get(1).values(), 0, OUTPUTS * RANK);
    return adapted;
  }

  @Test
  void outputAndGradients() {
    float[] weight = gaussians(OUTPUTS * INPUTS);
    float[] bias = gaussians(OUTPUTS);
    float[] x = gaussians(ROWS * INPUTS);
    float[] dy = gaussians(ROWS * OUTPUTS);
    LowRank adapted = adapted(weight, bias);
    double[] a = doubles(adapted.parameters().get(0).values());
    double[] b = doubles(adapted.parameters().get(1).values());
    Plain exact = new Plain(false, doubles(x), doubles(weight), doubles(bias), a, b);
    Plain plain = new Plain(true, doubles(x), doubles(weight), doubles(bias), a, b);
    double[][] expected = exact.gradients(doubles(dy));
    double[][] rounded = plain.gradients(doubles(dy));
    confirm(exact, expected, doubles(dy));
    for (Kernels kernels : TestedKernels.all()) {
      for (int batch : new int[] {1, 2, 6}) {
        adapted.clearGradients();
        Trace trace = Trace.create().setKernels(kernels).setThreads(batch);
        SequenceBatch rows = SequenceBatch.of(x, batch, ROWS / batch, INPUTS);
        SequenceBatch y = SequenceBatch.zeros(batch, ROWS / batch, OUTPUTS + 2).columns(1, OUTPUTS + 1);
        SequenceBatch dx = SequenceBatch.zeros(batch, ROWS / batch, INPUTS);
        adapted.forward(rows, y, trace);
        SequenceBatch dense = SequenceBatch.zeros(batch, ROWS / batch, OUTPUTS);
        y.copyTo(dense);
        Budget.assertWithin("output", dense.data(), plain.output(), exact.output());
        adapted.backward(trace, SequenceBatch.of(dy, batch, ROWS / batch, OUTPUTS), dx);
        assertThat(trace.size()).isZero();
        Budget.assertWithin("x", dx.data(), rounded[0], expected[0]);
        Budget.assertWithin("A", adapted.parameters().get(0).gradient(), rounded[1], expected[1]);
        Budget.assertWithin("B", adapted.parameters().get(1).gradient(), rounded[2], expected[2]);
        adapted.toLayer().withKernels(kernels).forward(rows, dense);
        Budget.assertWithin("output of the merged layer", dense.data(), plain.output(), exact.output());
      }
    }
    Views.assertSameBits(adapted.projection().weight().values(), weight, "the frozen weight");
  }

  private static void confirm(Plain plain, double[][] gradients, double[] dy) {
    List<double[]> operands = List.of(plain.x, plain.a, plain.b);
    for (int which = 0; which < 3; which++) {
      double[] operand = operands.get(which);
      for (int i = 0; i < operand.length; i++) {
        double value = operand[i];
        operand[i] = value + 1e-4;
        double above = plain.loss(dy);
        operand[i] = value - 1e-4;
        double below = plain.loss(dy);
        operand[i] = value;
        assertThat(gradients[which][i]).isCloseTo((above - below) / 2e-4, within(1e-6));
      }
    }
  }

  @Test
  void atFirstTheAdapterChangesNothing() {
    TrainableLinear projection = TrainableLinear.xavier(5, INPUTS, OUTPUTS);
    SequenceBatch x = SequenceBatch.of(gaussians(ROWS * INPUTS), 1, ROWS, INPUTS);
    SequenceBatch before = SequenceBatch.zeros(1, ROWS, OUTPUTS);
    projection.forward(x, before, Trace.create());
    LowRank adapted = LowRank.of(6, projection, RANK, 8);
    SequenceBatch after = SequenceBatch.zeros(1, ROWS, OUTPUTS);
    adapted.forward(x, after, Trace.create());
    Views.assertSameBits(after.data(), before.data(), "the output");
    assertThat(adapted.rank()).isEqualTo(RANK);
    assertThat(adapted.parameters().stream().map(Parameter::toString)).containsExactly("lora_A.weight[3, 7]", "lora_B.weight[5, 3]");
    assertThat(projection.parameters()).allMatch(Parameter::isFrozen);
    assertThat(adapted.parameters().get(0).values()).isEqualTo(LowRank.of(6, projection, RANK, 1).parameters().get(0).values());
    float largest = 0;
    for (float value : adapted.parameters().get(0).values()) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isBetween((float) (0.8 / Math.sqrt(INPUTS)), (float) (1 / Math.sqrt(INPUTS)));
  }

  /** A change of rank 2 is learned by an adapter of rank 2 beside a frozen weight. */
  @Test
  void anAdapterLearns() {
    TrainableLinear projection = TrainableLinear.xavier(5, 6, 6);
    float[] wanted = projection.weight().values().clone();
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] += 0.5f * (i / 6 % 2 == 0 ? 1 : -1) * (i % 3 - 1) + (i % 6 == 2 ? 0.3f : 0);
    }
    LowRank adapted = LowRank.of(7, projection, 2, 2);
    SequenceBatch x = SequenceBatch.of(gaussians(40 * 6), 1, 40, 6);
    SequenceBatch target = SequenceBatch.zeros(1, 40, 6);
    TrainableLinear.of(wanted, null, 6, 6).toLayer().forward(x, target);
    SequenceBatch y = SequenceBatch.zeros(1, 40, 6);
    Trace trace = Trace.create();
    double[] last = new double[1];
    Training.of(AdamW.builder(adapted.parameters()).decay(0).build(), Schedule.cosine(0.05, 400))
        .withListener(progress -> (last[0] = progress.loss()) >= 0)
        .run(
            400,
            number -> {
              adapted.forward(x, y, trace.train(1, number));
              double loss = MeanSquaredError.standard().compute(y, target, y);
              adapted.backward(trace, y, null);
              return new Training.Batch(loss, 40);
            });
    assertThat(last[0]).isLessThan(1e-4);
    assertThat(adapted.toLayer().outputs()).isEqualTo(6);
  }

  @Test
  void wrongArguments() {
    TrainableLinear projection = TrainableLinear.xavier(5, INPUTS, OUTPUTS);
    LowRank adapted = LowRank.of(1, projection, 2, 2);
    SequenceBatch x = SequenceBatch.zeros(1, 3, INPUTS);
    List.of(
            Wrong.argument("rank", t -> LowRank.of(1, projection, 0, 1), "rank", "0", "1"),
            Wrong.argument("rank", t -> LowRank.of(1, projection, 6, 1), "rank", "6", "5"),
            Wrong.argument("alpha", t -> LowRank.of(1, projection, 1, 0), "alpha", "0.0"),
            Wrong.argument("alpha", t -> LowRank.of(1, projection, 1, Double.NaN), "alpha", "NaN"),
            Wrong.argument("y", t -> adapted.forward(x, SequenceBatch.of(t, 1, 3, 4), Trace.create()), "y.width", "4", "5"),
            Wrong.isNull("trace", t -> adapted.forward(x, SequenceBatch.of(t, 1, 3, 5), Wrong.nothing())))
        .forEach(Wrong::verify);
    Trace trace = Trace.create();
    adapted.forward(x, SequenceBatch.zeros(1, 3, 5), trace);
    assertThatThrownBy(() -> adapted.backward(trace, SequenceBatch.zeros(1, 2, 5), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("outputGradient.rows is 2");
    assertThat(adapted.parameters().get(0).gradient()).containsOnly(0);
  }
}
