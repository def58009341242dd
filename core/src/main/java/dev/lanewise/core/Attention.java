package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.BatchRead;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Admission;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention over many heads: output = softmax(scale · QKᵀ, masked) · V, as in "Attention Is All You Need" (Vaswani et
 * al., 2017), equation 1. Immutable and thread-safe: the {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * Heads query = Heads.of(q, batch, 12, length, 64);
 * Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);
 * }</pre>
 *
 * <p>Query heads may be a multiple of the key/value heads (grouped heads): query head h reads key/value head {@code h / (queryHeads /
 * keyValueHeads)}. The width of value may differ from headDim.
 */
@SuppressWarnings("exports") // the settings are internal: only layers use them
public final class Attention {
  private final AttentionSettings settings;

  private Attention(AttentionSettings settings) {
    this.settings = settings;
  }

  /** Attention with no mask, scale 1/√headDim, softmax, one thread, and the fastest kernels of this JVM. */
  public static Attention standard() {
    return new Attention(new AttentionSettings(ScoreFormula.STANDARD, Mask.none(), null, 1, Kernels.selected()));
  }

  private Attention with(ScoreFormula formula) {
    return new Attention(settings.withFormula(formula));
  }

  private Attention with(ScoreChange change) {
    return with(settings.formula().with(change));
  }

  /** Returns a copy with this mask in place of the earlier one; combine several masks with {@link Mask#and}. */
  public Attention withMask(Mask mask) {
    Objects.requireNonNull(mask, "mask");
    return new Attention(settings.withMask(mask));
  }

  /**
   * Returns a copy with this factor on every similarity. The default is 1/√headDim for the dot product and 1 for other similarities.
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public Attention withScale(float scale) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite");
    }
    return with(settings.formula().withScale(scale));
  }

  /** Returns a copy that compares query and key in this way instead of by the dot product. */
  public Attention withSimilarity(Similarity similarity) {
    Objects.requireNonNull(similarity, "similarity");
    return with(settings.formula().withSimilarity(similarity));
  }

  /**
   * Returns a copy with scores limited smoothly to ±softcap: softcap · tanh(score / softcap) ("Gemma 2", 2024). 0 means no limit.
   *
   * @throws IllegalArgumentException if it is negative, or not finite
   */
  public Attention withSoftcap(float softcap) {
    return softcap == 0 ? with(settings.formula().without(ScoreChange.Softcap.class)) : with(new ScoreChange.Softcap(softcap));
  }

  /**
   * Returns a copy that adds this bias to the scores, in place of the earlier bias and in addition to {@link Positions#relativeBuckets}. A
   * bias of −∞ masks.
   */
  public Attention withBias(Bias bias) {
    Objects.requireNonNull(bias, "bias");
    return with(new ScoreChange.AddedBias(bias, false));
  }

  /**
   * Returns a copy with slope · distance subtracted from the scores ("Train Short, Test Long", Press et al., 2022). The last query has the
   * position of the last key, and the position of a node of a {@link Mask#tree} is its depth.
   *
   * @param slopes one slope for each query head; {@link #standardSlopes} returns those of the paper
   * @throws IllegalArgumentException if a slope is not finite, or the attention has {@link Positions#alibi}, which has slopes of its own
   */
  public Attention withAlibi(float... slopes) {
    return with(new ScoreChange.Alibi(Objects.requireNonNull(slopes, "slopes").clone(), null, false));
  }

  /**
   * As {@link #withAlibi(float...)}, with positions of its own for each batch entry: query i of batch entry b has position i + offsets[b],
   * and the position of a key is its row. It cannot be combined with a {@link Mask#tree}.
   *
   * @param offsets the position of the first query of each batch entry, or packed sequence; may be negative
   */
  public Attention withAlibi(float[] slopes, int... offsets) {
    Objects.requireNonNull(slopes, "slopes");
    return with(new ScoreChange.Alibi(slopes.clone(), Objects.requireNonNull(offsets, "offsets").clone(), false));
  }

  /**
   * The slopes of the ALiBi paper for n heads: 2<sup>−8 i / n</sup>, i from 1 on, if n is a power of two. Otherwise the slopes of the next
   * lower power of two, followed by every other slope of twice that power.
   */
  public static float[] standardSlopes(int heads) {
    Checks.atLeast("heads", heads, 1);
    int power = Integer.highestOneBit(heads);
    float[] slopes = new float[heads];
    for (int i = 0; i < heads; i++) {
      double exponent = i < power ? (i + 1.0) / power : (2 * (i - power) + 1.0) / (2.0 * power);
      slopes[i] = (float) Math.pow(2, -8 * exponent);
    }
    return slopes;
  }

  /**
   * Returns a copy that applies this function to the scores, after the bias and before the mask. The function sees and may change a segment
   * of a row; −∞ masks. In each row it receives the keys that the mask shows, each once, in ascending order, and on one thread, so it may
   * keep state for a row; {@link RowFunction} has the exact promise. Different rows may run on several threads. A plain loop is fastest.
   * Over a cache, a step with a function divides its work between threads only by heads and sequences.
   */
  public Attention withScoreFunction(RowFunction function) {
    Objects.requireNonNull(function, "function");
    return with(new ScoreChange.Function(function, null));
  }

