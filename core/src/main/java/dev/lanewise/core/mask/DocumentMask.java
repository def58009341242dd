package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.KeySets;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.Checks;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * A query sees the keys that have the same document id. The constructor finds the keys of each document once. A document whose keys are
 * adjacent becomes a range, so the kernels do not examine single elements.
 */
final class DocumentMask implements Mask {
  /** Number of the empty set, for queries whose document has no keys. */
  private static final int NO_KEYS = 0;

  private final int batch;
  private final int[] queryIds;
  private final int[] keyIds;
  private final KeySets sets = new KeySets();

  /** The number of the set that each query sees, dense batch × queries. */
  private final int[] setOfQuery;

  DocumentMask(int batch, int[] queryIds, int[] keyIds) {
    Checks.atLeast("batch", batch, 1);
    Checks.multiple("queryIds.length", queryIds.length, "batch", batch);
    Checks.multiple("keyIds.length", keyIds.length, "batch", batch);
    this.batch = batch;
    this.queryIds = queryIds;
    this.keyIds = keyIds;
    this.setOfQuery = new int[queryIds.length];
    sets.add(new long[0]);
    for (int b = 0; b < batch; b++) {
      Map<Integer, Integer> setOfId = addDocuments(b);
      for (int n = b * queries(); n < (b + 1) * queries(); n++) {
        setOfQuery[n] = setOfId.getOrDefault(queryIds[n], NO_KEYS);
      }
    }
  }

  /** Adds the keys of each document of a batch entry, and returns the set number of each document id. */
  private Map<Integer, Integer> addDocuments(int b) {
    Map<Integer, BitSet> keysOfId = new HashMap<>();
    for (int key = 0; key < keys(); key++) {
      keysOfId.computeIfAbsent(keyIds[b * keys() + key], id -> new BitSet()).set(key);
    }
    Map<Integer, Integer> setOfId = new HashMap<>();
    keysOfId.forEach((id, keys) -> setOfId.put(id, sets.add(keys.toLongArray())));
    return setOfId;
  }

  private int queries() {
    return queryIds.length / batch;
  }

  private int keys() {
    return keyIds.length / batch;
  }

  @Override
  public void check(CallShape shape) {
    Checks.same("documents.batch", batch, shape.batchName(), shape.batch());
    Checks.same("queryIds.length", queryIds.length, "batch * " + shape.queriesName(), (long) batch * shape.mostQueries());
    Checks.same("keyIds.length", keyIds.length, "batch * " + shape.keysName(), (long) batch * shape.mostKeys());
  }

  @Override
  public boolean visible(int batchEntry, int queryHead, int query, int key, int queryCount, int keyCount) {
    return queryIds[batchEntry * queries() + query] == keyIds[batchEntry * keys() + key];
  }

  @Override
  public void lower(Lowering lowering) {
    lowering.add(sets.lower((batchEntry, queryHead, query) -> setOfQuery[batchEntry * queries() + query], lowering.shape()));
  }

  @Override
  public String toString() {
    return "Documents[" + batch + ", " + queries() + ", " + keys() + "]";
  }
}
