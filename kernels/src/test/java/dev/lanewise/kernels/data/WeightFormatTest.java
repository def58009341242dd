package dev.lanewise.kernels.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.Kernels;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class WeightFormatTest {
  private static final int[] INPUTS = {1, 31, 32, 33, 100};
  private static final int OUTPUTS = 70;

  private static Matrix weight(int inputs) {
    Random random = new Random(inputs);
    Matrix weight = Matrix.zeros(OUTPUTS, inputs);
    for (int i = 0; i < weight.data().length; i++) {
      weight.data()[i] = (float) (random.nextGaussian() * Math.exp(4 * random.nextGaussian()));
    }
    return weight;
  }

  private static float[] row(PackedMatrix packed, int output) {
    float[] row = new float[packed.inputs()];
    packed.row(output, row, 0);
    return row;
  }

  /** The scale is computed here from the numbers, in double. */
  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT8_BLOCK", "INT4", "INT4_ZERO"})
  void anElementIsOffByHalfAScaleAtMost(WeightFormat format) {
    for (int inputs : INPUTS) {
      Matrix weight = weight(inputs);
      PackedMatrix packed = Kernels.selected().packTransposed(weight, format);
      int block = format == WeightFormat.INT8 ? inputs : WeightFormat.BLOCK;
      for (int output = 0; output < OUTPUTS; output++) {
        float[] row = row(packed, output);
        for (int i = 0; i < inputs; i++) {
          double least = 0;
          double most = 0;
          for (int k = i / block * block; k < Math.min((i / block + 1) * block, inputs); k++) {
            least = Math.min(least, weight.get(output, k));
            most = Math.max(most, weight.get(output, k));
          }
          double largest = Math.max(-least, most);
          double scale = format == WeightFormat.INT4_ZERO ? (most - least) / 15 : largest / (format == WeightFormat.INT4 ? 7 : 127);
          assertThat(Math.abs((double) row[i] - weight.get(output, i))).isLessThanOrEqualTo(scale / 2 + 1e-6 * largest);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void packingAgainKeepsEveryBit(WeightFormat format) {
    for (int inputs : INPUTS) {
      PackedMatrix packed = Kernels.selected().packTransposed(weight(inputs), format == WeightFormat.F16 ? WeightFormat.INT8 : format);
      PackedMatrix other = packed.repacked(8);
      assertThat(other.panelWidth()).isEqualTo(8);
      for (int output = 0; output < OUTPUTS; output++) {
        assertThat(row(other, output)).isEqualTo(row(packed, output));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"F32", "BF16"})
  void aNumberThatIsNotFiniteIsRefusedByItsPlace(WeightFormat format) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      Matrix weight = Matrix.zeros(3, 40);
      weight.data()[weight.index(2, 33)] = bad;
      assertThatThrownBy(() -> Kernels.selected().packTransposed(weight, format))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("weight[2][33] is " + bad + ", which " + format + " cannot hold");
    }
  }

  @Test
  void aNumberAboveTheHalvesIsRefused() {
    Matrix weight = Matrix.of(new float[] {1, 70000}, 1, 2);
    assertThatThrownBy(() -> Kernels.selected().packTransposed(weight, WeightFormat.F16)).hasMessageContaining("weight[0][1] is 70000.0");
  }

  @ParameterizedTest
  @EnumSource
  void zerosStayZeros(WeightFormat format) {
    PackedMatrix packed = Kernels.selected().packTransposed(Matrix.zeros(2, 40), format);
    assertThat(row(packed, 1)).isEqualTo(new float[40]);
  }
}
