package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The geometry of an attention call: its queries and keys, its batch entries, and where the rows of an entry are. Keys are in a view or in
 * caches; the entries are batch entries of the views or packed sequences. A shape is checked when it is made.
 */
public final class CallShape {
  /** The most rows: loops step over rows by tiles, and an index one tile past the last row must still be an int. */
  private static final int MOST_ROWS = Integer.MAX_VALUE - 1023;

  private static final float[] NO_ELEMENTS = new float[0];
  private static final String LONGEST = " of the longest sequence";
  private static final CachedSequence[] NO_CACHES = new CachedSequence[0];

  private final Heads query;

  /** The keys; without rows if they are cached. */
  private final Heads key;

  /** The cached rows of each batch entry; none if keys are not cached. */
  private final CachedSequence[] caches;

  /**
   * The sequences that follow each other in a batch entry of the views. Batch entries of a padded batch are alike: each holds one sequence.
   * A packed call has views of batch 1.
   */
  private final PackedSequences sequences;

  /** 1 in a packed call, 0 in a padded batch: the number of an entry's sequence is entry · step. */
  private final int step;

  private final int mostQueries;
  private final int mostKeys;

  private final int group;

  private CallShape(Heads query, Heads key, CachedSequence[] caches, PackedSequences sequences, int step) {
    this.query = query;
    this.key = key;
    this.caches = caches;
    this.sequences = sequences;
    this.step = step;
    this.mostQueries = sequences.mostQueries();
    this.mostKeys = caches.length == 0 ? sequences.mostKeys() : most(caches);
    this.group = key.heads() == 0 ? 0 : query.heads() / key.heads();
  }

  private static int most(CachedSequence[] caches) {
    int most = 0;
    for (CachedSequence rows : caches) {
      most = Math.max(most, rows.rows());
    }
    return most;
  }

  /**
   * The shape of a call without caches.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim, keyValueHeads a divisor of queryHeads
   * @param sequences the sequences that follow each other in views of batch 1; null for none
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public static CallShape of(Heads query, Heads key, @Nullable PackedSequences sequences) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    return of(query, key, NO_CACHES, sequences);
  }

  /**
   * The shape of a call whose keys and values are cached.
   *
   * @param query batch × queryHeads × queries × headDim, or of batch 1 with packed queries
   * @param caches the cached rows of each batch entry, all of one layout; at least one
   * @param sequences packed sequences, of which the queries count; null for none
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public static CallShape of(Heads query, CachedSequence[] caches, @Nullable PackedSequences sequences) {
    Objects.requireNonNull(query, "query");
    CachedSequence[] cached = Objects.requireNonNull(caches, "caches").clone();
    Checks.atLeast("caches.length", cached.length, 1);
    for (int b = 0; b < cached.length; b++) {
      if (cached[b] == null) {
        throw new NullPointerException("caches[" + b + "]");
      }
    }
    KeyValueLayout layout = cached[0].layout();
    Heads key = new Heads(NO_ELEMENTS, 0, query.batch(), layout.heads(), 0, layout.keyWidth(), 0, 0, 0);
    CallShape shape = of(query, key, cached, sequences);
    Checks.same("caches", cached.length, shape.isPacked() ? shape.batchName() : "query.batch", shape.batch());
    for (int b = 1; b < cached.length; b++) {
      if (!cached[b].layout().equals(layout)) {
        throw new IllegalArgumentException("caches[" + b + "] has " + cached[b].layout() + ", caches[0] has " + layout);
      }
    }
    return shape;
  }

  private static CallShape of(Heads query, Heads key, CachedSequence[] caches, @Nullable PackedSequences sequences) {
    CallShape shape =
        sequences == null
            ? new CallShape(query, key, caches, PackedSequences.single(query.rows(), key.rows()), 0)
            : new CallShape(query, key, caches, sequences, 1);
    shape.checkSizes();
    return shape;
  }

  /** Returns the shape with other views of the same caches. */
  public CallShape withCaches(CachedSequence[] newCaches) {
    return new CallShape(query, key, newCaches, sequences, step);
  }

