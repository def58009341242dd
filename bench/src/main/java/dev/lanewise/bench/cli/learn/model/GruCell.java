package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.learn.TrainableLinear;
import java.util.List;
import java.util.stream.Stream;

/**
 * A step of a recurrent network ("Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine Translation", Cho et
 * al., 2014): with z and r = sigmoid(W [x, h]) and n = tanh(U [x, r ⊙ h]) the next state is z ⊙ h + (1 − z) ⊙ n. All rows are batch × 1 ×
 * width, dense.
 */
final class GruCell implements Trainable {
  private final int inputs;
  private final int width;
  private final TrainableLinear gates;
  private final TrainableLinear candidate;

  GruCell(long seed, int inputs, int width) {
    this.inputs = inputs;
    this.width = width;
    this.gates = TrainableLinear.xavier(seed, inputs + width, 2 * width);
    this.candidate = TrainableLinear.xavier(seed + 1, inputs + width, width);
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.concat(
            gates.parameters().stream().map(parameter -> parameter.under("gates.")),
            candidate.parameters().stream().map(parameter -> parameter.under("candidate.")))
        .toList();
  }

  /**
   * What a step keeps.
   *
   * @param joined x and h
   * @param gates z and r
   * @param reset x and r ⊙ h
   * @param candidate n
   */
  private record Kept(SequenceBatch joined, SequenceBatch gates, SequenceBatch reset, SequenceBatch candidate) {}

  /**
   * Computes the next state.
   *
   * @param next written; must not be {@code state}
   */
  void forward(SequenceBatch x, SequenceBatch state, SequenceBatch next, Trace trace) {
    int batch = x.batch();
    Kept kept =
        new Kept(
            trace.keep(batch, 1, inputs + width),
            trace.keep(batch, 1, 2 * width),
            trace.keep(batch, 1, inputs + width),
            trace.keep(batch, 1, width));
    Columns.join(kept.joined, x, state);
    gates.forward(kept.joined, kept.gates, trace);
    Columns.join(kept.reset, x, state);
    for (int b = 0; b < batch; b++) {
      for (int c = 0; c < 2 * width; c++) {
        kept.gates.data()[kept.gates.index(b, 0) + c] = sigmoid(kept.gates.get(b, 0, c));
      }
      for (int c = 0; c < width; c++) {
        kept.reset.data()[kept.reset.index(b, 0) + inputs + c] *= kept.gates.get(b, 0, width + c);
      }
    }
    candidate.forward(kept.reset, kept.candidate, trace);
    for (int b = 0; b < batch; b++) {
      for (int c = 0; c < width; c++) {
        float n = (float) Math.tanh(kept.candidate.get(b, 0, c));
        float z = kept.gates.get(b, 0, c);
        kept.candidate.data()[kept.candidate.index(b, 0) + c] = n;
        next.data()[next.index(b, 0) + c] = z * state.get(b, 0, c) + (1 - z) * n;
      }
    }
    trace.keep(kept);
  }

  /**
   * Adds the gradients of the parameters.
   *
   * @param nextGradient the gradient of the next state
   * @param inputGradient the gradient of x, written
   * @param stateGradient the gradient of the state, written; may be {@code nextGradient} itself
   */
  void backward(Trace trace, SequenceBatch nextGradient, SequenceBatch inputGradient, SequenceBatch stateGradient) {
    Kept kept = trace.take(Kept.class);
    int batch = nextGradient.batch();
    int borrowed = trace.borrowed();
    SequenceBatch candidateGradient = trace.borrow(batch, 1, width);
    SequenceBatch resetGradient = trace.borrow(batch, 1, inputs + width);
    SequenceBatch gatesGradient = trace.borrow(batch, 1, 2 * width);
    SequenceBatch joinedGradient = trace.borrow(batch, 1, inputs + width);
    for (int b = 0; b < batch; b++) {
      for (int c = 0; c < width; c++) {
        float n = kept.candidate.get(b, 0, c);
        candidateGradient.data()[candidateGradient.index(b, 0) + c] =
            nextGradient.get(b, 0, c) * (1 - kept.gates.get(b, 0, c)) * (1 - n * n);
      }
    }
    candidate.backward(trace, candidateGradient, resetGradient);
    for (int b = 0; b < batch; b++) {
      for (int c = 0; c < width; c++) {
        gates(kept, b, c, nextGradient.get(b, 0, c), resetGradient, gatesGradient);
      }
    }
    gates.backward(trace, gatesGradient, joinedGradient);
    for (int i = 0; i < 4; i++) {
      trace.take(SequenceBatch.class);
    }
    for (int b = 0; b < batch; b++) {
      for (int c = 0; c < inputs; c++) {
        inputGradient.data()[inputGradient.index(b, 0) + c] = resetGradient.get(b, 0, c) + joinedGradient.get(b, 0, c);
      }
      for (int c = 0; c < width; c++) {
        stateGradient.data()[stateGradient.index(b, 0) + c] =
            nextGradient.get(b, 0, c) * kept.gates.get(b, 0, c)
                + resetGradient.get(b, 0, inputs + c) * kept.gates.get(b, 0, width + c)
                + joinedGradient.get(b, 0, inputs + c);
      }
    }
    trace.release(borrowed);
  }

  /** The gradients of z and r before their sigmoid, for one element of the state. */
  private void gates(Kept kept, int b, int c, float nextGradient, SequenceBatch resetGradient, SequenceBatch gatesGradient) {
    float state = kept.joined.get(b, 0, inputs + c);
    float z = kept.gates.get(b, 0, c);
    float r = kept.gates.get(b, 0, width + c);
    int to = gatesGradient.index(b, 0) + c;
    gatesGradient.data()[to] = nextGradient * (state - kept.candidate.get(b, 0, c)) * z * (1 - z);
    gatesGradient.data()[to + width] = resetGradient.get(b, 0, inputs + c) * state * r * (1 - r);
  }

  private static float sigmoid(float x) {
    return (float) (1 / (1 + Math.exp(-x)));
  }
}
