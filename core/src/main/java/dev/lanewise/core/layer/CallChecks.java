package dev.lanewise.core.layer;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.BatchRead;
import dev.lanewise.core.cache.page.CachedShape;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Checks calls of a {@link MultiHeadAttention} by their shapes, before anything is computed. A stack checks the calls of all its layers
 * before the first layer writes.
 */
record CallChecks(Projections projections, Attention attention, PositionEffect effect) {
  /**
   * Checks a call of this shape except for its views: mask, bias, positions and all other settings of the attention.
   *
   * @return the shape, with queries and keys without elements
   * @throws IllegalArgumentException naming what does not fit
   */
  CallShape call(int batch, int queries, int keys) {
    projections.checkSizes(batch, queries, keys);
    AttentionSettings settings = attention.settings();
    return checked(settings.shape(projections.queryShape(batch, queries), projections.keyShape(batch, keys)));
  }

  private CallShape checked(CallShape shape) {
    attention.settings().check(shape);
    effect.check(attention.settings(), shape);
    return shape;
  }

  /** Checks that rows of {@code x} can be appended to caches. */
  void caches(String name, SequenceBatch x, List<KeyValueCache> caches) {
    PackedSequences sequences = attention.settings().sequences();
    if (sequences == null) {
      projections.checkCaches(name, caches, "x.batch", x.batch());
    } else {
      projections.checkCaches(name, caches, "the number of sequences", sequences.count());
      for (int s = 0; s <= sequences.count(); s++) {
        Checks.same(
            "keyStarts[" + s + "]", sequences.keyStart(s), "queryStarts[" + s + "], where its new keys are,", sequences.queryStart(s));
      }
    }
  }

  /**
   * Checks a call of {@link MultiHeadAttention#forward(SequenceBatch, List, SequenceBatch)}, where each cache has {@code before} rows, at
   * least one cache.
   *
   * @return the shape of the call, whose caches include the new rows
   */
  CallShape self(SequenceBatch x, int[] before) {
    projections.checkSizes(x.batch(), x.rows(), x.rows());
    KeyValueLayout layout =
        new KeyValueLayout(KeyValueFormat.F32, projections.keyValueHeads(), projections.headDim(), projections.valueDim());
    PackedSequences sequences = attention.settings().sequences();
    CachedSequence[] shapes = new CachedSequence[before.length];
    for (int s = 0; s < shapes.length; s++) {
      shapes[s] = new CachedShape(layout, Math.addExact(before[s], sequences == null ? x.rows() : sequences.queries(s)));
    }
    return checked(attention.settings().shape(projections.queryShape(x.batch(), x.rows()), shapes));
  }

  /** Checks that caches can be the memory of {@code x}: one cache for each batch entry, or sequence. */
  void memory(String name, SequenceBatch x, List<KeyValueCache> memory) {
    checkNoPositions();
    PackedSequences sequences = attention.settings().sequences();
    if (sequences == null) {
      projections.checkCaches(name, memory, "x.batch", x.batch());
    } else {
      projections.checkCaches(name, memory, "the number of sequences", sequences.count());
    }
  }

  /**
   * Checks a call of {@link MultiHeadAttention#forwardCross} except for its output.
   *
   * @return the shape; null if there is no sequence
   */
  @Nullable CallShape cross(String name, SequenceBatch x, List<KeyValueCache> memory) {
    memory(name, x, memory);
    projections.checkSizes(x.batch(), x.rows(), 0);
    CachedSequence[] rows = BatchRead.acquire(memory);
    try {
      if (rows.length == 0) {
        return null;
      }
      CallShape shape = attention.settings().shape(projections.queryShape(x.batch(), x.rows()), rows);
      attention.settings().check(shape);
      return shape;
    } finally {
      BatchRead.release(memory, rows.length);
    }
  }

  /** Checks that both keys and values can be projected from a memory. */
  void memory(SequenceBatch memory) {
    projections.checkMemory(memory);
  }

  /** Checks a call of {@link MultiHeadAttention#remember}. */
  void remember(SequenceBatch memory, List<KeyValueCache> caches) {
    checkNoPositions();
    checkNotPacked();
    projections.checkMemory(memory);
    projections.checkCaches("caches", caches, "memory.batch", memory.batch());
    projections.checkSizes(memory.batch(), 0, memory.rows());
  }

  private void checkNoPositions() {
    if (effect.acts()) {
      throw new IllegalStateException("the layer has positions, " + effect + ", but a memory that is kept in caches has none");
    }
  }

  private void checkNotPacked() {
    if (attention.settings().sequences() != null) {
      throw new IllegalStateException("the layer has packed sequences, but rows that go into caches are a batch: one cache a batch entry");
    }
  }

  /** Checks the results of a call of this shape by their shapes, and that they share no element with the bias. */
  void results(String name, CallShape shape, Results results) {
    Objects.requireNonNull(results, name);
    results.written().forEach(view -> attention.settings().formula().checkApart(name, view));
    attention.check(shape, results);
  }

  /** Checks that results share no element with another view. */
  static void apart(String name, Results results, String otherName, Heads other) {
    results.written().forEach(view -> ViewChecks.disjoint(name, view, otherName, other));
  }

  /** Checks that results share no element with these rows. */
  static void apart(String name, Results results, String otherName, SequenceBatch rows) {
    apart(name, results, otherName, rows.split(1));
  }
}
