package dev.lanewise.core;

import dev.lanewise.kernels.Visibility;

/** A mask that shows each query one range of keys, whatever the head. */
sealed interface RangeMask extends MaskRule
    permits Masks.None, Masks.Causal, Masks.CausalOffsets, Masks.Window, Masks.KeyLengths, Masks.QueryLengths, Masks.Prefix {

  /** The first key that the query sees; what lies outside the keys is cut off by the caller. */
  default long first(int query, int queries, int keys) {
    return 0;
  }

  /** One past the last key that the query sees, likewise; not above {@link #first} if it sees none. */
  long end(int batchEntry, int query, int queries, int keys);

  @Override
  default Visibility lower(Extents extents) {
    return new Ranges(this, extents);
  }

  /** Two additions a query, so nothing is kept. */
  record Ranges(RangeMask mask, Extents extents) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      int end = endKey(batchEntry, queryHead, query);
      return Math.clamp(mask.first(query, extents.queries(batchEntry), extents.keys(batchEntry)), 0, end);
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      int keys = extents.keys(batchEntry);
      return Math.clamp(mask.end(batchEntry, query, extents.queries(batchEntry), keys), 0, keys);
    }
  }
}
