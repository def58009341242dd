package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.PlainTransformer;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples in the Javadoc of all kinds of attention compile, and give the numbers of plain double code. */
@Tag("once")
class FamilyTest {
  private static final long SEED = Problem.SEED;

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("Attention.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("MultiHeadAttention.java"));
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("FamilyExample.java")).hasSize(8);
  }

  private static SequenceBatch random(int batch, int rows, int width, int salt) {
    return Views.randomSequences(Layout.DENSE, batch, rows, width, SEED + salt);
  }

  private static void assertClose(double[][] expected, SequenceBatch actual, int b, Object what) {
    assertThat(actual.rows()).isEqualTo(expected.length);
    for (int row = 0; row < expected.length; row++) {
      for (int c = 0; c < actual.width(); c++) {
        assertThat((double) actual.get(b, row, c)).as("%s: %d of row %d", what, c, row).isCloseTo(expected[row][c], within(4e-6));
      }
    }
  }

  private static double[][] plain(LayerShape shape, SequenceBatch query, SequenceBatch key, SequenceBatch value, int b, boolean causal) {
    double[][] keys = ReferenceLayers.rows(key, b);
    double[][] values = ReferenceLayers.rows(value, b);
    return PlainTransformer.inDouble().attention(shape, ReferenceLayers.rows(query, b), keys, values, (i, j) -> !causal || j <= i);
  }

  @Test
  void headsMayBeGrouped() {
    Heads query = Views.random(Layout.DENSE, 2, 12, 7, 64, SEED);
    Heads key = Views.random(Layout.DENSE, 2, 4, 7, 64, SEED + 1);
    Heads value = Views.random(Layout.DENSE, 2, 4, 7, 16, SEED + 2);
    Heads output = Heads.zeros(2, 12, 7, 16);
    FamilyExample.heads(query.data(), 2, 7, key, value, output);
    ReferenceAttention reference = ReferenceAttention.of(Attention.standard().withMask(Mask.causal()), query, key, value);
    Budget.assertWithin("heads", output.data(), reference.inFloat().output(), reference.output());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 33})
  void withoutProjectionsTheVectorViewEqualsTheMatrixView(int rows) {
    SequenceBatch x = random(1, rows, 24, 1);
    SequenceBatch matrix = SequenceBatch.zeros(1, rows, 24);
    SequenceBatch vectors = SequenceBatch.zeros(1, rows, 24);
    FamilyExample.withoutProjections(x, matrix, vectors);
    double[][] plain = ReferenceLayers.rows(x, 0);
    plain = ReferenceLayers.inDouble().attention(plain, plain, plain, 1, 1, Attention.standard());
    assertClose(plain, matrix, 0, "matrix view");
    Views.assertSameBits(vectors.data(), matrix.data(), "vector view");
  }

  @Test
  void aLayerIsBuiltAndRuns() {
    LayerShape shape = LayerShape.of(48, 12);
    SequenceBatch x = random(2, 9, 48, 2);
    SequenceBatch y = SequenceBatch.zeros(2, 9, 48);
    new FamilyExample(shape).build(x, y);
    assertClose(plain(shape, x, x, x, 1, true), y, 1, "causal");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9, 40})
  void theVectorViewOfALayerEqualsTheMatrixView(int rows) {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch x = random(1, rows, 48, 3);
    SequenceBatch matrix = SequenceBatch.zeros(1, rows, 48);
    SequenceBatch vectors = SequenceBatch.zeros(1, rows, 48);
    FamilyExample.self(shape.layer(), x, matrix, vectors);
    assertClose(plain(shape, x, x, x, 0, false), matrix, 0, "matrix view");
    Views.assertSameBits(vectors.data(), matrix.data(), "vector view");
  }

  @Test
  void crossAttentionHasTwoSources() {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch decoded = random(2, 7, 48, 4);
    SequenceBatch encoded = random(2, 19, 48, 5);
    SequenceBatch y = SequenceBatch.zeros(2, 7, 48);
    FamilyExample.cross(shape.layer(), decoded, encoded, y);
    assertClose(plain(shape, decoded, encoded, encoded, 1, false), y, 1, "cross");
  }

  @Test
  void stepsWithACacheEqualOnePass() {
    LayerShape shape = LayerShape.of(48, 4);
    SequenceBatch x = random(1, 12, 48, 6);
    SequenceBatch y = SequenceBatch.zeros(1, 12, 48);
    MultiHeadAttention layer = shape.layer().withMask(Mask.causal());
    FamilyExample.cached(
        layer, x.batch(0, 1).rows(0, 11), y.batch(0, 1).rows(0, 11), x.batch(0, 1).rows(11, 12), y.batch(0, 1).rows(11, 12));
    assertClose(plain(shape, x, x, x, 0, true), y, 0, "prompt and token");
  }

  @Test
  void anySourceMayDiffer() {
    LayerShape shape = LayerShape.of(48, 4).sources(20, 48);
    SequenceBatch x = random(2, 9, 48, 7);
    SequenceBatch keys = random(2, 9, 20, 8);
    SequenceBatch values = random(2, 9, 48, 9);
    SequenceBatch learned = random(2, 1, 48, 10);
    SequenceBatch y = SequenceBatch.zeros(2, 9, 48);
    SequenceBatch pooled = SequenceBatch.zeros(2, 1, 48);
    FamilyExample.sources(shape.layer(), x, keys, values, y, learned, pooled);
    assertClose(plain(shape, x, keys, x, 1, false), y, 1, "keys from another source");
    assertClose(plain(shape, learned, keys, values, 1, false), pooled, 1, "a single query");
  }

  /** One head to many; multi-head, grouped and multi-query; values wider and narrower. */
  @ParameterizedTest
  @CsvSource({"1, 1, 48", "6, 6, 8", "6, 3, 5", "6, 2, 13", "6, 1, 8", "48, 4, 3"})
  void headsAndWidths(int numHeads, int keyValueHeads, int valueDim) {
    LayerShape shape = new LayerShape(48, numHeads, keyValueHeads, valueDim, 20, 31);
    SequenceBatch x = random(2, 9, 48, 11);
    SequenceBatch keys = random(2, 14, 20, 12);
    SequenceBatch values = random(2, 14, 31, 13);
    SequenceBatch y = SequenceBatch.zeros(2, 9, 48);
    new FamilyExample(shape).shapes(48, numHeads, keyValueHeads, x, keys, values, y);
    assertClose(plain(shape, x, keys, values, 1, false), y, 1, shape);
  }
}
