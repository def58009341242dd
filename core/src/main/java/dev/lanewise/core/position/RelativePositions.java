package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A learned bias of each bucket and head, laid out as heads × queries × keys for the attention. The bias of the last sizes is kept. */
final class RelativePositions implements LayerPositions, PositionEffect {
  private final float[] table;
  private final RelativeBuckets buckets;
  private final int numHeads;

  /** Never modified, only replaced. If two threads with different sizes compute it alternately, both use a right one. */
  private volatile @Nullable Kept kept;

  private record Kept(int queries, int keys, int @Nullable [] depths, Bias bias) {
    boolean fits(int ofQueries, int ofKeys, int @Nullable [] ofDepths) {
      return queries == ofQueries && keys == ofKeys && Arrays.equals(depths, ofDepths);
    }
  }

  RelativePositions(float[] table, RelativeBuckets buckets) {
    Objects.requireNonNull(table, "table");
    Checks.atLeast("table.length", table.length, buckets.numBuckets());
    Checks.multiple("table.length", table.length, "numBuckets", buckets.numBuckets());
    this.table = table.clone();
    this.buckets = buckets;
    this.numHeads = table.length / buckets.numBuckets();
  }

  @Override
  public Attention apply(Attention attention, int queries, int keys) {
    Objects.requireNonNull(attention, "attention");
    return Attention.of(apply(attention.settings(), queries, keys));
  }

  private AttentionSettings apply(AttentionSettings settings, int queries, int keys) {
    int[] depths = settings.checkTree(queries, keys);
    Kept last = kept;
    if (last == null || !last.fits(queries, keys, depths)) {
      int head = Checks.product("queries", queries, "keys", keys);
      Layout layout = new Layout(new float[Checks.product("numHeads", numHeads, "queries * keys", head)], 0, head, keys);
      fill(layout, 0, queries, keys, depths);
      last = new Kept(queries, keys, depths, layout.bias());
      kept = last;
    }
    return settings.withPositions(new ScoreChange.AddedBias(last.bias, true));
  }

  /**
   * Returns the settings with these positions, for batch entries of different lengths. In each batch entry the last query has the position
   * of the last key. Batch entries of equal lengths share one bias.
   *
   * @param queries number of queries of each batch entry
   * @param keys number of keys of each batch entry
   * @param buffer number of the scratch array for the bias, which must be kept until attention is computed
   */
  AttentionSettings applyToEach(AttentionSettings settings, int[] queries, int[] keys, Scratch scratch, int buffer) {
    int mostKeys = Arrays.stream(keys).max().orElse(0);
    int head = Checks.product("queries", Arrays.stream(queries).max().orElse(0), "keys", mostKeys);
    int entry = Checks.product("numHeads", numHeads, "queries * keys", head);
    boolean alike = Arrays.stream(queries).distinct().count() <= 1 && Arrays.stream(keys).distinct().count() <= 1;
    int entries = alike ? Math.min(1, queries.length) : queries.length;
    Layout layout =
        new Layout(
            scratch.floats(buffer, Checks.product("batch", entries, "numHeads * queries * keys", entry)),
            alike ? 0 : entry,
            head,
            mostKeys);
    for (int b = 0; b < entries; b++) {
      fill(layout, b, queries[b], keys[b], settings.mask().depths());
    }
    return settings.withPositions(new ScoreChange.AddedBias(layout.bias(), true));
  }

  @Override
  public void checkLayer(int ofHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.numHeads", numHeads, "numHeads", ofHeads);
  }

  @Override
  public void checkCall(AttentionSettings settings, CallShape shape) {
    boolean tree = settings.mask().depths() != null;
    checkSize(tree && shape.isUneven() ? shape.batch() : 1, shape.mostQueries(), shape.mostKeys());
    int most = shape.mostKeys() - shape.mostQueries();
    for (int s = 0; s < shape.batch() && !tree; s++) {
      if (shape.queries(s) > 0 && shape.keys(s) > 0) {
        String name = "keys less queries of sequence " + s;
        Checks.same(name, shape.keys(s) - shape.queries(s), "those of the longest, which relative buckets require,", most);
      }
    }
  }

