package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.BatchRead;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;

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

  /**
   * Self-attention of new rows, which are appended to caches. Memory for them has been reserved.
   *
   * @param shape of the call, from its check
   */
  void self(
      SequenceBatch x, List<KeyValueCache> caches, CallShape shape, SequenceBatch output, Results results, CacheTransaction transaction) {
    Scratch buffers = BUFFERS.take();
    try {
      AttentionSettings settings = attention.settings();
      Projections.Projected projected = projections.all(x, x, x, buffers);
      effect.turn(settings, shape, projected.query(), projected.key());
      Attention scoring = Attention.of(effect.score(settings, shape, buffers, BIAS_BUFFER));
      CachedSequence[] rows = transaction.append(caches, projected.key(), projected.value(), settings.sequences());
      cached(scoring, x, projected.query(), rows, output, results, buffers);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** Attention to cached rows. Results are computed before the output, whose bits do not depend on them then. */
  private void cached(
      Attention scoring, SequenceBatch x, Heads queries, CachedSequence[] rows, SequenceBatch output, Results results, Scratch buffers) {
    if (results.requestsAny()) {
      scoring.computeCached(queries, rows, results);
    }
    SequenceBatch heads = projections.heads(x, buffers);
    scoring.computeCached(queries, rows, Results.of().withOutput(heads.split(projections.numHeads())));
    projections.output().forward(heads, output);
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
  void cross(SequenceBatch x, List<KeyValueCache> memory, SequenceBatch output, Results results) {
    Scratch buffers = BUFFERS.take();
    CachedSequence[] rows = BatchRead.acquire(memory);
    try {
      cached(attention, x, projections.queries(x, buffers), rows, output, results, buffers);
    } finally {
      BatchRead.release(memory, rows.length);
      BUFFERS.give(buffers);
    }
  }

  /**
   * Attention without caches. Results are computed before the output, whose bits do not depend on them then.
   *
   * @param shape of the call, from its check
   */
  void forward(SequenceBatch query, SequenceBatch key, SequenceBatch value, CallShape shape, SequenceBatch output, Results results) {
    Scratch buffers = BUFFERS.take();
    try {
      Projections.Projected projected = projections.all(query, key, value, buffers);
      effect.turn(attention.settings(), shape, projected.query(), projected.key());
      SequenceBatch heads = projections.heads(query, buffers);
      Attention scoring = Attention.of(effect.score(attention.settings(), shape, buffers, BIAS_BUFFER));
      if (results.requestsAny()) {
        scoring.compute(projected.query(), projected.key(), results);
      }
      scoring.compute(projected.query(), projected.key(), projected.value(), heads.split(projections.numHeads()));
      projections.output().forward(heads, output);
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
