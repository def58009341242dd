package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.BatchRead;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.core.position.Positions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionProblemBuilder;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Admission;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
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
@SuppressWarnings("exports") // layers reach the settings, users do not
public final class Attention {
  private final AttentionSettings settings;

  private Attention(AttentionSettings settings) {
    this.settings = settings;
  }

  /** No mask, scale 1/√headDim, softmax, one thread, the fastest kernels of this JVM. */
  public static Attention standard() {
    return new Attention(new AttentionSettings(Kernels.selected()));
  }

  private Attention with(Consumer<AttentionSettings> change) {
    AttentionSettings copy = settings.clone();
    change.accept(copy);
    return new Attention(copy.checked());
  }

  /** With this mask instead of the one before; combine several with {@link Mask#and}. */
  public Attention withMask(Mask mask) {
    Objects.requireNonNull(mask, "mask");
    return with(copy -> copy.mask = mask);
  }

  /**
   * With this factor on every similarity instead of 1/√headDim (1 unless the similarity is the dot product).
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public Attention withScale(float scale) {
    requireFinite("scale", scale);
    return with(copy -> copy.scale = scale);
  }

  /** With this comparison of query and key instead of the dot product. */
  public Attention withSimilarity(Similarity similarity) {
    Objects.requireNonNull(similarity, "similarity");
    return with(copy -> copy.similarity = similarity);
  }

  /**
   * With scores limited smoothly to ±softcap: softcap · tanh(score / softcap) ("Gemma 2", 2024).
   *
   * @throws IllegalArgumentException if it is not above 0, or not finite
   */
  public Attention withSoftcap(float softcap) {
    requireFinite("softcap", softcap);
    if (softcap <= 0) {
      throw new IllegalArgumentException("softcap is " + softcap + ", must be above 0");
    }
    return with(copy -> copy.softcap = softcap);
  }

  /** With this added to the scores instead of the bias before, beside what {@link Positions#relativeBuckets} add; −∞ masks. */
  public Attention withBias(Bias bias) {
    Objects.requireNonNull(bias, "bias");
    return with(copy -> copy.bias = bias);
  }

  /**
   * With slope · distance subtracted from the scores ("Train Short, Test Long", Press et al., 2022), the last query standing at the last
   * key, and the nodes of a {@link Mask#tree} at their depth.
   *
   * @param slopes one a query head; {@link #standardSlopes} has those of the paper
   * @throws IllegalArgumentException if a slope is not finite, or the attention has {@link Positions#alibi}, which have slopes of their own
   */
  public Attention withAlibi(float... slopes) {
    Objects.requireNonNull(slopes, "slopes");
    float[] copied = slopes.clone();
    for (int head = 0; head < copied.length; head++) {
      requireFinite("slopes[" + head + "]", copied[head]);
    }
    return with(copy -> copy.slopes = copied);
  }

  /**
   * The slopes of the ALiBi paper for so many heads: 2<sup>−8 i / n</sup>, i from 1 on, if n is a power of two; else those of the next
   * lower power of two, then every other one of twice that.
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
   * With this function run over the scores, after bias and before the mask. It sees and may change a segment of a row; −∞ masks. Each row
   * gives it the keys that the mask shows, each once and in ascending order, on one thread, so it may keep state a row; {@link RowFunction}
   * has the promise. Different rows may come from several threads. Best is a plain loop. Over a cache, a step with a function shares work
   * between threads by heads and sequences alone.
   */
  public Attention withScoreFunction(RowFunction function) {
    Objects.requireNonNull(function, "function");
    return with(copy -> copy.scoreFunction = function);
  }

  /**
   * With this function run over the weights, after the normaliser; it is given the same keys as a score function, see {@link
   * #withScoreFunction}. What it makes of a weight whose score is −∞ is dropped. Costs a second pass over the keys, in which a score
   * function is not called again.
   */
  public Attention withWeightFunction(RowFunction function) {
    Objects.requireNonNull(function, "function");
    return with(copy -> copy.weightFunction = function);
  }

