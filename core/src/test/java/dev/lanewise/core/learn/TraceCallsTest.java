package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A backward pass is that of its own forward pass, whatever else the trace has seen in between. */
@Tag("once")
class TraceCallsTest {
  private static final int WIDTH = 24;

  private static SequenceBatch random(int seed, int batch, int rows, int width) {
    SequenceBatch x = SequenceBatch.zeros(batch, rows, width);
    Random random = new Random(seed);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /** Sets what a call has besides its input. */
  private interface Call {
    void set(Trace trace);
  }

  /** The gradients of two calls whose forward passes both come before their backward passes. */
  private static List<float[]> gradients(boolean recompute, int batch, Call... calls) {
    TrainableStack stack = TrainableStack.builder(3).dropout(0.1f).decoder(Initialisation.xavier(1).decoder(WIDTH, 40, 2), "");
    stack.setRecompute(recompute);
    Trace trace = Trace.create().train(1, 1);
    for (int i = 0; i < calls.length; i++) {
      calls[i].set(trace);
      stack.forward(random(i, batch, 9, WIDTH), random(5 + i, batch, 7, WIDTH), SequenceBatch.zeros(batch, 9, WIDTH), trace);
    }
    List<float[]> gradients = new ArrayList<>();
    for (int i = calls.length - 1; i >= 0; i--) {
      SequenceBatch inputGradient = SequenceBatch.zeros(batch, 9, WIDTH);
      SequenceBatch memoryGradient = SequenceBatch.zeros(batch, 7, WIDTH);
      stack.backward(trace, random(10 + i, batch, 9, WIDTH), inputGradient, memoryGradient);
      gradients.add(inputGradient.data());
      gradients.add(memoryGradient.data());
    }
    stack.parameters().forEach(parameter -> gradients.add(parameter.gradient()));
    assertThat(trace.size()).isZero();
    assertThat(trace.borrowed()).isZero();
    return gradients;
  }

  private static void assertRecomputeGivesTheSameBits(int batch, Call... calls) {
    List<float[]> expected = gradients(false, batch, calls);
    List<float[]> actual = gradients(true, batch, calls);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).as("gradient %d", i).isEqualTo(expected.get(i));
    }
  }

  @Test
  void recomputeHasTheLengthsOfItsForwardPass() {
    assertRecomputeGivesTheSameBits(
        2,
        trace -> trace.setKeyLengths(9, 4).setMemoryLengths(3, 7),
        trace -> trace.setKeyLengths(2, 9).setMemoryLengths((int[]) null),
        trace -> trace.setKeyLengths((int[]) null).setMemoryLengths(7, 1));
  }

  @Test
  void recomputeHasThePackedSequencesOfItsForwardPass() {
    PackedSequences first = PackedSequences.of(0, 4, 9);
    PackedSequences second = PackedSequences.of(0, 2, 8, 9);
    assertRecomputeGivesTheSameBits(
        1,
        trace -> trace.setPackedSequences(first).setMemorySequences(PackedSequences.of(new int[] {0, 4, 9}, new int[] {0, 2, 7})),
        trace -> trace.setPackedSequences(second).setMemorySequences(PackedSequences.of(new int[] {0, 2, 8, 9}, new int[] {0, 1, 4, 7})),
        trace -> trace.setPackedSequences(null).setMemorySequences(null));
  }

  @Test
  void recomputeLeavesTheTraceAsItIs() {
    TrainableStack stack = TrainableStack.builder(3).encoder(Initialisation.xavier(1).encoder(WIDTH, 40, 2), "");
    stack.setRecompute(true);
    Trace trace = Trace.create().train(1, 1).setKeyLengths(9, 4);
    stack.forward(random(1, 2, 9, WIDTH), SequenceBatch.zeros(2, 9, WIDTH), trace);
    trace.setKeyLengths(1, 2).setMemoryLengths(3, 4);
    long call = trace.nextCall();
    stack.backward(trace, random(2, 2, 9, WIDTH), null);
    assertThat(trace.keyLengths()).containsExactly(1, 2);
    assertThat(trace.memoryLengths()).containsExactly(3, 4);
    assertThat(trace.nextCall()).isEqualTo(call + 1);
  }

  @Test
  void anEmptyTraceHasNoSequenceOfRecurrentAttention() {
    TrainableRecurrentAttention attention = TrainableRecurrentAttention.additive(1, 3, 4, 5);
    SequenceBatch state = SequenceBatch.zeros(2, 1, 3);
    SequenceBatch context = SequenceBatch.zeros(2, 1, 4);
    Trace trace = Trace.create();
    attention.begin(SequenceBatch.zeros(2, 6, 4), trace);
    attention.forward(state, context, trace);
    trace.evaluate(); // a validation loop has no backward pass
    assertThatThrownBy(() -> attention.forward(state, context, trace))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no sequence has begun: call begin before forward, backward and end");
    assertThatThrownBy(() -> attention.backward(trace, context, null)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> attention.end(trace, null)).isInstanceOf(IllegalStateException.class);
    assertThat(trace.size()).isZero();
  }

  @Test
  void eachTraceHasItsOwnSequenceOfRecurrentAttention() {
    TrainableRecurrentAttention attention = TrainableRecurrentAttention.dot();
    TrainableRecurrentAttention other = TrainableRecurrentAttention.dot();
    Trace first = Trace.create();
    Trace second = Trace.create();
    SequenceBatch state = random(1, 1, 1, 4);
    SequenceBatch expected = SequenceBatch.zeros(1, 1, 4);
    SequenceBatch actual = SequenceBatch.zeros(1, 1, 4);
    attention.begin(random(2, 1, 6, 4), first);
    attention.forward(state, expected, first);
    attention.begin(random(3, 1, 6, 4), second);
    other.begin(random(4, 1, 6, 4), first); // in the same trace, but of another layer
    attention.forward(state, actual, first);
    assertThat(actual.data()).isEqualTo(expected.data());
    assertThatThrownBy(() -> other.forward(state, actual, second)).isInstanceOf(IllegalStateException.class);
  }
}
