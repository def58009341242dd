package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.core.mask.Mask;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A mask: that of the library, and beside it what its documentation says, as plain code.
 *
 * @param mask the library's
 * @param rule the formula
 * @param tree the parents of the nodes, if it is a tree; else empty
 */
record Sight(Mask mask, Model.Rule rule, int[] tree) {
  static final int TREE = 12;

  Sight(Mask mask, Model.Rule rule) {
    this(mask, rule, new int[0]);
  }

  /** Every kind of mask; the first is none. */
  static final List<Kind> KINDS =
      List.of(
          new Kind("", maker -> new Sight(Mask.none(), (b, head, i, j, queries, keys) -> true)),
          new Kind("causal", maker -> causal()),
          new Kind("causal top-left", maker -> new Sight(Mask.causal(Mask.Alignment.TOP_LEFT), (b, head, i, j, queries, keys) -> j <= i)),
          new Kind("causal offsets", Maker::offsets),
          new Kind("window", maker -> window(maker.small(0), maker.small(1))),
          new Kind("window to the left", maker -> window(maker.small(0), Mask.UNLIMITED)),
          new Kind("window to the right", maker -> window(Mask.UNLIMITED, maker.small(1))),
          new Kind("key lengths", Maker::keyLengths),
          new Kind("query lengths", Maker::queryLengths),
          new Kind("prefix", Maker::prefix),
          new Kind("documents side by side", maker -> maker.documents(true)),
          new Kind("documents", maker -> maker.documents(false)),
          new Kind("tree", Maker::tree),
          new Kind("matrix", maker -> maker.matrix(true, 3)),
          new Kind("matrix, the same for all heads", maker -> maker.matrix(false, 3)),
          new Kind("matrix with holes in few rows", maker -> maker.matrix(false, 50)),
          new Kind("window with sinks", maker -> window(maker.small(0), maker.small(1), maker.small(2))),
          new Kind("window or documents", maker -> window(maker.small(0), maker.small(1)).or(maker.documents(false))),
          new Kind("tree or key lengths, causal", maker -> maker.tree().or(maker.keyLengths()).and(causal())),
          new Kind("predicate", Maker::predicate));

  private static final Set<String> FIT_ANY_SHAPE =
      Set.of("", "causal", "causal top-left", "window", "window to the left", "window to the right", "window with sinks");

  /** A kind of mask: its name, and how one is drawn. */
  record Kind(String name, Function<Maker, Sight> draw) {}

  /** Whether a mask of this kind is a tree, or a tree is a part of it. */
  static boolean hasTree(int kind) {
    return KINDS.get(kind).name.contains("tree");
  }

  /** Whether a mask of this kind fits calls of any shape, or the last one. */
  static boolean fitsSteps(int kind) {
    return kind == TREE || FIT_ANY_SHAPE.contains(KINDS.get(kind).name);
  }

  /** A mask of this kind, by its number in {@link #KINDS}. */
  static Sight of(int kind, Model.Extent extent, Numbers numbers, int salt) {
    return KINDS.get(kind).draw.apply(new Maker(extent, numbers, salt));
  }

  private static Sight causal() {
    return new Sight(Mask.causal(), (b, head, i, j, queries, keys) -> j <= i + keys - queries);
  }

  static Sight window(int left, int right) {
    return new Sight(
        Mask.window(left, right),
        (b, head, i, j, queries, keys) -> {
          int position = i + keys - queries;
          return (left == Mask.UNLIMITED || j >= position - left) && (right == Mask.UNLIMITED || j <= position + right);
        });
  }

  static Sight window(int left, int right, int sinks) {
    return new Sight(
        Mask.window(left, right, sinks),
        (b, head, i, j, queries, keys) -> {
          int position = i + keys - queries;
          return j <= position + right && (j >= position - left || j < sinks);
        });
  }

  Sight or(Sight other) {
    return new Sight(
        mask.or(other.mask),
        (b, head, i, j, queries, keys) -> rule.sees(b, head, i, j, queries, keys) || other.rule.sees(b, head, i, j, queries, keys),
        tree.length == 0 ? other.tree : tree);
  }

  Sight and(Sight other) {
    return new Sight(
        mask.and(other.mask),
        (b, head, i, j, queries, keys) -> rule.sees(b, head, i, j, queries, keys) && other.rule.sees(b, head, i, j, queries, keys),
        tree.length == 0 ? other.tree : tree);
  }

