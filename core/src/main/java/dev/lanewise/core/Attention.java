package dev.lanewise.core;

import dev.lanewise.kernels.AttentionProblem;
import dev.lanewise.kernels.AttentionTasks;
import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.Visibility;
import dev.lanewise.kernels.internal.Checks;
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
public final class Attention {
  /** Stands for 1/√headDim, which is known when a call brings its headDim; {@link #withScale} takes no NaN. */
  private static final float STANDARD_SCALE = Float.NaN;

  private final Kernels kernels;
  private final Mask mask;
  private final float scale;
  private final int threads;

  private Attention(Kernels kernels, Mask mask, float scale, int threads) {
    this.kernels = kernels;
    this.mask = mask;
    this.scale = scale;
    this.threads = threads;
  }

  /** No mask, scale 1/√headDim, one thread, the fastest kernels of this JVM. */
  public static Attention standard() {
    return on(Kernels.selected());
  }

  /** As {@link #standard}, on these kernels. */
  static Attention on(Kernels kernels) {
    return new Attention(kernels, Mask.none(), STANDARD_SCALE, 1);
  }

  /** With this mask instead of the one before; combine several with {@link Mask#and}. */
  public Attention withMask(Mask mask) {
    return new Attention(kernels, Objects.requireNonNull(mask, "mask"), scale, threads);
  }

  /** With this factor on every dot product instead of 1/√headDim. */
  public Attention withScale(float scale) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite");
    }
    return new Attention(kernels, mask, scale, threads);
  }

  /** With the work of each call shared by so many threads, the caller's among them. The bits of the result do not depend on it. */
  public Attention withThreads(int threads) {
    Checks.atLeast("threads", threads, 1);
    return new Attention(kernels, mask, scale, threads);
  }

  /** With these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Attention withKernels(Kernels kernels) {
    return new Attention(Objects.requireNonNull(kernels, "kernels"), mask, scale, threads);
  }

  /**
   * Computes attention.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param value batch × keyValueHeads × keys × valueDim
   * @param output batch × queryHeads × queries × valueDim, written; a query that sees no key gets 0
   * @throws IllegalArgumentException if shapes differ, the mask does not fit, or output shares elements with an input or with itself;
   *     nothing has been written then
   */
  public void compute(Heads query, Heads key, Heads value, Heads output) {
    compute(query, key, value, output, null);
  }

  /**
   * Computes attention and the log-sum-exp of each query's scores.
   *
   * @param logSumExp dense batch × queryHeads × queries, written: ln Σ e<sup>score</sup>; −∞ for a query that sees no key
   */
  public void computeWithLogSumExp(Heads query, Heads key, Heads value, Heads output, float[] logSumExp) {
    compute(query, key, value, output, Objects.requireNonNull(logSumExp, "logSumExp"));
  }

  private void compute(Heads query, Heads key, Heads value, Heads output, float @Nullable [] logSumExp) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    AttentionProblem.Builder builder =
        AttentionProblem.of(query, key).output(value, output).scale(scale(query)).visibility(visibility(query, key));
    if (logSumExp != null) {
      builder.logSumExp(logSumExp);
    }
    AttentionProblem problem = builder.build();
    AttentionTasks tasks = kernels.split(problem, threads);
    long work = pairs(query, key) * (query.width() + value.width());
    Workers.run(threads, work, tasks.count(), task -> kernels.attend(tasks, task));
  }

  /**
   * Computes the attention weights alone.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim
   * @param weights batch × queryHeads × queries × keys, written; masked keys get 0
   * @throws IllegalArgumentException as for {@link #compute}
   */
  public void weights(Heads query, Heads key, Heads weights) {
    checkSources(query, key);
    Objects.requireNonNull(weights, "weights");
    checkResult("weights", weights, query, key);
    Checks.same("weights.width", weights.width(), "key.rows", key.rows());
    if (!weights.isEmpty()) {
      WeightTiles tiles = new WeightTiles(kernels, mask, scale(query), query, key);
      Workers.run(threads, pairs(query, key) * query.width(), tiles.count(), tile -> tiles.run(tile, weights));
    }
  }

  private Visibility visibility(Heads query, Heads key) {
    Extents extents = Extents.of(query, key);
    MaskRule.of(mask).check(extents);
    return MaskRule.of(mask).lower(extents);
  }

  private float scale(Heads query) {
    return Float.isNaN(scale) ? (float) (1 / Math.sqrt(query.width())) : scale;
  }

  /** Pairs of query and key in the whole call, before the mask. */
  private static long pairs(Heads query, Heads key) {
    return (long) query.batch() * query.heads() * query.rows() * key.rows();
  }

  private void checkSources(Heads query, Heads key) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    Checks.atLeast("query.width", query.width(), 1);
    Checks.same("key.width", key.width(), "query.width", query.width());
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
    Checks.atLeast("key.heads", key.heads(), 1);
    Checks.multiple("query.heads", query.heads(), "key.heads", key.heads());
    MaskRule.of(mask).check(Extents.of(query, key));
  }

  private static void checkResult(String name, Heads result, Heads query, Heads key) {
    Checks.same(name + ".batch", result.batch(), "query.batch", query.batch());
    Checks.same(name + ".heads", result.heads(), "query.heads", query.heads());
    Checks.same(name + ".rows", result.rows(), "query.rows", query.rows());
    Checks.writable(name, result);
    Checks.disjoint(name, result, "query", query);
    Checks.disjoint(name, result, "key", key);
  }
}
