package dev.lanewise.core.pooling;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Attention of a recurrent decoder to its encoder's states, the origin of all attention ("Neural Machine Translation by Jointly Learning to
 * Align and Translate", Bahdanau, Cho and Bengio, 2015; "Effective Approaches to Attention-based Neural Machine Translation", Luong, Pham
 * and Manning, 2015). Before each step the decoder's state s is compared with every encoder state h<sub>j</sub>, and the context is
 * Σ<sub>j</sub> softmax<sub>j</sub>(score(s, h<sub>j</sub>)) · h<sub>j</sub>. The query is the decoder's state; keys and values are the
 * encoder's states.
 *
 * <pre>{@code
 * RecurrentAttention.Scores scores =
 *     RecurrentAttention.Scores.additive(Linear.of(w, null, stateDim, size), Linear.of(u, null, width, size), v);
 * RecurrentAttention memory = RecurrentAttention.of(scores, encoderStates).withLengths(lengths); // keys are projected here, once
 * for (int step = 0; step < steps; step++) {
 *   memory.forward(state, context); // batch × 1 × stateDim; batch × 1 × width
 *   decoder.step(context, state); // your code
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe; the encoder's states are copied. A step allocates nothing that grows with the work.
 */
public final class RecurrentAttention {
  /** Buffers for projected states of the decoder. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final Scores scores;
  private final SequenceBatch keys;
  private final SequenceBatch values;
  private final Attention attention;

  private RecurrentAttention(Scores scores, SequenceBatch keys, SequenceBatch values, Attention attention) {
    this.scores = scores;
    this.keys = keys;
    this.values = values;
    this.attention = attention;
  }

  /**
   * Attention to an encoder's states, on one thread and the fastest kernels of this JVM. A batch entry without states has context 0.
   *
   * @param states the encoder's states: batch × length × width
   * @throws IllegalArgumentException if the width does not fit the scores
   */
  public static RecurrentAttention of(Scores scores, SequenceBatch states) {
    Objects.requireNonNull(scores, "scores");
    Objects.requireNonNull(states, "states");
    Linear projection = scores.key;
    if (projection != null) {
      Checks.same("states.width", states.width(), "key.inputs", projection.inputs());
    }
    SequenceBatch values = SequenceBatch.zeros(states.batch(), states.rows(), states.width());
    states.copyTo(values);
    SequenceBatch keys = values;
    if (projection != null) {
      keys = SequenceBatch.zeros(states.batch(), states.rows(), projection.outputs());
      projection.forward(values, keys);
    }
    Attention attention = Attention.standard().withSimilarity(scores.similarity).withScale(1);
    return new RecurrentAttention(scores, keys, values, attention).withThreads(1);
  }

  /**
   * Returns a copy for padded sequences.
   *
   * @param lengths number of states of each batch entry; later states are never read
   */
  public RecurrentAttention withLengths(int... lengths) {
    SequenceRanges ranges = SequenceRanges.ofLengths(lengths);
    ranges.check("states", values);
    return new RecurrentAttention(scores, keys, values, ranges.applyTo(attention));
  }

  /** Returns a copy that shares the work of each step between this number of threads, including the caller's. */
  public RecurrentAttention withThreads(int threads) {
    Scores changed = scores.with(linear -> linear.withThreads(threads));
    return new RecurrentAttention(changed, keys, values, attention.withThreads(threads));
  }

  /** Returns a copy whose steps use these kernels, for instance {@link Kernels#scalar()}; the keys have been projected before. */
  public RecurrentAttention withKernels(Kernels kernels) {
    Scores changed = scores.with(linear -> linear.withKernels(kernels));
    return new RecurrentAttention(changed, keys, values, attention.withKernels(kernels));
  }

  /**
   * Computes the context of a step.
   *
   * @param state the decoder's states: batch × 1 × stateDim. With more rows, each row is one step, if all states are already known
   * @param context batch × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, or context shares elements with state or with itself; nothing has been written then
   */
  public void forward(SequenceBatch state, SequenceBatch context) {
    checkState(state);
    Objects.requireNonNull(context, "context");
    Checks.same("context.batch", context.batch(), "state.batch", state.batch());
    Checks.same("context.rows", context.rows(), "state.rows", state.rows());
    Checks.same("context.width", context.width(), "states.width", values.width());
    ViewChecks.writable("context", context.split(1));
    ViewChecks.disjoint("context", context.split(1), "state", state.split(1));
    forward(state, Results.of().withOutput(context.split(1)));
  }

  /**
   * Computes all results of a step that {@code results} requests: weights are batch × 1 × 1 × length, the weight of each encoder state in
   * the context; the output is the context, as one head.
   */
  public void forward(SequenceBatch state, Results results) {
    checkState(state);
    Linear projection = scores.state;
    if (projection == null) {
      attention.compute(state.split(1), keys.split(1), values.split(1), results);
      return;
    }
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch query = SequenceBatch.buffer(buffers, 0, state, projection.outputs());
      projection.forward(state, query);
      attention.compute(query.split(1), keys.split(1), values.split(1), results);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private void checkState(SequenceBatch state) {
    Objects.requireNonNull(state, "state");
    Checks.same("state.batch", state.batch(), "states.batch", values.batch());
    Linear projection = scores.state;
    Checks.same(
        "state.width", state.width(), "the width that " + scores + " requires,", projection == null ? keys.width() : projection.inputs());
  }

  /**
   * The comparison of a decoder's state s with an encoder's state h in {@link RecurrentAttention}, with its parameters. Immutable and
   * thread-safe.
   */
  public static final class Scores {
    private final @Nullable Linear state;
    private final @Nullable Linear key;
    private final Similarity similarity;
    private final String name;

    private Scores(String name, @Nullable Linear state, @Nullable Linear key, Similarity similarity) {
      this.name = name;
      this.state = state;
      this.key = key;
      this.similarity = similarity;
    }

    /** s · h; the states of decoder and encoder have equal widths (Luong, Pham and Manning, 2015). */
    public static Scores dot() {
      return new Scores("dot", null, null, Similarity.dot());
    }

    /**
     * sᵀ W h ("general" in Luong, Pham and Manning, 2015).
     *
     * @param key W, from the width of the encoder's states to the width of the decoder's states
     */
    public static Scores general(Linear key) {
      return new Scores("general", null, Objects.requireNonNull(key, "key"), Similarity.dot());
    }

    /**
     * vᵀ tanh(W s + U h) (Bahdanau, Cho and Bengio, 2015; "concat" in Luong).
     *
     * @param state W, from the width of the decoder's states to that of v
     * @param key U, from the width of the encoder's states to that of v
     * @param vector v; copied
     */
    public static Scores additive(Linear state, Linear key, float... vector) {
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(key, "key");
      Objects.requireNonNull(vector, "vector");
      Checks.same("state.outputs", state.outputs(), "vector.length", vector.length);
      Checks.same("key.outputs", key.outputs(), "vector.length", vector.length);
      return new Scores("additive", state, key, Similarity.additive(vector));
    }

    /** Scores whose projection of decoder states is changed by a function. */
    private Scores with(UnaryOperator<Linear> change) {
      return state == null ? this : new Scores(name, change.apply(state), key, similarity);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