  /** Draws what a mask needs. */
  record Maker(Model.Extent extent, Numbers numbers, int salt) {
    private int below(int bound, int place) {
      return numbers.below(bound, Operand.OTHER, salt * 1_000_003L + place);
    }

    int small(int place) {
      return below(below(2, place + 50) == 0 ? 4 : 80, place);
    }

    private int[] lengths(int[] most) {
      int[] lengths = new int[most.length];
      Arrays.setAll(lengths, b -> Math.clamp(below(2 * most[b] + 1, b) - most[b] / 2L, 0, most[b]));
      return lengths;
    }

    Sight offsets() {
      int most = Math.max(extent.mostQueries(), extent.mostKeys());
      int[] offsets = new int[extent.entries()];
      Arrays.setAll(offsets, b -> below(2 * most + 1, b) - most);
      return new Sight(Mask.causalOffsets(offsets), (b, head, i, j, queries, keys) -> j <= i + offsets[b]);
    }

    Sight keyLengths() {
      int[] lengths = lengths(extent.keys());
      return new Sight(Mask.keyLengths(lengths), (b, head, i, j, queries, keys) -> j < lengths[b]);
    }

    Sight queryLengths() {
      int[] lengths = lengths(extent.queries());
      return new Sight(Mask.queryLengths(lengths), (b, head, i, j, queries, keys) -> i < lengths[b]);
    }

    Sight prefix() {
      int[] lengths = lengths(extent.keys());
      return new Sight(Mask.prefix(lengths), (b, head, i, j, queries, keys) -> j < lengths[b] || j <= i + keys - queries);
    }

    Sight documents(boolean sideBySide) {
      int queries = extent.mostQueries();
      int keys = extent.mostKeys();
      int[] queryIds = ids(extent.entries() * queries, queries, sideBySide, 0);
      int[] keyIds = ids(extent.entries() * keys, keys, sideBySide, 1 << 20);
      Mask mask = Mask.documents(extent.entries(), queryIds, keyIds);
      return new Sight(mask, (b, head, i, j, l, s) -> queryIds[b * queries + i] == keyIds[b * keys + j]);
    }

    private int[] ids(int count, int row, boolean sideBySide, int from) {
      int[] ids = new int[count];
      for (int n = 0; n < count; n++) {
        boolean first = n % Math.max(1, row) == 0;
        ids[n] = !sideBySide || first ? below(3, from + n) - 1 : ids[n - 1] + below(8, from + n) / 7;
      }
      return ids;
    }

    Sight tree() {
      int nodes = IntStream.range(0, extent.entries()).map(b -> Math.min(extent.queries()[b], extent.keys()[b])).min().orElse(0);
      int size = Math.max(0, nodes - below(3, -1));
      int[] parents = new int[size];
      boolean chain = below(4, -2) == 0;
      Arrays.setAll(parents, node -> chain ? node - 1 : below(node + 1, node) - 1);
      return new Sight(
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

    Sight matrix(boolean perHead, int visibleOf) {
      int queries = extent.mostQueries();
      int keys = extent.mostKeys();
      int keyStride = 1 + below(2, -3);
      int queryStride = keys * keyStride + below(3, -4);
      int headStride = perHead ? queries * queryStride + 1 : 0;
      int batchStride = perHead ? extent.heads() * headStride : queries * queryStride;
      boolean[] data = new boolean[2 + extent.entries() * (perHead ? batchStride : queries * queryStride)];
      for (int n = 0; n < data.length; n++) {
        data[n] = visibleOf > 9 ? below(visibleOf, n) != 0 : below(visibleOf, n) == 0;
      }
      return new Sight(
          Mask.matrix(data, 2, batchStride, headStride, queryStride, keyStride),
          (b, head, i, j, l, s) -> data[2 + b * batchStride + head * headStride + i * queryStride + j * keyStride]);
    }

    Sight predicate() {
      int every = 2 + below(4, -5);
      int run = 1 + below(90, -6);
      boolean perHead = below(2, -7) == 0;
      boolean perEntry = below(2, -8) == 0;
      Mask.Predicate predicate = (b, head, i, j) -> ((perHead ? head : 0) + (perEntry ? b : 0) + i + j / run) % every != 0;
      Mask mask =
          Mask.evaluate(predicate, perEntry ? extent.entries() : 1, perHead ? extent.heads() : 1, extent.mostQueries(), extent.mostKeys());
      return new Sight(mask, (b, head, i, j, queries, keys) -> predicate.visible(b, head, i, j));
    }
  }
}
