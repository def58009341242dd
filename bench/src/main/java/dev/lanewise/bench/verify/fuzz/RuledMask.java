package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.core.mask.Mask;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A mask of the library beside the rule that its documentation states.
 *
 * @param mask the library's mask
 * @param rule the documented rule as plain code
 * @param tree the parents of the nodes of a tree; empty without a tree
 */
record RuledMask(Mask mask, Model.Rule rule, int[] tree) {
  RuledMask(Mask mask, Model.Rule rule) {
    this(mask, rule, new int[0]);
  }

  RuledMask or(RuledMask other) {
    return new RuledMask(
        mask.or(other.mask),
        (b, head, i, j, queries, keys) -> rule.sees(b, head, i, j, queries, keys) || other.rule.sees(b, head, i, j, queries, keys),
        tree.length == 0 ? other.tree : tree);
  }

  RuledMask and(RuledMask other) {
    return new RuledMask(mask.and(other.mask), and(rule, other.rule), tree.length == 0 ? other.tree : tree);
  }

  static Model.Rule and(Model.Rule one, Model.Rule other) {
    return (b, head, i, j, queries, keys) -> one.sees(b, head, i, j, queries, keys) && other.sees(b, head, i, j, queries, keys);
  }

  /**
   * An alignment of the library beside the position that its documentation states.
   *
   * @param first the position of the first query of an entry
   */
  record Place(Mask.Alignment alignment, First first) {
    static final Place BOTTOM_RIGHT = new Place(Mask.Alignment.bottomRight(), (b, queries, keys) -> keys - queries);
    static final Place TOP_LEFT = new Place(Mask.Alignment.topLeft(), (b, queries, keys) -> 0);

    private int of(int b, int i, int queries, int keys) {
      return i + first.position(b, queries, keys);
    }

    @FunctionalInterface
    private interface First {
      int position(int b, int queries, int keys);
    }
  }

  /** Makes masks for a shape: draws their lengths, documents, trees and elements. */
  record Maker(Model.Extent extent, Numbers numbers, int salt) {
    private int below(int bound, int place) {
      return numbers.below(bound, salt * 1_000_003L + place);
    }

    /** A width of a window. */
    int small(int place) {
      return below(below(2, place + 50) == 0 ? 4 : 80, place);
    }

    static RuledMask causal(Place place) {
      return new RuledMask(Mask.causal(place.alignment), (b, head, i, j, queries, keys) -> j <= place.of(b, i, queries, keys));
    }

    static RuledMask windowFrom(int left, Place place) {
      return new RuledMask(
          Mask.windowFrom(left).withAlignment(place.alignment),
          (b, head, i, j, queries, keys) -> j >= place.of(b, i, queries, keys) - left);
    }

    static RuledMask windowUpTo(int right, Place place) {
      return new RuledMask(
          Mask.windowUpTo(right).withAlignment(place.alignment),
          (b, head, i, j, queries, keys) -> j <= place.of(b, i, queries, keys) + right);
    }

    static RuledMask window(int left, int right, int sinks, Place place) {
      return new RuledMask(
          Mask.window(left, right).withSinks(sinks).withAlignment(place.alignment),
          (b, head, i, j, queries, keys) -> {
            int position = place.of(b, i, queries, keys);
            return j <= position + right && (j >= position - left || j < sinks);
          });
    }

    /** The last query at the last key, or the first query at the first key: what fits any shape. */
    Place place() {
      return below(2, -9) == 0 ? Place.BOTTOM_RIGHT : Place.TOP_LEFT;
    }

    /** A place of its own for each entry. */
    Place offsets() {
      int most = Math.max(extent.mostQueries(), extent.mostKeys());
      int[] offsets = new int[extent.entries()];
      Arrays.setAll(offsets, b -> below(2 * most + 1, 100 + b) - most);
      return new Place(Mask.Alignment.offsets(offsets), (b, queries, keys) -> offsets[b]);
    }

    private int[] lengths(int[] most) {
      int[] lengths = new int[most.length];
      Arrays.setAll(lengths, b -> Math.clamp(below(2 * most[b] + 1, b) - most[b] / 2L, 0, most[b]));
      return lengths;
    }