  /** Checks that query and key fit each other. Names of numbers of the caches replace those of the key in a cached call. */
  private void checkSizes() {
    Checks.atLeast("query.width", query.width(), 1);
    Checks.same(isCached() ? "keyWidth of the caches" : "key.width", key.width(), "query.width", query.width());
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
    String heads = isCached() ? "heads of the caches" : "key.heads";
    Checks.atLeast(heads, key.heads(), 1);
    Checks.multiple("query.heads", query.heads(), heads, key.heads());
    Checks.product("query.batch", query.batch(), "query.heads", query.heads());
    Checks.product(batchName(), batch(), "query.heads", query.heads());
    long rows = (long) group() * query.rows();
    if (rows > MOST_ROWS) { // names are made for a message only: this check runs in every call
      Checks.product("query.heads / " + heads, group(), "query.rows", query.rows());
      Checks.atMost("query.heads / " + heads + " * query.rows", rows, "the maximum", MOST_ROWS);
    }
    Checks.atMost(isUneven() ? keysName() : "key.rows", mostKeys(), "the maximum", MOST_ROWS);
    Checks.atMost("query.width", query.width(), "the maximum", KeyValueLayout.MOST_WIDTH);
    if (isPacked()) {
      Checks.same("query.batch", query.batch(), "the batch of packed sequences", 1);
      Checks.same("queryStarts[last]", sequences.queryStart(sequences.count()), "query.rows", query.rows());
      if (!isCached()) {
        Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "key.rows", key.rows());
      }
    }
  }

  /**
   * Checks that a view holds the value of each key.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void checkValue(Heads value) {
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
  }

  private boolean isPacked() {
    return step == 1;
  }

  public Heads query() {
    return query;
  }

  /** The keys, which have no rows if they are cached. */
  public Heads key() {
    return key;
  }

  /** Whether keys and values are cached. */
  public boolean isCached() {
    return caches.length > 0;
  }

  /** The cached rows of each batch entry; none if keys are not cached. */
  public CachedSequence[] caches() {
    return caches;
  }

  /** Whether batch entries may have different numbers of queries or keys, because sequences are packed or keys are cached. */
  public boolean isUneven() {
    return isPacked() || isCached();
  }

  /** Number of batch entries, or of packed sequences. */
  public int batch() {
    return isPacked() ? sequences.count() : query.batch();
  }

  public int queryHeads() {
    return query.heads();
  }

  /** Number of query heads that share a key/value head. */
  public int group() {
    return group;
  }

  /** Number of queries of a batch entry. */
  public int queries(int batchEntry) {
    return sequences.queries(batchEntry * step);
  }

  /** Number of keys of a batch entry. */
  public int keys(int batchEntry) {
    return isCached() ? caches[batchEntry].rows() : sequences.keys(batchEntry * step);
  }

  /** The largest number of queries of a batch entry. */
  public int mostQueries() {
    return mostQueries;
  }

  /** The largest number of keys of a batch entry. */
  public int mostKeys() {
    return mostKeys;
  }

  /** Name of {@link #batch} in messages. */
  public String batchName() {
    return isPacked() ? "the number of sequences" : isCached() ? "the number of caches" : "batch";
  }

  /** Name of {@link #mostQueries} in messages. */
  public String queriesName() {
    return isPacked() ? "queries" + LONGEST : "queries";
  }

  /** Name of {@link #mostKeys} in messages. */
  public String keysName() {
    return isCached() ? "the number of rows of the longest cache" : isPacked() ? "keys" + LONGEST : "keys";
  }

  /** Index of a query's row in the array of a view with the rows of query, such as an output. */
  public int queryIndex(Heads view, int batchEntry, int queryHead, int row) {
    return view.index(viewEntry(batchEntry), queryHead, queryRow(batchEntry, row));
  }

  /** Index of a key's row in the array of a view with the rows of key, such as value. */
  public int keyIndex(Heads view, int batchEntry, int keyValueHead, int row) {
    return view.index(viewEntry(batchEntry), keyValueHead, keyRow(batchEntry, row));
  }

  /** The batch entry of the views that holds a batch entry of the call. */
  public int viewEntry(int batchEntry) {
    return batchEntry * (1 - step);
  }

  /** The row of the query view that holds a query of a batch entry. */
  public int queryRow(int batchEntry, int query) {
    return sequences.queryStart(batchEntry * step) + query;
  }

  /** The row of the key view that holds a key of a batch entry. */
  public int keyRow(int batchEntry, int key) {
    return isCached() ? key : sequences.keyStart(batchEntry * step) + key;
  }

  /** Number of a query among the rows of a dense array of batch × queryHeads × query.rows, such as a log-sum-exp. */
  public int queryNumber(int batchEntry, int queryHead, int row) {
    return (viewEntry(batchEntry) * query.heads() + queryHead) * query.rows() + queryRow(batchEntry, row);
  }

  /** Number of a key among the elements of a dense array of batch × queryHeads × keys, such as column sums, for a query head. */
  public int keyNumber(int batchEntry, int queryHead, int row) {
    int entry = isCached() ? batchEntry : viewEntry(batchEntry);
    return (entry * query.heads() + queryHead) * columnKeys() + keyRow(batchEntry, row);
  }

  /** Number of keys of a query head in a dense array of batch × queryHeads × keys: key.rows, or the rows of the longest cache. */
  public int columnKeys() {
    return isCached() ? mostKeys() : key.rows();
  }

  @Override
  public String toString() {
    return batchName()
        + " "
        + batch()
        + ", heads "
        + queryHeads()
        + "/"
        + key.heads()
        + ", queries "
        + mostQueries()
        + ", keys "
        + mostKeys();
  }
}