  /**
   * As {@link #withScoreFunction(RowFunction)}, with the derivative that {@link #backward} needs. The derivative receives the scores before
   * the function, in the segments that the function receives, and replaces each by d(new score) / d(old score): the new score of a key must
   * depend on its own old score only. A backward pass calls the function and the derivative once for each row.
   */
  public Attention withScoreFunction(RowFunction function, RowFunction derivative) {
    Objects.requireNonNull(function, "function");
    Objects.requireNonNull(derivative, "derivative");
    return with(new ScoreChange.Function(function, derivative));
  }

  /**
   * Returns a copy that applies this function to the weights, after the normaliser. The function receives the same keys as a score
   * function, see {@link #withScoreFunction}. Weights that it writes where the score is −∞ are ignored. It costs a second pass over the
   * keys, in which a score function is not called again.
   */
  public Attention withWeightFunction(RowFunction function) {
    Objects.requireNonNull(function, "function");
    return with(settings.formula().withWeightFunction(function));
  }

  /**
   * Returns a copy that drops weights, after the normaliser and the weight function, as training does: a weight becomes 0 with probability
   * {@code rate}, or is multiplied by 1 / (1 − rate). Which weights are dropped depends on the seed, the number of the call and the place
   * of the weight only, see {@link Dropout}. Weights among the {@link Results} are those after dropout; a log-sum-exp is not changed. A
   * rate of 0 drops nothing and costs nothing.
   *
   * @param call the number of the call in a run, so that calls with the same seed drop different weights
   * @throws IllegalArgumentException if the rate is negative, or not below 1
   */
  public Attention withDropout(float rate, long seed, long call) {
    Dropout dropout = new Dropout(rate, seed, call);
    return with(settings.formula().withDropout(rate == 0 ? null : dropout));
  }

  /** Returns a copy that computes weights from scores with this normaliser instead of softmax. */
  public Attention withNormaliser(Normaliser normaliser) {
    Objects.requireNonNull(normaliser, "normaliser");
    return with(settings.formula().withNormaliser(normaliser));
  }

  /**
   * Returns a copy for packed sequences: the rows of every operand (batch 1) hold these sequences one after another, and each sequence
   * attends only to itself.
   */
  public Attention withPackedSequences(PackedSequences sequences) {
    Objects.requireNonNull(sequences, "sequences");
    return new Attention(settings.withSequences(sequences));
  }

