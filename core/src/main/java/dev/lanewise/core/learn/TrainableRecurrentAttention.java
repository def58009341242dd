package dev.lanewise.core.learn;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Attention of a recurrent decoder to its encoder's states that learns, see {@link RecurrentAttention}: dot, general or additive scores. A
 * decoder's state may depend on the context before it, so a sequence is learned in steps: {@link #begin} projects the keys once, each
 * {@link #forward} is a step, each {@link #backward} is that of the last step that has none yet, and {@link #end} computes the gradients of
 * the encoder's states and of the projection of keys.
 *
 * <pre>{@code
 * TrainableRecurrentAttention attention = TrainableRecurrentAttention.additive(42, 64, 96, 48); // a seed, stateDim, width, size
 * attention.begin(encoderStates, trace.setMemoryLengths(lengths));
 * for (int step = 0; step < steps; step++) {
 *   attention.forward(states[step], contexts[step], trace); // batch × 1 × stateDim; batch × 1 × width
 * }
 * for (int step = steps - 1; step >= 0; step--) {
 *   attention.backward(trace, contextGradients[step], stateGradients[step]);
 * }
 * attention.end(trace, encoderGradient);
 * }</pre>
 *
 * <p>Parameters: {@code key.weight} of general scores (W in sᵀ W h, stateDim × width); {@code state.weight} (W), {@code key.weight} (U) and
 * {@code vector} (v) of additive scores, vᵀ tanh(W s + U h). Mutable, and for one thread at a time.
 */
public final class TrainableRecurrentAttention implements Trainable {
  private final String name;
  private final @Nullable TrainableLinear state;
  private final @Nullable TrainableLinear key;
  private final @Nullable Parameter vector;
  private final List<Parameter> parameters = new ArrayList<>();

  private TrainableRecurrentAttention(
      String name, @Nullable TrainableLinear state, @Nullable TrainableLinear key, @Nullable Parameter vector) {
    this.name = name;
    this.state = state;
    this.key = key;
    this.vector = vector;
    if (state != null) {
      state.parameters().forEach(parameter -> parameters.add(parameter.under("state.")));
    }
    if (key != null) {
      key.parameters().forEach(parameter -> parameters.add(parameter.under("key.")));
    }
    if (vector != null) {
      parameters.add(vector);
    }
  }

  /** Scores s · h, without parameters; the states of decoder and encoder have equal widths. */
  public static TrainableRecurrentAttention dot() {
    return new TrainableRecurrentAttention("dot", null, null, null);
  }

  /**
   * Scores sᵀ W h.
   *
   * @param key W, from the width of the encoder's states to the width of the decoder's states
   */
  public static TrainableRecurrentAttention general(TrainableLinear key) {
    return new TrainableRecurrentAttention("general", null, Objects.requireNonNull(key, "key"), null);
  }

  /**
   * Scores vᵀ tanh(W s + U h).
   *
   * @param state W, from the width of the decoder's states to that of v
   * @param key U, from the width of the encoder's states to that of v
   * @param vector v; copied
   */
  public static TrainableRecurrentAttention additive(TrainableLinear state, TrainableLinear key, float... vector) {
    Objects.requireNonNull(vector, "vector");
    Checks.same("state.outputs", Objects.requireNonNull(state, "state").outputs(), "vector.length", vector.length);
    Checks.same("key.outputs", Objects.requireNonNull(key, "key").outputs(), "vector.length", vector.length);
    return new TrainableRecurrentAttention("additive", state, key, Parameter.of("vector", vector.clone(), vector.length));
  }

  /** Additive scores without biases, whose weights are drawn by a seed as {@link TrainableLinear#xavier} draws them. */
  public static TrainableRecurrentAttention additive(long seed, int stateDim, int width, int size) {
    SplittableRandom seeds = new SplittableRandom(seed);
    TrainableLinear state = TrainableLinear.of(weight(seeds, stateDim, size), "");
    TrainableLinear key = TrainableLinear.of(weight(seeds, width, size), "");
    return additive(state, key, weight(seeds, size, 1).floats("weight"));
  }

  private static NamedTensors weight(SplittableRandom seeds, int inputs, int outputs) {
    return Initialisation.xavier(seeds.nextLong()).withoutBiases().linear(inputs, outputs);
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** The scores for inference: {@code RecurrentAttention.of(attention.toLayer(), encoderStates)}. */
  public RecurrentAttention.Scores toLayer() {
    if (key == null) {
      return RecurrentAttention.Scores.dot();
    }
    return state == null || vector == null
        ? RecurrentAttention.Scores.general(key.toLayer())
        : RecurrentAttention.Scores.additive(state.toLayer(), key.toLayer(), vector.values());
  }

  /** An encoder's states during a sequence, with their projection and the gradients of both so far. */
  private record Memory(
      TrainableRecurrentAttention owner,
      SequenceBatch states,
      SequenceBatch keys,
      SequenceBatch keysGradient,
      SequenceBatch statesGradient,
      int size) {}

  /** What a step keeps. */
  private record Step(SequenceBatch query, SequenceBatch context, float[] logSumExp, Attention attention) {}

  /**
   * Begins a sequence. Another one may be begun before its end; steps then belong to the later one, until that ends.
   *
   * @param states the encoder's states: batch × length × width. They must not change before {@link #end}. The trace has their lengths
   * @throws IllegalArgumentException if the width does not fit the scores, or a length does not fit
   */
  public void begin(SequenceBatch states, Trace trace) {
    Objects.requireNonNull(states, "states");
    if (key != null) {
      Checks.same("states.width", states.width(), "key.inputs", key.inputs());
    }
    int[] lengths = trace.memoryLengths();
    if (lengths != null) {
      Checks.same("memoryLengths.length", lengths.length, "states.batch", states.batch());
      for (int b = 0; b < lengths.length; b++) {
        Checks.atMost("memoryLengths[" + b + "]", lengths[b], "states.rows", states.rows());
      }
    }
    SequenceBatch keys = states;
    if (key != null) {
      keys = LayerRows.keep(trace, states, key.outputs());
      key.forward(states, keys, trace);
    }
    SequenceBatch keysGradient = zeros(trace, keys);
    SequenceBatch statesGradient = key == null ? keysGradient : zeros(trace, states);
    trace.keep(new Memory(this, states, keys, keysGradient, statesGradient, trace.size()));
  }

  private static SequenceBatch zeros(Trace trace, SequenceBatch like) {
    SequenceBatch view = LayerRows.keep(trace, like, like.width());
    Arrays.fill(view.data(), view.offset(), view.offset() + view.batch() * view.rows() * view.width(), 0);
    return view;
  }

  private Memory memory(Trace trace) {
    Memory memory = trace.last(Memory.class, kept -> kept.owner == this);
    if (memory == null) {
      throw new IllegalStateException("no sequence has begun: call begin before forward, backward and end");
    }
    return memory;
  }

  /**
   * Computes the context of a step.
   *
   * @param decoderState batch × 1 × stateDim; with more rows, each row is one step, if all states are already known
   * @param context batch × 1 × width, written; must not change before the backward pass
   * @throws IllegalArgumentException if shapes differ, or context shares elements with decoderState or with itself
   * @throws IllegalStateException if no sequence has begun
   */
  public void forward(SequenceBatch decoderState, SequenceBatch context, Trace trace) {
    Memory memory = memory(trace);
    check(memory, decoderState, context);
    SequenceBatch query = decoderState;
    if (state != null) {
      query = LayerRows.keep(trace, decoderState, state.outputs());
      state.forward(decoderState, query, trace);
    }
    Attention attention = Attention.standard().withScale(1).withThreads(trace.threads()).withKernels(trace.kernels());
    attention = vector == null ? attention : attention.withSimilarity(Similarity.additive(vector.values()));
    int[] lengths = trace.memoryLengths();
    attention = lengths == null ? attention : attention.withMask(Mask.keyLengths(lengths));
    float[] logSumExp = new float[query.batch() * query.rows()];
    Results results = Results.of().withOutput(context.split(1)).withLogSumExp(logSumExp);
    attention.compute(query.split(1), memory.keys.split(1), memory.states.split(1), results);
    trace.keep(new Step(query, context, logSumExp, attention));
  }

  private void check(Memory memory, SequenceBatch decoderState, SequenceBatch context) {
    Objects.requireNonNull(decoderState, "decoderState");
    Objects.requireNonNull(context, "context");
    String widthName = "the width that " + name + " requires,";
    Checks.same("decoderState.width", decoderState.width(), widthName, state == null ? memory.keys.width() : state.inputs());
    Checks.same("decoderState.batch", decoderState.batch(), "states.batch", memory.states.batch());
    LayerRows.checkRows("context", context, "decoderState", decoderState);
    Checks.same("context.width", context.width(), "states.width", memory.states.width());
    ViewChecks.writable("context", context.split(1));
    ViewChecks.disjoint("context", context.split(1), "decoderState", decoderState.split(1));
  }

  /**
   * The backward pass of the last step that has none yet.
   *
   * @param contextGradient the gradient of the context
   * @param stateGradient the gradient of the decoder's state, written; null if it is not wanted
   */
  public void backward(Trace trace, SequenceBatch contextGradient, @Nullable SequenceBatch stateGradient) {
    Memory memory = memory(trace);
    Step step = trace.take(Step.class);
    LayerRows.checkWidth("contextGradient", contextGradient, "context", step.context.width());
    LayerRows.checkRows("contextGradient", contextGradient, "context", step.context);
    int borrowed = trace.borrowed();
    SequenceBatch direct = state == null ? stateGradient : null;
    SequenceBatch queryGradient = direct == null ? LayerRows.borrow(trace, step.query, step.query.width()) : direct;
    SequenceBatch keysGradient = LayerRows.borrow(trace, memory.keys, memory.keys.width());
    SequenceBatch statesGradient = LayerRows.borrow(trace, memory.states, memory.states.width());
    Gradients wanted = Gradients.of().withQuery(queryGradient.split(1)).withKey(keysGradient.split(1)).withValue(statesGradient.split(1));
    float[] vectorGradient = vector == null || vector.isFrozen() ? null : new float[vector.size()];
    step.attention.backward(
        step.query.split(1),
        memory.keys.split(1),
        memory.states.split(1),
        step.context.split(1),
        step.logSumExp,
        contextGradient.split(1),
        vectorGradient == null ? wanted : wanted.withAdditiveVector(vectorGradient));
    LayerRows.add(trace, keysGradient, memory.keysGradient, memory.keysGradient);
    LayerRows.add(trace, statesGradient, memory.statesGradient, memory.statesGradient);
    if (vector != null && vectorGradient != null) {
      vector.addGradient(vectorGradient, 0);
    }
    if (state != null) {
      state.backward(trace, queryGradient, stateGradient);
      trace.take(SequenceBatch.class); // the projected state
    }
    trace.release(borrowed);
  }

  /**
   * Ends the sequence that began last, after the backward passes of all its steps.
   *
   * @param statesGradient the gradient of the encoder's states, added to; null if it is not wanted
   * @throws IllegalStateException if a step has no backward pass yet
   */
  public void end(Trace trace, @Nullable SequenceBatch statesGradient) {
    Memory memory = memory(trace);
    if (statesGradient != null) {
      LayerRows.checkWidth("statesGradient", statesGradient, "states", memory.states.width());
      LayerRows.checkRows("statesGradient", statesGradient, "states", memory.states);
      ViewChecks.writable("statesGradient", statesGradient.split(1));
    }
    if (trace.size() != memory.size + 1) {
      throw new IllegalStateException(
          "the trace has " + (trace.size() - memory.size - 1) + " things after begin: each step needs its backward pass before the end");
    }
    trace.take(Memory.class);
    trace.take(SequenceBatch.class); // the gradients of keys
    if (key != null) {
      trace.take(SequenceBatch.class); // the gradients of states
      int borrowed = trace.borrowed();
      SequenceBatch ofKeys = statesGradient == null ? null : LayerRows.borrow(trace, memory.states, memory.states.width());
      key.backward(trace, memory.keysGradient, ofKeys);
      if (statesGradient != null && ofKeys != null) {
        LayerRows.add(trace, ofKeys, statesGradient, statesGradient);
      }
      trace.release(borrowed);
      trace.take(SequenceBatch.class); // the projected keys
    }
    if (statesGradient != null) {
      LayerRows.add(trace, memory.statesGradient, statesGradient, statesGradient);
    }
  }
}
