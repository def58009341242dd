package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The short examples in Javadoc are those that compile, and they run. */
@Tag("once")
class ShortExamplesTest {
  private static final Attention ATTENTION = Attention.standard();

  @Test
  void examplesAreThoseThatCompile() throws IOException {
    List<String> shown = new ArrayList<>();
    for (String type :
        List.of("Kernels", "Heads", "Bias", "KeyValueFormat", "Normaliser", "PackedSequences", "RowFunction", "Similarity", "Stage")) {
      shown.addAll(ReadmeBlocks.shownInJavadocOfKernels(type + ".java"));
    }
    for (String type : List.of("core/Merge", "core/TopKeys", "mask/Mask", "layer/Linear", "layer/Norm", "layer/Transformer")) {
      shown.addAll(ReadmeBlocks.shownInJavadoc(type + ".java"));
    }
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("ShortExamples.java")).hasSize(18);
  }

  @Test
  void examplesOfAttentionRun() {
    Heads query = Heads.zeros(2, 4, 51, 8);
    Heads key = Heads.zeros(2, 4, 24, 8);
    Heads value = Heads.zeros(2, 4, 24, 8);
    Arrays.fill(value.data(), 1);
    Heads output = Heads.zeros(2, 4, 51, 8);
    ShortExamples.bias(ATTENTION, query, key, value, output, new float[51 * 24], 51, 24);
    assertThat(output.get(0, 0, 0, 0)).isCloseTo(1, within(1e-5f));
    ShortExamples.normaliser(ATTENTION, query, key, value, output, new float[4]);
    assertThat(output.get(0, 0, 0, 0)).isLessThan(1);
    ShortExamples.function(ATTENTION, query, key, value, output);
    ShortExamples.similarity(ATTENTION, query, key, value, output);
    ShortExamples.stage(ATTENTION, query, key, value, output, Heads.zeros(2, 4, 51, 24));
    ShortExamples.mask(ATTENTION, query, key, value, output);
    ATTENTION.withMask(ShortExamples.windows().getFirst()).compute(query, key, value, output);
    assertThat(ShortExamples.windows().getLast().visible(1, 0, 3, 515, 8, 2000)).isTrue();
    assertThat(ShortExamples.windows().getLast().visible(1, 0, 3, 516, 8, 2000)).isFalse();
    assertThat(IntStream.range(0, 2000).filter(seen -> ShortExamples.drafts().visible(0, 0, 2, seen, 3, 2000)).count()).isEqualTo(256);
    assertThat(ShortExamples.top(ATTENTION, query, key, value, 2, 4, 51)).isZero();
    float[] logSumExp = new float[2 * 4 * 51];
    ShortExamples.merge(ATTENTION, query, key, value, key, value, output, Heads.zeros(2, 4, 51, 8), logSumExp, logSumExp.clone());
    Heads rows = Heads.zeros(1, 4, 41, 8);
    ShortExamples.packed(ATTENTION, rows, rows, rows, Heads.zeros(1, 4, 41, 8));
    assertThat(ShortExamples.heads(new float[64], new float[64], 1, 1, 1).width()).isEqualTo(64);
    ShortExamples.format(2, 8).close();
  }

  @Test
  void examplesOfRowsRun() {
    Matrix rows = Matrix.zeros(3, 64);
    ShortExamples.kernels(rows, rows, rows, Matrix.zeros(3, 3), Matrix.zeros(3, 64));
    Heads heads = Heads.zeros(1, 2, 3, 8);
    ShortExamples.product(Kernels.selected(), rows, Matrix.zeros(5, 64), new float[5], Matrix.zeros(3, 5), heads, new double[] {1, 0.1});
    SequenceBatch x = SequenceBatch.zeros(1, 3, 4);
    ShortExamples.linear(new float[8], new float[2], 4, 2, x, SequenceBatch.zeros(1, 3, 2));
    ShortExamples.norm(new float[4], x, SequenceBatch.zeros(1, 3, 4));
  }
}