  /**
   * Returns a copy whose calls share their work between this number of threads, including the caller's. The bits of the result do not
   * depend on it.
   */
  public Attention withThreads(int threads) {
    Checks.atLeast("threads", threads, 1);
    return new Attention(settings.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Attention withKernels(Kernels kernels) {
    Objects.requireNonNull(kernels, "kernels");
    return new Attention(settings.withKernels(kernels));
  }

  /**
   * Computes attention.
   *
   * <pre>{@code
   * Heads rows = x.split(1); // no projections, one head: Q = K = V = X
   * Attention attention = Attention.standard();
   * attention.compute(rows, rows, rows, y.split(1)); // the matrix view, softmax(XXᵀ / √width) · X: all queries at once
   * for (int i = 0; i < x.rows(); i++) {
   *   attention.compute(x.rows(i, i + 1).split(1), rows, rows, z.rows(i, i + 1).split(1)); // the vector view: one query, the same numbers
   * }
   * }</pre>
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, written; a query that sees no key gets 0
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with an input or with itself;
   *     nothing has been written then
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its interrupt status stays set, output is undefined,
   *     and nothing is written to output afterwards. This holds for all calls that compute
   */
  public void compute(Heads query, Heads key, Heads value, Heads output) {
    compute(query, key, value, Results.of().withOutput(output));
  }

  /** Computes all results that {@code results} requests. */
  public void compute(Heads query, Heads key, Heads value, Results results) {
    Objects.requireNonNull(value, "value");
    run(settings.shape(query, key), value, results);
  }

  /** Computes the requested results that need no value: weights, scores, log-sum-exp, column sums, top keys. */
  public void compute(Heads query, Heads key, Results results) {
    run(settings.shape(query, key), null, results);
  }

  /**
   * Computes the gradients of a loss by the inputs of {@link #compute}, from the gradient of the loss by its output ("FlashAttention-2",
   * Dao, 2023, algorithm 2). Weights are recomputed from the log-sum-exp and never stored. The bits do not depend on the number of threads.
   * A query that sees no key has gradient 0, and a key adds nothing to the gradients of a query that does not see it, whatever it holds.
   *
   * @param query batch × queryHeads × queries × headDim, as in the forward call
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output the output of the forward call, batch × queryHeads × queries × valueDim
   * @param logSumExp the log-sum-exp of the forward call ({@link Results#withLogSumExp}); null if the normaliser is not softmax
   * @param outputGradient the gradient by the output, with its shape
   * @param gradients what is computed, and where it is written
   * @throws IllegalArgumentException if shapes differ, or a gradient shares elements with an input or another gradient; nothing has been
   *     written then
   */
  public void backward(
      Heads query, Heads key, Heads value, Heads output, float @Nullable [] logSumExp, Heads outputGradient, Gradients gradients) {
    Objects.requireNonNull(value, "value");
    Objects.requireNonNull(gradients, "gradients");
    CallShape shape = settings.shape(query, key);
    AttentionProblem forward = settings.describe(shape, new CallResults(value, null, null, null, List.of()));
    BackwardProblem problem = gradients.describe(forward, output, logSumExp, outputGradient);
    Admission.enter(); // tasks keep intermediate results
    try {
      AttentionTasks tasks = settings.kernels().planBackward(problem, settings.threads());
      Workers.run(settings.threads(), problem.work(), tasks.count(), tasks::run);
    } finally {
      Admission.leave();
    }
  }

  /**
   * An attention with these settings.
   *
   * @hidden
   */
  public static Attention of(AttentionSettings settings) {
    return new Attention(settings);
  }

  /**
   * The settings of this attention.
   *
   * @hidden
   */
  public AttentionSettings settings() {
    return settings;
  }

  /**
   * Computes attention to cached keys and values, see {@link KeyValueCache}. Up to 16 queries of a sequence share one pass over its cache,
   * for all query heads of a group together, so a step is limited by memory bandwidth. With more queries the call runs as one without a
   * cache. The mask counts keys from the first row ever appended, so with {@link Mask#causal} the last query sees the row appended last.
   *
   * <p>A row has the same bits in every call that shows it the same keys at the same positions, with any number of queries:
   *
   * <ul>
   *   <li>over caches in F32, and over arrays with the same numbers;
   *   <li>over caches in BF16;
   *   <li>over caches in F16, unless a sum of products is below 2<sup>−70</sup>, which a call with up to 16 queries rounds to fewer bits;
   *   <li>over caches in INT8 among calls with up to 16 queries, and among calls with more. On SIMD the two differ by rounding, about 1e-7
   *       of the values, and more where scores are far from 0.
   * </ul>
   *
   * SIMD and plain Java have different bits, and vectors of another length may have. A call that asks for weights, or changes them, may
   * differ by rounding from one that does not.
   *
   * @param query batch × queryHeads × queries × headDim; with {@link #withPackedSequences} the queries of all sequences, whose keys are
   *     those of the caches
   * @param caches the cache of each batch entry, or sequence
   * @param output batch × queryHeads × queries × valueDim, written; a query that sees no key gets 0
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with query or with itself; nothing
   *     has been written then
   * @throws IllegalStateException if a cache is closed, or is being written
   */
  public void compute(Heads query, List<KeyValueCache> caches, Heads output) {
    compute(query, caches, Results.of().withOutput(output));
  }

  /** Computes attention to the cached keys and values of one sequence. The batch of query must be 1. */
  public void compute(Heads query, KeyValueCache cache, Heads output) {
    Objects.requireNonNull(cache, "cache");
    compute(query, List.of(cache), Results.of().withOutput(output));
  }

  /**
   * Computes all results that {@code results} requests of attention to cached keys. Weights, scores, column sums and top keys number keys
   * as the mask does, up to the rows of the longest cache.
   */
  public void compute(Heads query, List<KeyValueCache> caches, Results results) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(results, "results");
    Objects.requireNonNull(caches, "caches");
    List<KeyValueCache> own = Arrays.asList(caches.toArray(new KeyValueCache[0])); // the caller may change the list during the call
    CachedSequence[] rows = BatchRead.acquire(own);
    try {
      computeCached(query, rows, results);
    } finally {
      BatchRead.release(own, rows.length);
    }
  }

  /**
   * Computes attention to cached rows, which do not change during the call.
   *
   * @hidden
   */
  public void computeCached(Heads query, CachedSequence[] rows, Results results) {
    run(settings.shape(query, rows), null, results);
  }

  /**
   * Checks a call of this shape, which need not be followed by the call.
   *
   * @param results without the output
   * @hidden
   */
  @SuppressWarnings("exports") // other packages of this module call it
  public void check(CallShape shape, Results results) {
    try (ColumnSums sums = results.openSums()) {
      results.check(settings.describe(shape, results.describe(shape, null, sums)));
    }
  }

  private void run(CallShape shape, @Nullable Heads value, Results results) {
    Objects.requireNonNull(results, "results");
    try (ColumnSums sums = results.openSums()) {
      AttentionProblem problem = settings.describe(shape, results.describe(shape, value, sums));
      results.check(problem);
      results.clear();
      run(problem, sums);
    }
  }

  /** Runs a problem on the threads of the settings. With column sums, one task computes all rows of a key/value head in order. */
  private void run(AttentionProblem problem, @Nullable ColumnSums sums) {
    int cut = sums == null ? settings.threads() : 1;
    Admission.enter(); // decoding tasks store intermediate results
    try {
      AttentionTasks tasks = settings.kernels().plan(problem, cut);
      Workers.run(settings.threads(), problem.work(), tasks.count(), tasks::run);
    } finally {
      Admission.leave();
    }
    if (sums != null) {
      sums.store();
    }
  }
}
