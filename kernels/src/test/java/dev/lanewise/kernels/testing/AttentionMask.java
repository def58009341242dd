package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.call.Visibility;

/** Masks as a predicate of query and key, and the {@link Visibility} that follows from trying every key. */
public enum AttentionMask {
  /** Every key. */
  ALL,
  /** The last query sees the last key; with more queries than keys the first queries see none. */
  CAUSAL,
  /** A range of keys for each head and query, empty for some. */
  RAGGED,
  /** Two keys of three, and none for every fifth query. */
  HOLES,
  /** The first and the last key. */
  ENDS;

  /** Whether the query sees the key. */
  public boolean sees(int head, int query, int key, int queries, int keys) {
    return switch (this) {
      case ALL -> true;
      case CAUSAL -> key <= query + keys - queries;
      case RAGGED -> key >= first(head, query, keys) && key < first(head, query, keys) + (query * 37 + head * 11) % (keys + 1);
      case HOLES -> query % 5 != 2 && (key * 7 + query * 3 + head) % 3 != 0;
      case ENDS -> key == 0 || key == keys - 1;
    };
  }

  private static int first(int head, int query, int keys) {
    return (query * 13 + head * 5) % keys;
  }

  /** The mask of a call whose batch entries have these numbers of queries and keys. */
  public Visibility visibility(int[] queries, int[] keys) {
    return new Tried(this, queries.clone(), keys.clone());
  }

  private static final class Tried implements Visibility {
    private final AttentionMask mask;
    private final int[] queries;
    private final int[] keys;

    Tried(AttentionMask mask, int[] queries, int[] keys) {
      this.mask = mask;
      this.queries = queries;
      this.keys = keys;
    }

    private boolean sees(int b, int head, int query, int key) {
      return key < keys[b] && mask.sees(head, query, key, queries[b], keys[b]);
    }

    @Override
    public int firstKey(int b, int head, int query) {
      int key = 0;
      while (key < keys[b] && !sees(b, head, query, key)) {
        key++;
      }
      return key;
    }

    @Override
    public int endKey(int b, int head, int query) {
      int end = keys[b];
      while (end > 0 && !sees(b, head, query, end - 1)) {
        end--;
      }
      return end;
    }

    @Override
    public boolean hasHoles() {
      return mask == HOLES || mask == ENDS;
    }

    @Override
    public long keys64(int b, int head, int query, int word) {
      long bits = 0;
      for (int i = 0; i < Long.SIZE; i++) {
        bits |= sees(b, head, query, word * Long.SIZE + i) ? 1L << i : 0;
      }
      return bits;
    }
  }
}
