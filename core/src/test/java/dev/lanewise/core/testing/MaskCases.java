package dev.lanewise.core.testing;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.call.CallShape;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;

/** One mask of each kind, with random numbers that fit a call. */
public final class MaskCases {
  private final CallShape shape;
  private final Random random;

  private MaskCases(CallShape shape, long seed) {
    this.shape = shape;
    this.random = new Random(seed);
  }

  /** The masks that show each query one range of keys. */
  public static List<Mask> ranges(CallShape shape, long seed) {
    return new MaskCases(shape, seed).ranges();
  }

  /** The masks that may have holes. */
  public static List<Mask> withHoles(CallShape shape, long seed) {
    return new MaskCases(shape, seed).withHoles();
  }

  private List<Mask> ranges() {
    return List.of(
        Mask.none(),
        Mask.causal(),
        Mask.causal(Mask.Alignment.topLeft()),
        Mask.causal(offsets()),
        Mask.window(random.nextInt(5), random.nextInt(5)),
        Mask.windowFrom(random.nextInt(70)),
        Mask.windowUpTo(random.nextInt(3)),
        Mask.window(random.nextInt(5), random.nextInt(5)).withAlignment(offsets()),
        Mask.windowFrom(random.nextInt(70)).withAlignment(offsets()),
        Mask.windowUpTo(random.nextInt(3)).withAlignment(Mask.Alignment.topLeft()),
        Mask.window(Integer.MAX_VALUE, Integer.MAX_VALUE),
        Mask.keyLengths(lengths(shape::keys)),
        Mask.queryLengths(lengths(shape::queries)),
        Mask.prefix(lengths(shape::keys)),
        Mask.documents(shape.batch(), sortedIds(shape.mostQueries()), sortedIds(shape.mostKeys())),
        Mask.tree(chain()));
  }

  private List<Mask> withHoles() {
    int batch = shape.batch();
    int heads = shape.queryHeads();
    int queries = shape.mostQueries();
    int keys = shape.mostKeys();
    boolean[] bits = bits(3 + batch * heads * queries * keys * 2);
    return List.of(
        Mask.documents(batch, ids(batch * queries), ids(batch * keys)),
        Mask.tree(parents()),
        Mask.window(random.nextInt(5), 0).and(Mask.tree(parents()).withWindowsByPosition()),
        Mask.tree(parents()).withWindowsByPosition().and(Mask.windowFrom(random.nextInt(70)).withSinks(random.nextInt(70))),
        Mask.window(random.nextInt(5), 0).withSinks(1 + random.nextInt(3)),
        Mask.windowFrom(random.nextInt(3)).withSinks(random.nextInt(70)),
        Mask.windowUpTo(2).withSinks(Integer.MAX_VALUE),
        Mask.window(random.nextInt(5), random.nextInt(9)).withSinks(random.nextInt(9)).withAlignment(offsets()),
        Mask.windowFrom(random.nextInt(3)).withAlignment(Mask.Alignment.topLeft()).withSinks(1 + random.nextInt(9)),
        Mask.window(1, 2).withAlignment(offsets()).or(Mask.causal(offsets())),
        Mask.keyLengths(lengths(shape::keys)).or(Mask.window(1, 1)),
        Mask.matrix(bits, 3, heads * queries * keys * 2, queries * keys * 2, keys * 2, 2),
        Mask.matrix(bits, 1, 0, queries * keys, 1, queries),
        Mask.matrix(bits, 0, 1, 1, 1, 0),
        Mask.matrix(bits(queries * keys), queries, keys),
        Mask.matrix(bits(batch * keys), batch, 1, 1, keys),
        Mask.evaluate((b, h, i, j) -> bits[((b * heads + h) * queries + i) * keys + j], batch, heads, queries, keys),
        Mask.evaluate((b, h, i, j) -> i % 3 != 0 && (i % 3 == 1 || j / 64 % 2 == 0), 1, 1, queries, keys));
  }

  private Mask.Alignment offsets() {
    int most = Math.max(shape.mostQueries(), shape.mostKeys());
    return Mask.Alignment.offsets(random.ints(shape.batch(), -most, most + 1).toArray());
  }

  /** One length for each batch entry: often 0, often the maximum. */
  private int[] lengths(IntUnaryOperator most) {
    int[] lengths = new int[shape.batch()];
    for (int b = 0; b < lengths.length; b++) {
      int all = most.applyAsInt(b);
      lengths[b] = Math.clamp(random.nextInt(2 * all + 1) - all / 2, 0, all);
    }
    return lengths;
  }

  /** A few different ids, equal for neighbours; one of them may have no key. */
  private int[] sortedIds(int count) {
    int[] ids = new int[shape.batch() * count];
    for (int n = 0; n < ids.length; n++) {
      ids[n] = n % count == 0 ? -random.nextInt(2) : ids[n - 1] + (random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0);
    }
    return ids;
  }

  private int[] ids(int count) {
    return random.ints(count, -1, 3).toArray();
  }

  /** Parents of as many nodes as the shortest batch entry allows, or one fewer. */
  private int[] parents() {
    int[] parents = chain();
    for (int node = 0; node < parents.length; node++) {
      parents[node] = random.nextInt(node + 1) - 1;
    }
    return parents;
  }

  private int[] chain() {
    int nodes = Integer.MAX_VALUE;
    for (int b = 0; b < shape.batch(); b++) {
      nodes = Math.min(nodes, Math.min(shape.queries(b), shape.keys(b)));
    }
    int[] parents = new int[Math.max(0, nodes - random.nextInt(2))];
    Arrays.setAll(parents, node -> node - 1);
    return parents;
  }

  private boolean[] bits(int count) {
    boolean[] bits = new boolean[count];
    for (int n = 0; n < count; n++) {
      bits[n] = random.nextInt(4) == 0;
    }
    return bits;
  }
}