  @Override
  public AttentionSettings score(AttentionSettings settings, int queries, int keys, Scratch scratch, int buffer) {
    PackedSequences sequences = settings.sequences();
    if (sequences == null) {
      return apply(settings, queries, keys);
    }
    if (settings.mask().depths() == null) {
      return apply(settings, sequences.mostQueries(), sequences.mostKeys());
    }
    int[] queriesOfEach = new int[sequences.count()];
    int[] keysOfEach = new int[sequences.count()];
    Arrays.setAll(queriesOfEach, sequences::queries);
    Arrays.setAll(keysOfEach, sequences::keys);
    return applyToEach(settings, queriesOfEach, keysOfEach, scratch, buffer);
  }

  @Override
  public void checkCached(AttentionSettings settings, int[] before, int rows) {
    settings.mask().depths(); // refuses two different trees
    int entries = Arrays.stream(before).distinct().count() <= 1 ? 1 : before.length; // batch entries of equal length share one bias
    checkSize(entries, rows, Math.addExact(Arrays.stream(before).max().orElse(0), rows));
  }

  @Override
  public AttentionSettings score(AttentionSettings settings, int[] before, int rows, Scratch scratch, int buffer) {
    int[] queries = new int[before.length];
    int[] keys = new int[before.length];
    Arrays.fill(queries, rows);
    Arrays.setAll(keys, b -> Math.addExact(before[b], rows));
    return applyToEach(settings, queries, keys, scratch, buffer);
  }

  @Override
  public PositionEffect effect() {
    return this;
  }

  /** Checks that the bias for this number of batch entries, queries and keys fits into an array. */
  private void checkSize(int batch, int queries, int keys) {
    int entry = Checks.product("numHeads", numHeads, "queries * keys", Checks.product("queries", queries, "keys", keys));
    Checks.product("batch", batch, "numHeads * queries * keys", entry);
  }

  /** The array and the strides of a bias of batch entries × heads × queries × keys. */
  private record Layout(float[] data, int entryStride, int headStride, int rowStride) {
    int index(int entry, int head, int query) {
      return entry * entryStride + head * headStride + query * rowStride;
    }

    Bias bias() {
      return new Bias(data, 0, entryStride, headStride, rowStride, 1);
    }
  }

  /** Fills the bias of a batch entry whose last query has the position of its last key. Each row is the row before it, moved by one key. */
  private void fill(Layout to, int entry, int queries, int keys, int @Nullable [] depths) {
    int first = keys - queries;
    for (int j = 0; j < keys && queries > 0; j++) {
      int bucket = buckets.bucket(j - first);
      for (int head = 0; head < numHeads; head++) {
        to.data[to.index(entry, head, 0) + j] = table[bucket * numHeads + head];
      }
    }
    for (int i = 1; i < queries && keys > 0; i++) {
      Interruption.check();
      int bucket = buckets.bucket(-(first + i));
      for (int head = 0; head < numHeads; head++) {
        int row = to.index(entry, head, i);
        to.data[row] = table[bucket * numHeads + head];
        System.arraycopy(to.data, row - to.rowStride, to.data, row + 1, keys - 1);
      }
    }
    if (depths != null) {
      placeTree(to, entry, queries - depths.length, keys - depths.length, depths);
    }
  }

  /**
   * Moves the nodes of a tree to their depths. For the keys before the tree, a node of depth d has the same biases as row d of the tree.
   * Row d is the node's own row or an earlier one, so the loop runs backwards and finds row d still unchanged.
   */
  private void placeTree(Layout to, int entry, int firstQuery, int firstKey, int[] depths) {
    for (int node = depths.length - 1; node >= 0; node--) {
      for (int head = 0; head < numHeads; head++) {
        int row = to.index(entry, head, firstQuery + node);
        System.arraycopy(to.data, to.index(entry, head, firstQuery + depths[node]), to.data, row, firstKey);
        for (int other = 0; other < depths.length; other++) {
          to.data[row + firstKey + other] = table[buckets.bucket(depths[other] - depths[node]) * numHeads + head];
        }
      }
    }
  }

  @Override
  public String toString() {
    return "relativePositions(" + numHeads + ", " + buckets + ")";
  }
}
