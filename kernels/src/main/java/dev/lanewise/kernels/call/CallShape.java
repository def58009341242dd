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
  private static final CachedSequence[] NO_CACHES = new CachedSequence[0];

  private final Heads query;

  /** The keys; without rows if they are cached. */
  private final Heads key;

  private final CallEntries entries;

  private CallShape(Heads query, Heads key, CallEntries entries) {
    this.query = query;
    this.key = key;
    this.entries = entries;
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
    CallEntries entries = CallEntries.of(query, key, sequences);
    CallShape shape = new CallShape(query, key, entries);
    shape.checkSizes();
    return shape;
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
      Objects.requireNonNull(cached[b], "caches[" + b + "]");
    }
    KeyValueLayout layout = cached[0].layout();
    Heads key = new Heads(NO_ELEMENTS, 0, query.batch(), layout.heads(), 0, layout.keyWidth(), 0, 0, 0);
    CallShape shape = new CallShape(query, key, new CallEntries.Cached(CallEntries.of(query, null, sequences), cached));
    shape.checkSizes();
    for (int b = 1; b < cached.length; b++) {
      if (!cached[b].layout().equals(layout)) {
        throw new IllegalArgumentException("caches[" + b + "] has " + cached[b].layout() + ", caches[0] has " + layout);
      }
    }
    return shape;
  }

  /** Returns the shape with other views of the same caches. */
  public CallShape withCaches(CachedSequence[] caches) {
    return new CallShape(query, key, new CallEntries.Cached(((CallEntries.Cached) entries).views, caches));
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
    return entries instanceof CallEntries.Cached;
  }

  /** The cached rows of each batch entry; none if keys are not cached. */
  public CachedSequence[] caches() {
    return entries instanceof CallEntries.Cached cached ? cached.caches : NO_CACHES;
  }

  /** Whether batch entries may have different numbers of queries or keys, because sequences are packed or keys are cached. */
  public boolean isUneven() {
    return entries.getClass() != CallEntries.class;
  }

  /** Number of batch entries, or of packed sequences. */
  public int batch() {
    return entries.count;
  }

  public int queryHeads() {
    return query.heads();
  }

  /** Number of query heads that share a key/value head. */
  public int group() {
    return query.heads() / key.heads();
  }

  /** Number of queries of a batch entry. */
  public int queries(int batchEntry) {
    return entries.queries(batchEntry);
  }

  /** Number of keys of a batch entry. */
  public int keys(int batchEntry) {
    return entries.keys(batchEntry);
  }

  /** The largest number of queries of a batch entry. */
  public int mostQueries() {
    return entries.mostQueries;
  }

  /** The largest number of keys of a batch entry. */
  public int mostKeys() {
    return entries.mostKeys;
  }

  /** Name of {@link #batch} in messages. */
  public String batchName() {
    return entries.names().entries();
  }

  /** Name of {@link #mostQueries} in messages. */
  public String queriesName() {
    return entries.names().queries();
  }

  /** Name of {@link #mostKeys} in messages. */
  public String keysName() {
    return entries.names().keys();
  }

  /** Index of a query's row in the array of a view with the rows of query, such as an output. */
  public int queryIndex(Heads view, int batchEntry, int queryHead, int row) {
    return view.index(entries.viewEntry(batchEntry), queryHead, entries.queryStart(batchEntry) + row);
  }

  /** Index of a key's row in the array of a view with the rows of key, such as value. */
  public int keyIndex(Heads view, int batchEntry, int keyValueHead, int row) {
    return view.index(entries.viewEntry(batchEntry), keyValueHead, entries.keyStart(batchEntry) + row);
  }

  /** The batch entry of the views that holds a batch entry of the call. */
  public int viewEntry(int batchEntry) {
    return entries.viewEntry(batchEntry);
  }

  /** The row of the query view that holds a query of a batch entry. */
  public int queryRow(int batchEntry, int query) {
    return entries.queryStart(batchEntry) + query;
  }

  /** The row of the key view that holds a key of a batch entry. */
  public int keyRow(int batchEntry, int key) {
    return entries.keyStart(batchEntry) + key;
  }

  /** Number of a query among the rows of a dense array of batch × queryHeads × query.rows, such as a log-sum-exp. */
  public int queryNumber(int batchEntry, int queryHead, int row) {
    return (entries.viewEntry(batchEntry) * query.heads() + queryHead) * query.rows() + entries.queryStart(batchEntry) + row;
  }

  /** Number of a key among the elements of a dense array of batch × queryHeads × keys, such as column sums, for a query head. */
  public int keyNumber(int batchEntry, int queryHead, int row) {
    int entry = isCached() ? batchEntry : entries.viewEntry(batchEntry);
    return (entry * query.heads() + queryHead) * columnKeys() + entries.keyStart(batchEntry) + row;
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
