package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A wrong argument is refused by its name and both numbers, before anything is written. */
@Tag("once")
class BadGradientInputTest {
  private final BackwardKernels kernels = Kernels.selected().backward();
  private final Matrix x = Matrix.zeros(4, 6);
  private final Matrix dy = Matrix.zeros(4, 6);
  private final Matrix result = filled(4, 6);

  private static Matrix filled(int rows, int columns) {
    Matrix matrix = Matrix.zeros(rows, columns);
    Arrays.fill(matrix.data(), 9);
    return matrix;
  }

  private void refused(String message, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    assertThat(result.data()).containsOnly(9);
  }

  @Test
  void productsOfOtherShapes() {
    refused("weight.rows is 5, but outputGradient.columns is 6", () -> kernels.productInput(dy, Matrix.zeros(5, 6), result));
    refused("inputGradient.rows is 4, but outputGradient.rows is 3", () -> kernels.productInput(dy.rows(0, 3), Matrix.zeros(6, 6), result));
    refused("inputGradient.columns is 6, but weight.columns is 7", () -> kernels.productInput(dy, Matrix.zeros(6, 7), result));
    refused("overlaps", () -> kernels.productInput(result, Matrix.zeros(6, 6), result));
    refused("input.rows is 3, but outputGradient.rows is 4", () -> kernels.productWeight(dy, x.rows(0, 3), Matrix.zeros(6, 6)));
    refused("weightGradient.rows is 4, but outputGradient.columns is 6", () -> kernels.productWeight(dy, x, result));
    refused("weightGradient.columns is 6, but input.columns is 5", () -> kernels.productWeight(dy.columns(0, 4), x.columns(0, 5), result));
    refused("biasGradient.length is 5, but outputGradient.columns is 6", () -> kernels.columnSums(dy, new float[5]));
    float[] shared = new float[6];
    refused("overlaps", () -> kernels.columnSums(Matrix.of(shared, 1, 6), shared));
  }

  @Test
  void rowsOfOtherShapes() {
    Matrix other = Matrix.zeros(4, 5);
    refused("outputGradient.columns is 5, but x.columns is 6", () -> kernels.activation(Activation.GELU, x, other, result));
    refused("inputGradient.columns is 5, but x.columns is 6", () -> kernels.activation(Activation.GELU, x, dy, other));
    refused("up.columns is 5, but gate.columns is 6", () -> kernels.gate(Activation.SILU, x, other, dy, result, filled(4, 6)));
    refused("gateGradient [0, 24) overlaps upGradient [0, 24)", () -> kernels.gate(Activation.SILU, x, x, dy, result, result));
    refused("outputGradient.rows is 3, but x.rows is 4", () -> kernels.layerNorm(x, null, 1, dy.rows(0, 3), result, null, null));
    refused("weight.length is 5", () -> kernels.layerNorm(x, new float[5], 1, dy, result, null, null));
    refused("weightGradient.length is 7, but x.columns is 6", () -> kernels.layerNorm(x, null, 1, dy, result, new float[7], null));
    refused("biasGradient.length is 7, but x.columns is 6", () -> kernels.layerNorm(x, null, 1, dy, result, null, new float[7]));
    refused("epsilon is -1.0", () -> kernels.rmsNorm(x, null, -1, dy, result, null));
    float[] same = new float[6];
    refused("the same array of 6 elements", () -> kernels.layerNorm(x, null, 1, dy, result, same, same));
    refused("the same array of 6 elements", () -> kernels.layerNorm(x, same, 1, dy, result, same, null));
    refused("scoreGradient.columns is 5, but weights.columns is 6", () -> kernels.softmax(x, dy, other));
    refused("sum.columns is 5, but x.columns is 6", () -> kernels.add(1, x, other));
  }

  @Test
  void targetsAndIds() {
    refused("targets.length is 3, but logits.rows is 4", () -> kernels.crossEntropy(x, new int[3], -1, 0, 1, result));
    refused("targets[2] is 6", () -> kernels.crossEntropy(x, new int[] {0, 5, 6, 0}, -1, 0, 1, result));
    refused("targets[1] is -2", () -> kernels.crossEntropy(x, new int[] {0, -2, 6, 0}, -1, 0, 1, result));
    refused("labelSmoothing is 1.5", () -> kernels.crossEntropy(x, new int[4], -1, 1.5f, 1, result));
    refused("labelSmoothing is NaN", () -> kernels.crossEntropy(x, new int[4], -1, Float.NaN, 1, result));
    refused("ids.length is 3, but outputGradient.rows is 4", () -> kernels.addRows(dy, new int[3], result));
    refused("ids[3] is 4", () -> kernels.addRows(dy, new int[] {0, 1, 2, 4}, result));
    refused("tableGradient.columns is 6, but outputGradient.columns is 5", () -> kernels.addRows(dy.columns(0, 5), new int[4], result));
  }

  @Test
  void rotationsAndPackedWeights() {
    RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, new double[4], 1);
    Heads heads = Heads.of(x);
    refused("table.rotaryDim is 8, but outputGradient.width is 6", () -> kernels.rotate(heads, Heads.of(result), table, 0));
    RotaryTable small = RotaryTable.of(RotaryTable.Form.HALF, new double[2], 1);
    refused("firstPosition is -1", () -> kernels.rotate(heads, Heads.of(result), small, -1));
    refused("positions.length is 3", () -> kernels.rotate(heads, Heads.of(result), small, new int[3]));
    Kernels forward = Kernels.selected();
    refused("packed.inputs is 4, but weight.rows is 5", () -> kernels.pack(Matrix.zeros(5, 6), forward.pack(x)));
    refused("packed.outputs is 4, but weight.rows is 5", () -> kernels.packTransposed(Matrix.zeros(5, 6), forward.packTransposed(x)));
    refused("packed.format is F16", () -> kernels.packTransposed(x, forward.packTransposed(x, WeightFormat.F16)));
    if (!forward.path().equals("scalar") && Kernels.scalar().pack(x).panelWidth() != forward.pack(x).panelWidth()) {
      refused("packed.panelWidth is 8, but the panel width of", () -> kernels.pack(x, Kernels.scalar().pack(x)));
    }
  }

  @Test
  void nothingIsNull() {
    assertThatThrownBy(() -> kernels.activation(null, x, dy, result)).isInstanceOf(NullPointerException.class).hasMessage("activation");
    assertThatThrownBy(() -> kernels.crossEntropy(x, null, 0, 0, 1, result)).isInstanceOf(NullPointerException.class).hasMessage("targets");
    assertThatThrownBy(() -> kernels.productWeight(dy, null, result)).isInstanceOf(NullPointerException.class).hasMessage("input");
  }
}
