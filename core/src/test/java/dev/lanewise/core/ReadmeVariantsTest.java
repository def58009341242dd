package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The code of "One example" and "Every variant" in core/README.md compiles, runs, and does what the text says. */
@Tag("once")
class ReadmeVariantsTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int ROWS = 24;
  private static final int HEAD_DIM = 16;
  private static final int SIZE = BATCH * HEADS * ROWS * HEAD_DIM;

  private final SplittableRandom random = new SplittableRandom(20261122);
  private final Heads query = random(BATCH);
  private final Heads key = random(BATCH);
  private final Heads value = random(BATCH);
  private final ReadmeVariantsExample example = new ReadmeVariantsExample(query, key, value);
  private final ReferenceAttention reference = ReferenceAttention.of(Attention.standard(), query, key, value);

  private Heads random(int batch) {
    return Heads.of(numbers(batch * HEADS * ROWS * HEAD_DIM), batch, HEADS, ROWS, HEAD_DIM);
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  @Test
  void blocksCompile() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String sections = section(readme, "One example") + section(readme, "Every variant");
    assertThat(ReadmeBlocks.shown(sections)).isEqualTo(ReadmeBlocks.compiled("ReadmeVariantsExample.java")).hasSize(13);
  }

  private static String section(String readme, String name) {
    String section = readme.substring(readme.indexOf("\n## " + name + "\n"));
    return section.substring(0, section.indexOf("\n## ", 1));
  }

  @Test
  void oneExample() {
    float[] ones = new float[768];
    Arrays.fill(ones, 1);
    float[] weight = new float[768 * 768];
    SequenceBatch y =
        ReadmeVariantsExample.oneExample(
            2,
            3,
            numbers(2 * 4 * 3 * 64),
            numbers(2 * 4 * 3 * 64),
            new float[3 * weight.length],
            new float[3 * 768],
            weight,
            ones,
            numbers(2 * 3 * 768));
    assertThat(y.data()).containsOnly(1); // all weights are 0
  }

  @Test
  void masks() {
    example.masks();
    check(where((b, head, i, j) -> j > i - 10 && j <= i && (b == 1 || j < 17)));
    example.ownMask();
    check(where((b, head, i, j) -> j <= i && i % 3 == j % 3));
  }

  private ReferenceAttention where(Mask.Predicate predicate) {
    return reference(Attention.standard().withMask(Mask.evaluate(predicate, BATCH, HEADS, ROWS, ROWS)));
  }

  private ReferenceAttention reference(Attention attention) {
    return ReferenceAttention.of(attention, query, key, value);
  }

  @Test
  void changesAndNormalisers() {
    example.softcapAndAlibi();
    check(reference(Attention.standard().withMask(Mask.causal()).withSoftcap(30).withAlibi(1f / 4, 1f / 16, 1f / 64, 1f / 256)));
    example.scoreFunction();
    check(reference(Attention.standard().withAlibi(0.1f, 0.1f, 0.1f, 0.1f)));
    example.sinks(1, 2, 3, 4);
    check(reference(Attention.standard().withNormaliser(Normaliser.softmaxWithSinks(1, 2, 3, 4))));
    example.noSoftmax();
    check(reference(Attention.standard().withNormaliser(Normaliser.relu().dividedByKeys())));
  }

  @Test
  void weightsOfRows() {
    double[] expected = reference.weights();
    Heads weights = example.weightsOfRows();
    int[] rows = {0, 7, 23};
    for (int n = 0; n < BATCH * HEADS * 3; n++) {
      for (int j = 0; j < ROWS; j++) {
        assertThat((double) weights.data()[n * ROWS + j]).isCloseTo(expected[(n / 3 * ROWS + rows[n % 3]) * ROWS + j], within(1e-6));
      }
    }
  }

  @Test
  void topKeysAndColumnSums() {
    double[] weights = reference.weights();
    int row = (3 * ROWS + 23) * ROWS;
    int best = 0;
    for (int j = 0; j < ROWS; j++) {
      best = weights[row + j] > weights[row + best] ? j : best;
    }
    ReadmeVariantsExample.Seen seen = example.topKeysAndColumnSums();
    assertThat(seen.strongest()).isEqualTo(best);
    check(seen.columnSums(), reference.columnSums());
  }

  @Test
  void scores() {
    Heads scores = example.scores();
    check(scores.data(), reference(Attention.standard().withMask(Mask.causal())).scores(Stage.MASKED));
    check(reference(Attention.standard().withMask(Mask.causal())));
  }

  @Test
  void mergeEqualsAttentionOverAllKeys() {
    float[] logSumExp = example.merge(part(key, 0, 9), part(value, 0, 9), part(key, 9, ROWS), part(value, 9, ROWS));
    check(reference);
    double[] expected = reference.logSumExp();
    for (int n = 0; n < logSumExp.length; n++) {
      assertThat((double) logSumExp[n]).isCloseTo(expected[n], within(1e-5));
    }
  }

  private static Heads part(Heads all, int from, int to) {
    return all.rows(from, to);
  }

  @Test
  void packedSequences() {
    Heads q = random(1);
    Heads k = random(1);
    Heads v = random(1);
    Heads output = example.packed(q.data(), k.data(), v.data());
    check(
        output.data(),
        ReferenceAttention.of(Attention.standard().withMask(Mask.causal()).withPackedSequences(PackedSequences.of(0, 5, 17, 24)), q, k, v)
            .output());
  }

  @Test
  void layouts() {
    float[] packed = numbers(3 * SIZE);
    Heads output = SequenceBatch.of(example.layouts(packed), BATCH, ROWS, HEADS * HEAD_DIM).split(HEADS);
    double[] expected = ReferenceAttention.of(Attention.standard(), side(packed, 0), side(packed, 1), side(packed, 2)).output();
    for (int n = 0; n < expected.length; n++) {
      float actual = output.get(n / HEAD_DIM / ROWS / HEADS, n / HEAD_DIM / ROWS % HEADS, n / HEAD_DIM % ROWS, n % HEAD_DIM);
      assertThat((double) actual).isCloseTo(expected[n], within(1e-5));
    }
  }

  /** A dense copy of query, key or value in packed rows. */
  private static Heads side(float[] packed, int which) {
    Heads copy = Heads.zeros(BATCH, HEADS, ROWS, HEAD_DIM);
    int width = HEADS * HEAD_DIM;
    for (int n = 0; n < SIZE; n++) {
      int row = n / HEAD_DIM % ROWS;
      int head = n / HEAD_DIM / ROWS % HEADS;
      int batchRow = n / HEAD_DIM / ROWS / HEADS * ROWS + row;
      copy.data()[n] = packed[(batchRow * 3 + which) * width + head * HEAD_DIM + n % HEAD_DIM];
    }
    return copy;
  }

  private void check(ReferenceAttention expected) {
    check(example.output.data(), expected.output());
  }

  private static void check(float[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int n = 0; n < expected.length; n++) {
      // masked scores are −∞ in both, and have no distance
      if (actual[n] != expected[n]) {
        assertThat((double) actual[n]).as("element %d", n).isCloseTo(expected[n], within(1e-5));
      }
    }
  }
}
