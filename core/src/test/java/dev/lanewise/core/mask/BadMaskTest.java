package dev.lanewise.core.mask;

import dev.lanewise.core.Attention;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each impossible mask, or mask that does not fit its call, throws before anything is written, naming the argument with both numbers. */
@Tag("once")
public class BadMaskTest {

  @ParameterizedTest
  @MethodSource({"made", "used"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> made() {
    int[] none = Wrong.nothing();
    int[] five = new int[5];
    boolean[] data = new boolean[10];
    Mask.Predicate all = (b, h, i, j) -> true;
    return List.of(
        Wrong.isNull("alignment", out -> Mask.causal(Wrong.nothing())),
        Wrong.isNull("offsets", out -> Mask.causal(Mask.Alignment.offsets(none))),
        Wrong.isNull("lengths", out -> Mask.keyLengths(none)),
        Wrong.isNull("lengths", out -> Mask.queryLengths(none)),
        Wrong.isNull("lengths", out -> Mask.prefix(none)),
        Wrong.isNull("queryIds", out -> Mask.documents(1, none, five)),
        Wrong.isNull("keyIds", out -> Mask.documents(1, five, none)),
        Wrong.isNull("parents", out -> Mask.tree(none)),
        Wrong.isNull("matrix.data", out -> Mask.matrix(Wrong.nothing(), 3)),
        Wrong.isNull("predicate", out -> Mask.evaluate(Wrong.nothing(), 1, 1, 1, 1)),
        Wrong.isNull("other", out -> Mask.none().and(Wrong.nothing())),
        Wrong.isNull("alignment", out -> Mask.window(1, 1).withAlignment(Wrong.nothing())),
        Wrong.argument("negative left", out -> Mask.window(-1, 0), "window.left", "-1", "0"),
        Wrong.argument("negative right", out -> Mask.window(0, -3), "window.right", "-3", "0"),
        Wrong.argument("negative open left", out -> Mask.windowFrom(-1), "window.left", "-1", "0"),
        Wrong.argument("negative open right", out -> Mask.windowUpTo(-2), "window.right", "-2", "0"),
        Wrong.argument("negative sinks", out -> Mask.windowFrom(3).withSinks(-1), "window.sinks", "-1", "0"),
        Wrong.argument("no batch of documents", out -> Mask.documents(0, five, five), "batch", "0", "1"),
        Wrong.argument("uneven queries", out -> Mask.documents(2, five, ids(4)), "queryIds.length", "5", "batch", "2"),
        Wrong.argument("uneven keys", out -> Mask.documents(2, ids(4), five), "keyIds.length", "5", "batch", "2"),
        Wrong.argument("its own parent", out -> Mask.tree(-1, 1), "parents[1]", "1", "0"),
        Wrong.argument("a parent behind it", out -> Mask.tree(-1, 0, 4, 0, 0), "parents[2]", "4", "1"),
        Wrong.argument("less than a root", out -> Mask.tree(-1, -2), "parents[1]", "-2", "-1"),
        Wrong.argument("offset", out -> Mask.matrix(data, -1, 0, 0, 0, 0), "matrix.offset", "-1", "0"),
        Wrong.argument("batchStride", out -> Mask.matrix(data, 0, -1, 0, 0, 0), "matrix.batchStride", "-1", "0"),
        Wrong.argument("headStride", out -> Mask.matrix(data, 0, 0, -1, 0, 0), "matrix.headStride", "-1", "0"),
        Wrong.argument("queryStride", out -> Mask.matrix(data, 0, 0, 0, -1, 0), "matrix.queryStride", "-1", "0"),
        Wrong.argument("keyStride", out -> Mask.matrix(data, 0, 0, 0, 0, -1), "matrix.keyStride", "-1", "0"),
        Wrong.argument("map batch", out -> Mask.evaluate(all, -1, 1, 1, 1), "batch", "-1", "least", "0"),
        Wrong.argument("map heads", out -> Mask.evaluate(all, 1, -1, 1, 1), "heads", "-1", "least", "0"),
        Wrong.argument("map queries", out -> Mask.evaluate(all, 1, 1, -1, 1), "queries", "-1", "least", "0"),
        Wrong.argument("map keys", out -> Mask.evaluate(all, 1, 1, 1, -1), "keys", "-1", "least", "0"),
        Wrong.argument("map rows", out -> Mask.evaluate(all, 1, 65536, 32768, 0), "heads", "65536", "queries", "32768"),
        Wrong.argument("all map rows", out -> Mask.evaluate(all, 65536, 2, 16384, 0), "batch", "65536", "heads", "queries", "32768"));
  }

  private static int[] ids(int length) {
    return new int[length];
  }

  /** Masks that do not fit a call of two batch entries, 4/2 heads, 3 queries, 7 keys. */
  static List<Wrong> used() {
    Mask.Predicate all = (b, h, i, j) -> true;
    boolean[] data = new boolean[168];
    int max = Integer.MAX_VALUE;
    return List.of(
        used("one offset for two", Mask.causal(Mask.Alignment.offsets(0)), "offsets.length", "1", "batch", "2"),
        used(
            "a window of three", Mask.window(1, 1).withSinks(2).withAlignment(Mask.Alignment.offsets(0, 1, 2)), "offsets.length", "3", "2"),
        used("one length for two", Mask.keyLengths(5), "keyLengths.length", "1", "batch", "2"),
        used("three lengths for two", Mask.causal().and(Mask.keyLengths(5, 5, 5)), "keyLengths.length", "3", "batch", "2"),
        used("more keys than there are", Mask.keyLengths(5, 8), "keyLengths[1]", "8", "keys", "7"),
        used("negative length", Mask.keyLengths(-1, 5).and(Mask.causal()), "keyLengths[0]", "-1", "0"),
        used("one query length for two", Mask.queryLengths(3), "queryLengths.length", "1", "batch", "2"),
        used("more queries than there are", Mask.queryLengths(4, 0), "queryLengths[0]", "4", "queries", "3"),
        used("negative query length", Mask.queryLengths(0, -1), "queryLengths[1]", "-1", "0"),
        used("no prefix for two", Mask.prefix(), "prefix.length", "0", "batch", "2"),
        used("prefix past the keys", Mask.prefix(7, 8), "prefix[1]", "8", "keys", "7"),
        used("negative prefix", Mask.prefix(-4, 0), "prefix[0]", "-4", "0"),
        used("documents of another batch", Mask.documents(1, ids(3), ids(7)), "documents.batch", "1", "batch", "2"),
        used("ids of other queries", Mask.documents(2, ids(8), ids(14)), "queryIds.length", "8", "queries", "6"),
        used("ids of other keys", Mask.documents(2, ids(6), ids(12)), "keyIds.length", "12", "keys", "14"),
        used("tree of more than the queries", Mask.tree(-1, 0, 1, 2), "parents.length", "4", "queries", "3"),
        used("tree of more than the keys", 9, Mask.tree(-1, 0, 1, 2, 3, 4, 5, 6), "parents.length", "8", "keys", "7"),
        used("matrix too short", Mask.matrix(data, 1, 84, 21, 7, 1), "matrix.data", "168", "169"),
        used("matrix without keys", Mask.matrix(data, 0, 0, 0, 0, 28), "matrix.data", "168", "169"),
        used("overflow in a matrix", Mask.matrix(data, max, max, max, max, max), "matrix.data", "168"),
        used("map of another batch", Mask.evaluate(all, 3, 4, 3, 7), "evaluate.batch", "3", "2"),
        used("map of other heads", Mask.evaluate(all, 2, 2, 3, 7), "evaluate.heads", "2", "query.heads", "4"),
        used("map of other queries", Mask.evaluate(all, 1, 1, 1, 7), "evaluate.queries", "1", "3"),
        used("map of other keys", Mask.none().and(Mask.evaluate(all, 1, 1, 3, 8)), "evaluate.keys", "8", "7"));
  }

  private static Wrong used(String call, Mask mask, String... words) {
    return used(call, 3, mask, words);
  }

  private static Wrong used(String call, int queries, Mask mask, String... words) {
    return Wrong.argument(
        call,
        out -> {
          Heads output = Heads.of(out, 2, 4, queries, 5);
          Attention.standard()
              .withMask(mask)
              .compute(Heads.zeros(2, 4, queries, 8), Heads.zeros(2, 2, 7, 8), Heads.zeros(2, 2, 7, 5), output);
        },
        words);
  }
}