  /** With weights made so of scores instead of by softmax. */
  public Attention withNormaliser(Normaliser normaliser) {
    Objects.requireNonNull(normaliser, "normaliser");
    return with(copy -> copy.normaliser = normaliser);
  }

  /** With the rows of every operand (batch 1) holding these sequences one after the other, each attending to itself alone. */
  public Attention withPackedSequences(PackedSequences sequences) {
    Objects.requireNonNull(sequences, "sequences");
    return with(copy -> copy.sequences = sequences);
  }

  /** With the work of each call shared by so many threads, the caller's among them. The bits of the result do not depend on it. */
  public Attention withThreads(int threads) {
    Checks.atLeast("threads", threads, 1);
    return with(copy -> copy.threads = threads);
  }

  /** With these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Attention withKernels(Kernels kernels) {
    Objects.requireNonNull(kernels, "kernels");
    return with(copy -> copy.kernels = kernels);
  }

  /**
   * Computes attention.
   *
   * <pre>{@code
   * Heads rows = x.split(1); // no projections, one head: Q = K = V = X
   * Attention attention = Attention.standard();
   * attention.compute(rows, rows, rows, y.split(1)); // the matrix view, softmax(XXᵀ / √width) · X: all queries at once
   * for (int i = 0; i < x.rows(); i++) {
   *   attention.compute(x.rows(0, i, 1).split(1), rows, rows, z.rows(0, i, 1).split(1)); // the vector view: one query, the same numbers
   * }
   * }</pre>
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, written; a query that sees no key gets 0
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with an input or with itself;
   *     nothing has been written then
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; it stays so, output is undefined, and nothing is
   *     written to it afterwards. This holds for all calls that compute
   */
  public void compute(Heads query, Heads key, Heads value, Heads output) {
    compute(query, key, value, Results.of().output(output));
  }

  /**
   * Computes attention and the log-sum-exp of each query's scores.
   *
   * @param logSumExp dense batch × queryHeads × queries, written: ln Σ e<sup>score</sup>, sinks included; for a query that sees no key its
   *     sink, or −∞ without one
   */
  public void computeWithLogSumExp(Heads query, Heads key, Heads value, Heads output, float[] logSumExp) {
    compute(query, key, value, Results.of().output(output).logSumExp(logSumExp));
  }

  /** Computes whatever {@code results} asks for. */
  public void compute(Heads query, Heads key, Heads value, Results results) {
    Objects.requireNonNull(value, "value");
    run(query, key, value, results);
  }

  /** Computes what {@code results} asks for and needs no value: weights, scores, log-sum-exp, column sums, top keys. */
  public void compute(Heads query, Heads key, Results results) {
    run(query, key, null, results);
  }

  /**
   * Computes the attention weights alone.
   *
   * @param weights batch × queryHeads × queries × keys, written; masked keys get 0
   * @throws IllegalArgumentException as for {@link #compute}
   */
  public void weights(Heads query, Heads key, Heads weights) {
    run(query, key, null, Results.of().weights(weights));
  }

