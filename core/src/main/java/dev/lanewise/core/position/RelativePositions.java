package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
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
   * @param buffer number of the scratch array for the bias, which must be kept until attention is computed
   */
  private AttentionSettings applyToEach(AttentionSettings settings, CallShape shape, Scratch scratch, int buffer) {
    int head = Checks.product("queries", shape.mostQueries(), "keys", shape.mostKeys());
    int entry = Checks.product("numHeads", numHeads, "queries * keys", head);
    boolean alike = isAlike(shape);
    int entries = alike ? Math.min(1, shape.batch()) : shape.batch();
    int size = Checks.product("batch", entries, "numHeads * queries * keys", entry);
    Layout layout = new Layout(scratch.floats(buffer, size), alike ? 0 : entry, head, shape.mostKeys());
    for (int b = 0; b < entries; b++) {
      fill(layout, b, shape.queries(b), shape.keys(b), settings.mask().depths());
    }
    return settings.withPositions(new ScoreChange.AddedBias(layout.bias(), true));
  }

  /** Tells whether all batch entries have the same numbers of queries and keys. */
  private static boolean isAlike(CallShape shape) {
    for (int b = 1; b < shape.batch(); b++) {
      if (shape.queries(b) != shape.queries(0) || shape.keys(b) != shape.keys(0)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void checkLayer(int ofHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.numHeads", numHeads, "numHeads", ofHeads);
  }

  @Override
  public void check(AttentionSettings settings, CallShape shape) {
    boolean each = needsEach(settings, shape);
    checkSize(each && !isAlike(shape) ? shape.batch() : 1, shape.mostQueries(), shape.mostKeys());
    int most = shape.mostKeys() - shape.mostQueries();
    for (int s = 0; s < shape.batch() && !each; s++) {
      if (shape.queries(s) > 0 && shape.keys(s) > 0) {
        String name = "keys less queries of sequence " + s;
        Checks.same(name, shape.keys(s) - shape.queries(s), "those of the longest, which relative buckets require,", most);
      }
    }
  }

  /** Tells whether batch entries need a bias each: over caches, and for a tree in sequences of different lengths. */
  private static boolean needsEach(AttentionSettings settings, CallShape shape) {
    return (settings.mask().depths() != null && shape.isUneven()) || shape.isCached();
  }

  @Override
  public AttentionSettings score(AttentionSettings settings, CallShape shape, Scratch scratch, int buffer) {
    return needsEach(settings, shape)
        ? applyToEach(settings, shape, scratch, buffer)
        : apply(settings, shape.mostQueries(), shape.mostKeys());
  }

  /** Sums the gradients of all scores of a bucket in double, in the order of batch entries, heads, queries and keys. */
  @Override
  public void addTableGradient(AttentionSettings settings, CallShape shape, float[] biasGradient, float[] tableGradient) {
    boolean each = needsEach(settings, shape) && !isAlike(shape);
    int size = shape.mostQueries() * shape.mostKeys();
    Layout from = new Layout(biasGradient, numHeads * size, size, shape.mostKeys());
    int[] depths = settings.mask().depths();
    double[] sums = new double[table.length];
    for (int entry = 0; entry < (each ? shape.batch() : Math.min(1, shape.batch())); entry++) {
      int queries = each ? shape.queries(entry) : shape.mostQueries();
      int keys = each ? shape.keys(entry) : shape.mostKeys();
      for (int head = 0; head < numHeads && queries > 0 && keys > 0; head++) {
        if (depths == null) {
          addDiagonals(from, entry, head, queries, keys, sums);
        } else {
          addNodes(from, entry, head, queries, keys, depths, sums);
        }
      }
    }
    for (int i = 0; i < sums.length; i++) {
      tableGradient[i] += (float) sums[i];
    }
  }

  /** Adds the scores of each distance, and then those of each bucket. */
  private void addDiagonals(Layout from, int entry, int head, int queries, int keys, double[] sums) {
    double[] distances = new double[queries + keys - 1];
    for (int query = 0; query < queries; query++) {
      Interruption.check();
      addRow(from.data, from.index(entry, head, query), distances, queries - 1 - query, keys);
    }
    for (int i = 0; i < distances.length; i++) {
      sums[buckets.bucket(i - (keys - 1)) * numHeads + head] += distances[i];
    }
  }

  /** A plain Java loop, which C2 vectorises. */
  private static void addRow(float[] row, int at, double[] sums, int to, int count) {
    for (int key = 0; key < count; key++) {
      sums[to + key] += row[at + key];
    }
  }

  private void addNodes(Layout from, int entry, int head, int queries, int keys, int[] depths, double[] sums) {
    for (int query = 0; query < queries; query++) {
      Interruption.check();
      int row = from.index(entry, head, query);
      int position = position(query + (keys - queries), keys, depths);
      for (int key = 0; key < keys; key++) {
        sums[buckets.bucket(position(key, keys, depths) - position) * numHeads + head] += from.data[row + key];
      }
    }
  }

  /** The position of a row, whose number counts from the first key. Nodes of a tree are the last rows. */
  private static int position(int row, int keys, int[] depths) {
    int before = keys - depths.length;
    return row < before ? row : before + depths[row - before];
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
