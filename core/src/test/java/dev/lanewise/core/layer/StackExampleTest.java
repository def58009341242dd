package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of layers, stacks and states compile, and give the numbers of other calls. */
@Tag("once")
class StackExampleTest {
  private static final int WIDTH = 48;

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = new ArrayList<>(ReadmeBlocks.shownInJavadoc("TransformerLayer.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("TransformerStack.java"));
    shown.addAll(ReadmeBlocks.shownInJavadoc("StackState.java"));
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("StackExample.java")).hasSize(4);
  }

  private static SequenceBatch random(int batch, int rows, int salt) {
    return Views.randomSequences(Layout.DENSE, batch, rows, WIDTH, Problem.SEED + salt);
  }

  private static Linear linear(LayerShape.Weights weights) {
    return Linear.of(weights.weight(), weights.bias(), weights.inputs(), weights.outputs());
  }

  private static LayerParts parts(Norm.Placement placement) {
    return new LayerParts(LayerShape.of(WIDTH, 4), 100, Activation.GELU, false, false, placement);
  }

  private static TransformerStack decoderOnly() {
    LayerParts parts = parts(Norm.Placement.PRE);
    TransformerLayer layer =
        TransformerLayer.decoderOnly(parts.attention().layer(), parts.norm(0), parts.feedForward(), parts.norm(1), Norm.Placement.PRE);
    return TransformerStack.of(List.of(layer, layer), parts.norm(1));
  }

  private static void assertClose(SequenceBatch expected, SequenceBatch actual, String what) {
    float[] expectedRows = Views.dense(expected);
    float[] rows = Views.dense(actual);
    assertThat(rows).hasSameSizeAs(expectedRows);
    for (int i = 0; i < rows.length; i++) {
      assertThat(rows[i]).as("%s: element %d", what, i).isCloseTo(expectedRows[i], within(8e-6f));
    }
  }

  @Test
  void anEncoderLayerTakesPaddedAndPackedSequences() {
    LayerParts parts = parts(Norm.Placement.POST);
    SequenceBatch padded = random(2, 24, 14);
    float[] rows = new float[41 * WIDTH];
    System.arraycopy(padded.data(), 0, rows, 0, 17 * WIDTH);
    System.arraycopy(padded.data(), 24 * WIDTH, rows, 17 * WIDTH, 24 * WIDTH);
    SequenceBatch y = SequenceBatch.zeros(2, 24, WIDTH);
    SequenceBatch out = SequenceBatch.zeros(1, 41, WIDTH);
    Linear up = linear(parts.up());
    Linear down = linear(parts.down());
    StackExample.layer(
        parts.attention().layer(), parts.norm(0), up, down, parts.norm(1), padded, y, SequenceBatch.of(rows, 1, 41, WIDTH), out);
    Views.assertSameBits(Views.dense(out.rows(0, 17)), Views.dense(y.batch(0, 1).rows(0, 17)), "first sequence");
    Views.assertSameBits(Views.dense(out.rows(17, 41)), Views.dense(y.batch(1, 2).rows(0, 24)), "second sequence");
    SequenceBatch alone = SequenceBatch.zeros(1, 17, WIDTH);
    parts.encoderLayer().forward(padded.batch(0, 1).rows(0, 17), alone);
    Views.assertSameBits(Views.dense(out.rows(0, 17)), alone.data(), "the first alone");
  }

  @Test
  void aSublayerHasTheNormsOfTheExample() {
    LayerParts parts = parts(Norm.Placement.PRE);
    MultiHeadAttention attention = parts.attention().layer();
    SequenceBatch x = random(1, 9, 17);
    SequenceBatch y = SequenceBatch.zeros(1, 9, WIDTH);
    TransformerLayer.of(StackExample.sublayer(attention, parts.norm(0), parts.norm(1))).forward(x, y);
    SequenceBatch normed = SequenceBatch.zeros(1, 9, WIDTH);
    SequenceBatch attended = SequenceBatch.zeros(1, 9, WIDTH);
    parts.norm(0).forward(x, normed);
    attention.forward(normed, attended);
    parts.norm(1).forward(attended, normed);
    for (int i = 0; i < normed.data().length; i++) {
      normed.data()[i] += x.data()[i];
    }
    Views.assertSameBits(y.data(), normed.data(), "norms before the attention and of its output");
  }

  @Test
  void stacksTakeSteps() {
    LayerParts parts = parts(Norm.Placement.PRE);
    TransformerStack decoder = TransformerStack.of(List.of(parts.decoderLayer()), parts.norm(1));
    TransformerStack encoder = TransformerStack.of(List.of(parts.encoderLayer()), parts.norm(1));
    SequenceBatch memory = random(1, 6, 15);
    SequenceBatch x = random(1, 8, 16);
    SequenceBatch y = SequenceBatch.zeros(1, 8, WIDTH);
    SequenceBatch steps = SequenceBatch.zeros(1, 8, WIDTH);
    StackExample.stack(encoder, decoderOnly(), decoder, x, y, memory, x.rows(0, 7), steps.rows(0, 7), x.rows(7, 8), steps.rows(7, 8));
    SequenceBatch whole = SequenceBatch.zeros(1, 8, WIDTH);
    decoder.forward(x, memory, whole);
    assertClose(whole.rows(0, 7), steps.rows(0, 7), "the prompt of the decoder with a memory");
    decoderOnly().forward(x, whole);
    assertClose(whole.rows(7, 8), steps.rows(7, 8), "the token of the decoder without a memory");
    encoder.forward(x, whole);
    Views.assertSameBits(y.data(), whole.data(), "encoder");
  }

  /** Two sequences go on, and the first one has all rows; the output is that of the last call. */
  @Test
  void aStateIsForkedTruncatedAndSelectedFrom() {
    TransformerStack stack = decoderOnly();
    SequenceBatch prompt = random(1, 21, 18);
    SequenceBatch rows = random(3, 21, 19);
    SequenceBatch row = random(2, 21, 20);
    SequenceBatch output = SequenceBatch.zeros(3, 21, WIDTH);
    StackExample.state(stack, prompt, output.batch(0, 1), rows, row, output);
    for (int b = 0; b < 2; b++) {
      SequenceBatch all = SequenceBatch.zeros(1, 63, WIDTH);
      System.arraycopy(prompt.data(), 0, all.data(), 0, 21 * WIDTH);
      System.arraycopy(rows.data(), 2 * b * 21 * WIDTH, all.data(), 21 * WIDTH, 21 * WIDTH);
      System.arraycopy(row.data(), b * 21 * WIDTH, all.data(), 42 * WIDTH, 21 * WIDTH);
      stack.forward(all, all);
      assertClose(all.rows(42, 63), output.batch(b, b + 1), "sequence " + 2 * b);
    }
  }
}
