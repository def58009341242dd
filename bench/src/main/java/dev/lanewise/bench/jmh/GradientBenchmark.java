package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Param;

/** The gradients of a projection: 2 · rows · inputs · outputs operations a call. The call packs what it needs. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class GradientBenchmark extends ScalarVersusVector {
  /** Which gradient. */
  @Param({"INPUT", "WEIGHT"})
  public Kind gradient;

  /** rows × inputs × outputs: the two layers of a small encoder's feed-forward, and a shape that fills no tile. */
  @Param({"512x384x1536", "512x1536x384", "113x203x59"})
  public String shape;

  /** The operand. */
  public enum Kind {
    /** dX = dY · W. */
    INPUT,
    /** dW += dYᵀ · X. */
    WEIGHT
  }

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix dy = Inputs.matrix(sizes[0], sizes[2], 1);
    Matrix x = Inputs.matrix(sizes[0], sizes[1], 2);
    Matrix weight = Inputs.matrix(sizes[2], sizes[1], 3);
    double flops = 2.0 * sizes[0] * sizes[1] * sizes[2];
    return switch (gradient) {
      case INPUT -> {
        Matrix dx = Matrix.zeros(sizes[0], sizes[1]);
        yield new Task(
            kernels -> {
              kernels.backward().productInput(dy, weight, dx);
              return dx.data();
            },
            flops,
            bytes(dy.data(), weight.data(), dx.data()),
            () -> ReferenceLayers.product(dy, weight));
      }
      case WEIGHT -> {
        Matrix dw = Matrix.zeros(sizes[2], sizes[1]);
        yield new Task(
            kernels -> {
              Arrays.fill(dw.data(), 0); // the call adds
              kernels.backward().productWeight(dy, x, dw);
              return dw.data();
            },
            flops,
            bytes(dy.data(), x.data(), dw.data()),
            () -> ReferenceLayers.product(dy.transposed(), x));
      }
    };
  }
}