    RuledMask keyLengths() {
      int[] lengths = lengths(extent.keys());
      return new RuledMask(Mask.keyLengths(lengths), (b, head, i, j, queries, keys) -> j < lengths[b]);
    }

    RuledMask queryLengths() {
      int[] lengths = lengths(extent.queries());
      return new RuledMask(Mask.queryLengths(lengths), (b, head, i, j, queries, keys) -> i < lengths[b]);
    }

    RuledMask prefix() {
      int[] lengths = lengths(extent.keys());
      return new RuledMask(Mask.prefix(lengths), (b, head, i, j, queries, keys) -> j < lengths[b] || j <= i + keys - queries);
    }

    RuledMask documents(boolean sideBySide) {
      int rows = extent.mostQueries();
      int keyRows = extent.mostKeys();
      int[] queryIds = ids(extent.entries() * rows, rows, sideBySide, 0);
      int[] keyIds = ids(extent.entries() * keyRows, keyRows, sideBySide, 1 << 20);
      Mask mask = Mask.documents(extent.entries(), queryIds, keyIds);
      return new RuledMask(mask, (b, head, i, j, queries, keys) -> queryIds[b * rows + i] == keyIds[b * keyRows + j]);
    }

    private int[] ids(int count, int row, boolean sideBySide, int from) {
      int[] ids = new int[count];
      for (int n = 0; n < count; n++) {
        boolean first = n % Math.max(1, row) == 0;
        ids[n] = !sideBySide || first ? below(3, from + n) - 1 : ids[n - 1] + below(8, from + n) / 7;
      }
      return ids;
    }

    RuledMask tree() {
      int nodes = IntStream.range(0, extent.entries()).map(b -> Math.min(extent.queries()[b], extent.keys()[b])).min().orElse(0);
      int size = Math.max(0, nodes - below(3, -1));
      int[] parents = new int[size];
      boolean chain = below(4, -2) == 0;
      Arrays.setAll(parents, node -> chain ? node - 1 : below(node + 1, node) - 1);
      return new RuledMask(
          Mask.tree(parents),
          (b, head, i, j, queries, keys) -> {
            int node = i - (queries - size);
            int keyNode = j - (keys - size);
            if (node < 0) {
              return j <= i + keys - queries;
            }
            while (node >= 0 && node != keyNode) {
              node = parents[node];
            }
            return keyNode < 0 || node >= 0;
          },
          parents);
    }

    /** A matrix that shows one key in three, or one with few holes that all but one key in fifty pass. */
    RuledMask matrix(boolean perHead, boolean fewHoles) {
      int rows = extent.mostQueries();
      int keyStride = 1 + below(2, -3);
      int queryStride = extent.mostKeys() * keyStride + below(3, -4);
      int headStride = perHead ? rows * queryStride + 1 : 0;
      int batchStride = perHead ? extent.heads() * headStride : rows * queryStride;
      boolean[] data = new boolean[2 + extent.entries() * batchStride];
      for (int n = 0; n < data.length; n++) {
        data[n] = fewHoles ? below(50, n) != 0 : below(3, n) == 0;
      }
      return new RuledMask(
          Mask.matrix(data, 2, batchStride, headStride, queryStride, keyStride),
          (b, head, i, j, queries, keys) -> data[2 + b * batchStride + head * headStride + i * queryStride + j * keyStride]);
    }

    RuledMask predicate() {
      int every = 2 + below(4, -5);
      int run = 1 + below(90, -6);
      boolean perHead = below(2, -7) == 0;
      boolean perEntry = below(2, -8) == 0;
      Mask.Predicate predicate = (b, head, i, j) -> ((perHead ? head : 0) + (perEntry ? b : 0) + i + j / run) % every != 0;
      Mask mask =
          Mask.evaluate(predicate, perEntry ? extent.entries() : 1, perHead ? extent.heads() : 1, extent.mostQueries(), extent.mostKeys());
      return new RuledMask(mask, (b, head, i, j, queries, keys) -> predicate.visible(b, head, i, j));
    }
  }
}
