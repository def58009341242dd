package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.KeyMap;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.Checks;

/**
 * The answers of a predicate, computed once.
 *
 * @param batch batch entries in the map, or 1 for all
 * @param heads query heads in the map, or 1 for all
 * @param map the keys that each query sees
 */
record MapMask(int batch, int heads, int queries, int keys, KeyMap map) implements Mask {

  static MapMask evaluate(Predicate predicate, int batch, int heads, int queries, int keys) {
    Checks.atLeast("batch", batch, 0);
    Checks.atLeast("heads", heads, 0);
    Checks.atLeast("queries", queries, 0);
    Checks.atLeast("keys", keys, 0);
    KeyMap map =
        KeyMap.of(
            batch,
            heads,
            queries,
            keys,
            (b, h, i, from, count) -> {
              long bits = 0;
              for (int j = 0; j < count; j++) {
                bits |= predicate.visible(b, h, i, from + j) ? 1L << j : 0;
              }
              return bits;
            });
    return new MapMask(batch, heads, queries, keys, map);
  }

  @Override
  public void check(CallShape shape) {
    if (batch != 1) {
      Checks.same("evaluate.batch", batch, shape.batchName(), shape.batch());
    }
    if (heads != 1) {
      Checks.same("evaluate.heads", heads, "query.heads", shape.queryHeads());
    }
    Checks.same("evaluate.queries", queries, shape.queriesName(), shape.mostQueries());
    Checks.same("evaluate.keys", keys, shape.keysName(), shape.mostKeys());
  }

  @Override
  public boolean visible(int batchEntry, int queryHead, int query, int key, int queryCount, int keyCount) {
    return map.contains(batchEntry, queryHead, query, key);
  }

  @Override
  public void lower(Lowering lowering) {
    lowering.add(map.lower(lowering.shape()));
  }

  @Override
  public String toString() {
    return "Map[" + batch + ", " + heads + ", " + queries + ", " + keys + "]";
  }
}