  /**
   * Computes the attention weights of some queries alone.
   *
   * @param rows which queries, ascending
   * @param weights batch × queryHeads × rows.length × keys, written; masked keys get 0
   * @throws IllegalArgumentException as for {@link #compute}, or if a row does not exist or they do not ascend
   */
  public void weights(Heads query, Heads key, int[] rows, Heads weights) {
    Objects.requireNonNull(weights, "weights");
    AttentionProblemBuilder builder = settings.describe(query, key).rows(rows);
    int[] chosen = rows.clone();
    builder.observe(
        Stage.WEIGHTS,
        (row, offset, length, b, head, position, firstKey) -> {
          int to = weights.index(b, head, Arrays.binarySearch(chosen, position), firstKey);
          Results.copy(row, offset, length, weights, to);
        });
    AttentionProblem problem = builder.build();
    Checks.same("weights.rows", weights.rows(), "rows.length", rows.length);
    Results.checkRows("weights", weights, query, key, settings.bias, "key.rows", key.rows());
    Results.fill(weights, 0);
    run(problem, query, key.rows(), rows.length, null);
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
   * What has been set.
   *
   * @hidden
   */
  public AttentionSettings settings() {
    return settings;
  }

  private void run(Heads query, Heads key, @Nullable Heads value, Results results) {
    Objects.requireNonNull(results, "results");
    AttentionProblemBuilder builder = settings.describe(query, key);
    try (ColumnSums sums = results.openSums()) {
      results.describe(builder, query, key, value, settings.sequences, sums);
      AttentionProblem problem = builder.build();
      results.check(query, key, value, settings.bias, settings.sequences);
      results.clear();
      run(problem, query, key.rows(), query.rows(), sums);
    }
  }

  /**
   * Computes attention to cached keys and values, see {@link KeyValueCache}. A sequence with up to 16 queries reads its cache once, all
   * query heads of a group and all queries together, at the speed of memory; with more queries it runs as any other call. On SIMD the two
   * are different kernels: a row has the same bits beside 0 to 15 other queries, and the same beside 16 and more, but between the two it
   * differs by rounding. The mask counts keys from the first row ever appended, so that {@link Mask#causal} lets the last query see the row
   * appended last.
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
    compute(query, caches, Results.of().output(output));
  }

  /** Computes attention to the cached keys and values of one sequence, for whose query batch is 1. */
  public void compute(Heads query, KeyValueCache cache, Heads output) {
    Objects.requireNonNull(cache, "cache");
    compute(query, List.of(cache), Results.of().output(output));
  }

  /**
   * Computes whatever {@code results} asks for of attention to cached keys. Weights, scores, column sums and top keys count keys as the
   * mask does, up to the longest cache.
   */
  public void compute(Heads query, List<KeyValueCache> caches, Results results) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(results, "results");
    Objects.requireNonNull(caches, "caches");
    List<KeyValueCache> own = Arrays.asList(caches.toArray(new KeyValueCache[0])); // the caller's list may change meanwhile
    CachedSequence[] rows = BatchRead.acquire(own);
    try {
      computeCached(query, rows, results);
    } finally {
      BatchRead.release(own, rows.length);
    }
  }

  /**
   * Attention to cached rows, which do not change meanwhile.
   *
   * @hidden
   */
  public void computeCached(Heads query, CachedSequence[] rows, Results results) {
    AttentionProblemBuilder builder = settings.describe(query, rows);
    int keys = Extents.of(query, rows, settings.sequences).mostKeys();
    try (ColumnSums sums = results.openSums()) {
      results.describeCached(builder, query, keys, settings.sequences, sums);
      AttentionProblem problem = builder.build();
      results.checkCached(query, settings.bias, rows.length, keys);
      results.clear();
      run(problem, query, keys, query.rows(), sums);
    }
  }

  /** Runs a problem on all threads of the settings; where there are column sums, rows of a key/value head are computed in order. */
  private void run(AttentionProblem problem, Heads query, int keys, int queries, @Nullable ColumnSums sums) {
    int cut = sums == null ? settings.threads : 1;
    Kernels kernels = settings.kernels;
    long work = (long) query.batch() * query.heads() * queries * keys * (2L * query.width());
    Admission.enter(); // tasks of decoding keep results
    try {
      AttentionTasks tasks = kernels.plan(problem, cut);
      Workers.run(settings.threads, work, tasks.count(), tasks::run);
    } finally {
      Admission.leave();
    }
    if (sums != null) {
      sums.store();
    }
  }

  private static void requireFinite(String name, float x) {
    if (!Float.isFinite(x)) {
      throw new IllegalArgumentException(name + " is " + x + ", must be finite");
    }
  }
}
