package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Computes the calls of a {@link MultiHeadAttention} after {@link CallChecks} has checked them: projects into pooled buffers, applies
 * positions, computes attention, and projects with W_O.
 */
record AttentionCalls(Projections projections, Attention attention, PositionEffect effect) {
  /**
   * Buffers for projected query, key and value, the heads' output, and the bias of positions. The pool is small: few calls run at the same
   * time, and each buffer is large.
   */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 5);

  private static final int BIAS_BUFFER = 4;

  /** Self-attention of new rows, which are appended to caches. Each cache has {@code before} rows so far. */
  void self(SequenceBatch x, List<KeyValueCache> caches, int[] before, SequenceBatch output, CacheTransaction transaction) {
    Scratch buffers = BUFFERS.take();
    try {
      Projections.Projected projected = projections.all(x, x, x, buffers);
      effect.turn(attention.settings(), projected.query(), projected.key(), before);
      Attention scoring = Attention.of(effect.score(attention.settings(), before, x.rows(), buffers, BIAS_BUFFER));
      CachedSequence[] rows = transaction.append(caches, projected.key(), projected.value());
      SequenceBatch heads = projections.heads(x, buffers);
      scoring.computeCached(projected.query(), rows, Results.of().withOutput(heads.split(projections.numHeads())));
      projections.output().forward(heads, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** Appends the projected keys and values of a memory to the caches. */
  void remember(SequenceBatch memory, List<KeyValueCache> caches) {
    Scratch buffers = BUFFERS.take();
    try {
      KeyValueCache.appendAll(caches, projections.keys(memory, buffers), projections.values(memory, buffers));
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** Cross-attention to a memory in caches. */
  void cross(SequenceBatch x, List<KeyValueCache> memory, SequenceBatch output) {
    Scratch buffers = BUFFERS.take();
    try {
      Heads queries = projections.queries(x, buffers);
      SequenceBatch heads = projections.heads(x, buffers);
      attention.compute(queries, memory, heads.split(projections.numHeads()));
      projections.output().forward(heads, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** Attention without caches; {@code results} are computed besides the output, which does not depend on them. */
  void forward(SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch output, @Nullable Results results) {
    Scratch buffers = BUFFERS.take();
    try {
      Projections.Projected projected = projections.all(query, key, value, buffers);
      effect.turn(attention.settings(), projected.query(), projected.key());
      SequenceBatch heads = projections.heads(query, buffers);
      Attention scoring = Attention.of(effect.score(attention.settings(), query.rows(), key.rows(), buffers, BIAS_BUFFER));
      if (results != null) {
        scoring.compute(projected.query(), projected.key(), results);
      }
      scoring.compute(projected.query(), projected.key(), projected.value(), heads.split(projections.numHeads()));
      projections.output().forward(heads, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
