package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.data.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StoredWeightTest {
  private static final int[][] SHAPES = {{1, 1}, {31, 5}, {32, 70}, {33, 2}, {77, 193}};

  @TempDir private Path folder;

  private static Linear linear(int inputs, int outputs, WeightFormat format) {
    Random random = new Random(31L * inputs + outputs);
    float[] weight = new float[inputs * outputs];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextGaussian();
    }
    return Linear.of(weight, null, inputs, outputs).withFormat(format);
  }

  @ParameterizedTest
  @EnumSource
  void aWeightThatIsWrittenAndReadHasTheSameNumbersAndFormat(WeightFormat format) throws IOException {
    for (int[] shape : SHAPES) {
      Linear linear = linear(shape[0], shape[1], format);
      Path path = folder.resolve("x");
      // BF16 for all floats: scales must stay exact
      Dtype floats = format == WeightFormat.F32 ? Dtype.F32 : format == WeightFormat.F16 ? Dtype.F16 : Dtype.BF16;
      Safetensors.write(path, NamedTensors.builder().add("a.w", linear).build(), Map.of(), floats);
      try (Safetensors file = Safetensors.open(path)) {
        file.check(Map.of("a.w", new long[] {shape[1], shape[0]}));
        WeightFormat asked = format.isInteger() ? WeightFormat.F32 : format;
        Linear read = file.under("a.").linear("w", null, shape[0], shape[1], asked);
        assertThat(read.format()).isEqualTo(format);
        assertThat(numbers(read)).isEqualTo(numbers(linear));
        assertThat(file.linear("a.w", null, shape[0], shape[1], format).format()).isEqualTo(format);
      }
      Linear inMemory = NamedTensors.builder().add("w", linear).build().linear("w", null, shape[0], shape[1], format);
      assertThat(numbers(inMemory)).isEqualTo(numbers(linear));
    }
  }

  @Test
  void floatsOfAFileAreRoundedToTheFormatThatIsAskedFor() throws IOException {
    Linear linear = linear(77, 9, WeightFormat.BF16);
    Path path = folder.resolve("y");
    Safetensors.write(path, NamedTensors.builder().add("w", linear).build(), Map.of(), Dtype.BF16);
    try (Safetensors file = Safetensors.open(path)) {
      assertThat(file.dtype("w")).isEqualTo(Dtype.BF16);
      for (WeightFormat format : WeightFormat.values()) {
        Linear read = file.linear("w", null, 77, 9, format);
        assertThat(read.format()).isEqualTo(format);
        assertThat(numbers(read)).isEqualTo(numbers(linear.withFormat(format)));
      }
    }
  }

  @Test
  void theBiasAndTheOutputsAreThoseOfTheProjection() {
    Linear linear = linear(40, 3, WeightFormat.INT4_ZERO);
    NamedTensors tensors = NamedTensors.builder().add("w", linear).build();
    float[] bias = {1, 2, 3};
    float[] x = new float[40];
    x[7] = 2;
    float[] y = new float[3];
    tensors.linear("w", bias, 40, 3, WeightFormat.INT4_ZERO).forward(SequenceBatch.of(x, 1, 1, 40), SequenceBatch.of(y, 1, 1, 3));
    float[] numbers = numbers(linear);
    for (int output = 0; output < 3; output++) {
      assertThat(y[output]).isCloseTo(2 * numbers[output * 40 + 7] + bias[output], org.assertj.core.data.Offset.offset(1e-4f));
    }
  }

  @Test
  void codesOfAnotherFormatOrShapeAndWrongScalesAreRefused() {
    NamedTensors tensors = NamedTensors.builder().add("w", linear(40, 3, WeightFormat.INT8_BLOCK)).build();
    assertThatThrownBy(() -> tensors.linear("w", null, 40, 3, WeightFormat.INT4))
        .hasMessageContaining("\"w\"")
        .hasMessageContaining("INT8_BLOCK")
        .hasMessageContaining("INT4");
    assertThatThrownBy(() -> tensors.linear("w", null, 41, 3, WeightFormat.F32)).hasMessageContaining("[3, 40]");
    assertThatThrownBy(() -> tensors.linear("v", null, 40, 3, WeightFormat.F32)).hasMessageContaining("\"v\"");
    assertThatThrownBy(() -> tensors.floats("w")).hasMessageContaining("I8");
    assertThatThrownBy(() -> tensors.bytes("w.scale")).hasMessageContaining("F32");
    assertThatThrownBy(() -> tensors.check(Map.of("w", new long[] {3, 41}))).hasMessageContaining("[3, 40]");
    assertThatThrownBy(() -> tensors.check(Map.of("v", new long[] {3, 40}))).hasMessageContaining("w.scale");
    Map<String, MemoryTensors.Tensor> bad = new java.util.LinkedHashMap<>(((MemoryTensors) tensors).tensors());
    bad.put("w.scale", MemoryTensors.Tensor.of(new float[] {1, 1, 1, Float.NaN, 1, 1}, new long[] {3, 2}));
    assertThatThrownBy(() -> new MemoryTensors(bad).linear("w", null, 40, 3, WeightFormat.F32)).hasMessageContaining("\"w.scale\"[1][1]");
  }

  /** The numbers of the weight, outputs × inputs. */
  private static float[] numbers(Linear linear) {
    float[] numbers = new float[linear.outputs() * linear.inputs()];
    for (int output = 0; output < linear.outputs(); output++) {
      linear.weight().row(output, numbers, output * linear.inputs());
    }
    return numbers;
  }
}
