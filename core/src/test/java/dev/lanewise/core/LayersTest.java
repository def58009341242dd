package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Kernels;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayersTest {
  private static final long SEED = 20262;

  @ParameterizedTest
  @CsvSource({"1,1,1,1", "2,5,7,3", "1,1,33,500", "3,100,17,193", "5,1,8,384", "2,200,19,192"})
  void linearIsAProductWithTheTransposedWeight(int batch, int rows, int inputs, int outputs) {
    float[] weight = random(outputs * inputs);
    float[] bias = random(outputs);
    Sequences dense = Sequences.of(random(batch * rows * inputs), batch, rows, inputs);
    Sequences loose =
        new Sequences(random(batch * (rows + 2) * (inputs + 3)), 2, batch, rows, inputs, (rows + 1) * (inputs + 3), inputs + 3);
    for (Sequences input : new Sequences[] {dense, loose}) {
      for (int threads : new int[] {1, 3}) {
        Sequences output = Sequences.zeros(batch, rows, outputs);
        Linear.of(weight, bias, inputs, outputs).apply(input, output, threads);
        for (int b = 0; b < batch; b++) {
          for (int row = 0; row < rows; row++) {
            for (int column = 0; column < outputs; column++) {
              double expected = bias[column];
              for (int i = 0; i < inputs; i++) {
                expected += (double) input.get(b, row, i) * weight[column * inputs + i];
              }
              assertThat((double) output.get(b, row, column)).isCloseTo(expected, within(2e-6 * inputs));
            }
          }
        }
      }
    }
  }

  @Test
  void linearLeavesWhatLiesBetweenRowsAndWorksInOneArray() {
    Linear linear = Linear.of(new float[] {1, 2, 3, 4, 5, 6}, null, 2, 3);
    float[] array = {1, 0, 9, 9, 9, 7, 0, 1, 9, 9, 9, 7};
    linear.apply(new Sequences(array, 0, 1, 2, 2, 0, 6), new Sequences(array, 2, 1, 2, 3, 0, 6), 1);
    assertThat(array).containsExactly(1, 0, 1, 3, 5, 7, 0, 1, 2, 4, 6, 7);
    float[] steps = new float[18];
    steps[0] = 1;
    steps[13] = 1;
    linear.apply(new Sequences(steps, 0, 2, 1, 2, 12, 2), new Sequences(steps, 2, 2, 1, 3, 6, 3), 1);
    assertThat(steps).containsExactly(1, 0, 1, 3, 5, 0, 0, 0, 2, 4, 6, 0, 0, 1, 0, 0, 0, 0);
  }

  @Test
  void layerIsProjectionsAroundAttention() {
    int embedDim = 24;
    int headDim = 6;
    int valueDim = 5;
    float[] wq = random(4 * headDim * embedDim);
    float[] wk = random(2 * headDim * 11);
    float[] wv = random(2 * valueDim * 13);
    float[] wo = random(embedDim * 4 * valueDim);
    float[] bq = random(4 * headDim);
    float[] bo = random(embedDim);
    Sequences query = Sequences.of(random(2 * 9 * embedDim), 2, 9, embedDim);
    Sequences key = Sequences.of(random(2 * 12 * 11), 2, 12, 11);
    Sequences value = Sequences.of(random(2 * 12 * 13), 2, 12, 13);
    MultiHeadAttention layer =
        MultiHeadAttention.builder(embedDim, 4)
            .keyValueHeads(2)
            .valueDim(valueDim)
            .sources(11, 13)
            .query(wq, bq)
            .key(wk, null)
            .value(wv, null)
            .output(wo, bo)
            .build()
            .withMask(Mask.causal())
            .withThreads(2);
    Sequences output = Sequences.zeros(2, 9, embedDim);
    layer.forward(query, key, value, output);
    Heads weights = Heads.zeros(2, 4, 9, 12);
    layer.weights(query, key, weights);

    Heads q = project(wq, bq, query, 4 * headDim).split(4);
    Heads k = project(wk, null, key, 2 * headDim).split(2);
    Heads v = project(wv, null, value, 2 * valueDim).split(2);
    Sequences heads = Sequences.zeros(2, 9, 4 * valueDim);
    Attention attention = Attention.standard().withMask(Mask.causal());
    attention.compute(q, k, v, heads.split(4));
    assertThat(output.data()).containsExactly(project(wo, bo, heads, embedDim).data());
    Heads expectedWeights = Heads.zeros(2, 4, 9, 12);
    attention.weights(q, k, expectedWeights);
    assertThat(weights.data()).containsExactly(expectedWeights.data());
  }

  @Test
  void packedInputIsTheThreeWeightsStacked() {
    int embedDim = 8;
    float[] packed = random(3 * 64);
    float[] packedBias = random(3 * 8);
    float[] wo = random(64);
    MultiHeadAttention.Builder separate =
        MultiHeadAttention.builder(embedDim, 2)
            .query(slice(packed, 0, 64), slice(packedBias, 0, 8))
            .key(slice(packed, 64, 128), slice(packedBias, 8, 16))
            .value(slice(packed, 128, 192), slice(packedBias, 16, 24))
            .output(wo, null);
    MultiHeadAttention.Builder stacked = MultiHeadAttention.builder(embedDim, 2).packedInput(packed, packedBias).output(wo, null);
    Sequences x = Sequences.of(random(5 * 8), 1, 5, 8);
    Sequences expected = Sequences.zeros(1, 5, 8);
    Sequences output = Sequences.zeros(1, 5, 8);
    separate.build().self(x, expected);
    stacked.build().self(x, output);
    assertThat(output.data()).containsExactly(expected.data()).isNotEqualTo(new float[40]);
    assertThatThrownBy(() -> separate.packedInput(packed, null).build()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> stacked.sources(8, 9).build()).hasMessageContaining("valueInputDim is 9").hasMessageContaining("8");
  }

  @Test
  void wrongLayersNameTheArgumentAndBothNumbers() {
    assertThatThrownBy(() -> MultiHeadAttention.builder(10, 3)).hasMessage("embedDim is 10, which is no multiple of numHeads 3");
    assertThatThrownBy(() -> MultiHeadAttention.builder(12, 6).keyValueHeads(4))
        .hasMessage("numHeads is 6, which is no multiple of keyValueHeads 4");
    MultiHeadAttention.Builder builder = MultiHeadAttention.builder(4, 2);
    assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class).hasMessage("the weight of query is missing");
    float[] square = new float[16];
    builder.query(square, null).key(square, new float[3]).value(square, null).output(square, null);
    assertThatThrownBy(builder::build).hasMessage("key.bias.length is 3, but outputs is 4");
    builder.key(new float[17], null);
    assertThatThrownBy(builder::build).hasMessage("key.weight.length is 17, but outputs * inputs is 16");
  }

  @Test
  void wrongCallsLeaveTheOutputUntouched() {
    float[] square = random(16);
    MultiHeadAttention layer = MultiHeadAttention.builder(4, 2).packedInput(random(48), null).output(square, null).build();
    Sequences x = Sequences.of(random(12), 1, 3, 4);
    float[] untouched = AttentionPropertiesTest.filled(12, 5);
    Sequences output = Sequences.of(untouched, 1, 3, 4);
    assertThatThrownBy(() -> layer.withMask(Mask.keyLengths(4)).self(x, output)).hasMessage("keyLengths[0] is 4, but keys is 3");
    assertThatThrownBy(() -> layer.self(x, x)).hasMessageContaining("output [0, 12) overlaps query [0, 12)");
    assertThatThrownBy(() -> layer.cross(x, Sequences.zeros(2, 3, 4), output)).hasMessage("key.batch is 2, but query.batch is 1");
    assertThatThrownBy(() -> layer.cross(x, Sequences.zeros(1, 3, 5), output)).hasMessage("key.width is 5, but keyInputDim is 4");
    assertThat(untouched).containsOnly(5f);
  }

  @Test
  void layersOfTwoSizesShareTheBuffers() {
    for (int rows : new int[] {3, 40, 2, 0}) {
      MultiHeadAttention layer = MultiHeadAttention.builder(4, 2).packedInput(random(48), null).output(random(16), random(4)).build();
      Sequences x = Sequences.of(random(rows * 4), 1, rows, 4);
      Sequences first = Sequences.zeros(1, rows, 4);
      Sequences again = Sequences.zeros(1, rows, 4);
      layer.self(x, first);
      layer.self(x, again);
      assertThat(again.data()).containsExactly(first.data());
    }
  }

  @Test
  void steadyCallsAllocateNoArrays() {
    int rows = 256;
    int embedDim = 32;
    // Plain Java kernels, because SIMD kernels allocate their vectors as long as they are interpreted.
    MultiHeadAttention layer =
        MultiHeadAttention.builder(embedDim, 4)
            .packedInput(random(3 * 1024), random(96))
            .output(random(1024), random(32))
            .kernels(Kernels.scalar())
            .build();
    Sequences x = Sequences.of(random(rows * embedDim), 1, rows, embedDim);
    Sequences output = Sequences.zeros(1, rows, embedDim);
    for (int i = 0; i < 3; i++) {
      layer.self(x, output);
    }
    var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = memory.getCurrentThreadAllocatedBytes();
    layer.self(x, output);
    long smallestBuffer = 4L * rows * embedDim;
    assertThat(memory.getCurrentThreadAllocatedBytes() - before).isLessThan(smallestBuffer);
  }

  private static Sequences project(float[] weight, float[] bias, Sequences input, int outputs) {
    Sequences output = Sequences.zeros(input.batch(), input.rows(), outputs);
    Linear.of(weight, bias, input.width(), outputs).apply(input, output, 1);
    return output;
  }

  private static float[] slice(float[] array, int from, int to) {
    return java.util.Arrays.copyOfRange(array, from, to);
  }

  private static float[] random(int length) {
    Random random = new Random(SEED + length);
    float[] array = new float[length];
    for (int i = 0; i < length; i++) {
      array[i] = (float) random.nextGaussian();
    }
    return array;
  }
}
