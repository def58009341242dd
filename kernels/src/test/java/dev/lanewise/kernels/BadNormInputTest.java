package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Wrong norms and gates throw before anything is written; the message names the argument and contains both numbers. */
@Tag("once")
class BadNormInputTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  /** The array that a call could write; it must not change. */
  private final float[] data = new float[40];

  private final Matrix x = Matrix.of(new float[12], 3, 4);
  private final Matrix out = Matrix.of(data, 3, 4);
  private final Matrix wide = Matrix.of(data, 3, 5);
  private final Matrix tall = Matrix.of(data, 4, 4);
  private final float[] four = new float[4];
  private final float[] five = new float[5];

  @ParameterizedTest
  @MethodSource(PATHS)
  void wrongNormsAreRefused(Kernels kernels) {
    wrong(() -> kernels.layerNorm(x, null, null, 0, wide), "result.columns is 5", "x.columns is 4");
    wrong(() -> kernels.layerNorm(x, null, null, 0, tall), "result.rows is 4", "x.rows is 3");
    wrong(() -> kernels.layerNorm(x, five, null, 0, out), "weight.length is 5", "x.columns is 4");
    wrong(() -> kernels.layerNorm(x, four, five, 0, out), "bias.length is 5", "x.columns is 4");
    wrong(() -> kernels.rmsNorm(x, five, 0, out), "weight.length is 5", "x.columns is 4");
    wrong(() -> kernels.layerNorm(x, null, null, -1e-5f, out), "epsilon is -1.0E-5", "at least 0");
    wrong(() -> kernels.rmsNorm(x, null, Float.NaN, out), "epsilon is NaN", "at least 0");
    wrong(() -> kernels.rmsNorm(x, null, Float.POSITIVE_INFINITY, out), "epsilon is Infinity", "finite");
    wrong(() -> kernels.layerNorm(x, null, null, 0, view(0, 3)), "result.rowStride is 3", "at least 4");
    wrong(() -> kernels.layerNorm(view(1, 4), null, null, 0, out), "result [0, 12)", "x [1, 13)");
    wrong(() -> kernels.layerNorm(view(0, 5), null, null, 0, out), "result [0, 12)", "x [0, 14)");
    wrong(() -> kernels.layerNorm(Matrix.of(new float[40], 1, 40), data, null, 0, Matrix.of(data, 1, 40)), "result [0, 40)", "weight");
    wrong(() -> kernels.layerNorm(Matrix.of(new float[40], 1, 40), null, data, 0, Matrix.of(data, 1, 40)), "result [0, 40)", "bias");
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void wrongNormsOfSumsAreRefused(Kernels kernels) {
    wrong(() -> kernels.addLayerNorm(x, wide, out, null, null, 0, out), "residual.columns is 5", "x.columns is 4");
    wrong(() -> kernels.addLayerNorm(x, x, tall, null, null, 0, out), "sum.rows is 4", "x.rows is 3");
    wrong(() -> kernels.addRmsNorm(x, x, out, null, 0, wide), "result.columns is 5", "x.columns is 4");
    wrong(() -> kernels.addRmsNorm(x, x, out, five, 0, out), "weight.length is 5", "x.columns is 4");
    wrong(() -> kernels.addRmsNorm(x, x, view(0, 3), null, 0, out), "sum.rowStride is 3", "at least 4");
    wrong(() -> kernels.addRmsNorm(x, view(1, 4), out, null, 0, out), "sum [0, 12)", "residual [1, 13)");
    wrong(() -> kernels.addRmsNorm(view(1, 4), x, out, null, 0, out), "sum [0, 12)", "x [1, 13)");
    wrong(() -> kernels.addRmsNorm(x, x, out, null, 0, view(1, 4)), "result [1, 13)", "sum [0, 12)");
    wrong(() -> kernels.addRmsNorm(view(1, 4), x, view(1, 4), null, 0, out), "result [0, 12)", "x [1, 13)");
    Matrix row = Matrix.of(data, 1, 40);
    Matrix other = Matrix.of(new float[40], 1, 40);
    wrong(() -> kernels.addLayerNorm(other, other, row, data, null, 0, other), "sum [0, 40)", "weight [0, 40)");
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void wrongGatesAreRefused(Kernels kernels) {
    wrong(() -> kernels.gate(Activation.SILU, x, wide, out), "up.columns is 5", "gate.columns is 4");
    wrong(() -> kernels.gate(Activation.SILU, x, x, tall), "result.rows is 4", "gate.rows is 3");
    wrong(() -> kernels.gate(Activation.SILU, x, x, view(0, 0)), "result.rowStride is 0", "at least 4");
    wrong(() -> kernels.gate(Activation.SILU, view(1, 4), x, out), "result [0, 12)", "gate [1, 13)");
    wrong(() -> kernels.gate(Activation.SILU, x, view(1, 4), out), "result [0, 12)", "up [1, 13)");
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nullsAreRefused(Kernels kernels) {
    absent("x", nothing -> kernels.layerNorm(nothing, null, null, 0, out));
    absent("result", nothing -> kernels.layerNorm(x, null, null, 0, nothing));
    absent("x", nothing -> kernels.rmsNorm(nothing, null, 0, out));
    absent("residual", nothing -> kernels.addRmsNorm(x, nothing, out, null, 0, out));
    absent("sum", nothing -> kernels.addRmsNorm(x, x, nothing, null, 0, out));
    absent("gate", nothing -> kernels.gate(Activation.GELU, nothing, x, out));
    absent("up", nothing -> kernels.gate(Activation.GELU, x, nothing, out));
    absent("result", nothing -> kernels.gate(Activation.GELU, x, x, nothing));
    assertThatThrownBy(() -> kernels.gate(null, x, x, out)).isInstanceOf(NullPointerException.class).hasMessage("activation");
  }

  /** A 3 × 4 view of the array that a call could write. */
  private Matrix view(int offset, int rowStride) {
    return new Matrix(data, offset, 3, 4, rowStride);
  }

  private void wrong(Runnable call, String... words) {
    for (int i = 0; i < data.length; i++) {
      data[i] = i % 7;
    }
    float[] before = data.clone();
    assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).message().contains(words);
    assertThat(data).isEqualTo(before);
  }

  private static void absent(String name, Consumer<Matrix> call) {
    assertThatThrownBy(() -> call.accept(null)).isInstanceOf(NullPointerException.class).hasMessage(name);
  }
}
