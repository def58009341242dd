package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;

/**
 * Intersection of any number of range masks, as the range of keys that each query sees. Every range mask is a band along the diagonal, and
 * the intersection of bands is a band. A query therefore costs a few additions whatever the number of masks, and no data is kept for single
 * queries.
 */
public final class Band implements Visibility {
  /** Width of a side without a limit: wider than any call, and small enough that sums with it do not overflow. */
  public static final long FAR = 1L << 40;

  private final Entry[] entries;

  /** Shows everything; range masks narrow it. */
  public Band(CallShape shape) {
    entries = new Entry[shape.batch()];
    for (int b = 0; b < entries.length; b++) {
      entries[b] = new Entry(shape.queries(b), shape.keys(b));
    }
  }

  public Entry entry(int batchEntry) {
    return entries[batchEntry];
  }

  @Override
  public int firstKey(int batchEntry, int queryHead, int query) {
    Entry entry = entries[batchEntry];
    return Math.clamp(entry.firstShift + query, 0, entry.end(query));
  }

  @Override
  public int endKey(int batchEntry, int queryHead, int query) {
    return entries[batchEntry].end(query);
  }

  @Override
  public boolean showsAll(int batchEntry) {
    return entries[batchEntry].showsAll();
  }

  /** The limits of one batch entry: query i sees the keys from i + firstShift up to, but without, {@link #end}. */
  public static final class Entry {
    /** Query i has the position of key i + position: the last query has the position of the last key. */
    private final int position;

    private final int queries;
    private final int keys;
    private long firstShift = -FAR;
    private long endShift = FAR;
    private int endQuery;
    private int endKey;
    private int prefix;

    private Entry(int queries, int keys) {
      this.queries = queries;
      this.keys = keys;
      position = keys - queries;
      endQuery = queries;
      endKey = keys;
      prefix = keys;
    }

    private boolean showsAll() {
      return firstShift == -FAR && endShift == FAR && endQuery == queries && endKey == keys && prefix == keys;
    }

    private int end(int query) {
      if (query >= endQuery) {
        return 0;
      }
      // Several prefixes intersect to the smallest prefix, since the diagonal is the same in max(prefix, i + position + 1) for each.
      long end = Math.min(endShift + query, Math.max(prefix, position + query + 1));
      return Math.clamp(end, 0, endKey);
    }

    public int position() {
      return position;
    }

    /** j ≥ i + shift. */
    public void from(long shift) {
      firstShift = Math.max(firstShift, shift);
    }

    /** j ≤ i + shift. */
    public void upTo(long shift) {
      endShift = Math.min(endShift, shift + 1);
    }

    /** i &lt; queries. */
    public void queriesBelow(int queries) {
      endQuery = Math.min(endQuery, queries);
    }

    /** j &lt; keys. */
    public void keysBelow(int keys) {
      endKey = Math.min(endKey, keys);
    }

    /** j &lt; keys or j ≤ i + position. */
    public void keysBelowOrCausal(int keys) {
      prefix = Math.min(prefix, keys);
    }
  }
}
