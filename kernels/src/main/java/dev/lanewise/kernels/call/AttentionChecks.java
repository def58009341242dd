package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;

/** The checks of an {@link AttentionProblemBuilder}: shapes, settings, and overlaps of written arrays. */
final class AttentionChecks {
  /** The most rows: loops step over rows by tiles, and an index one tile past the last row must still be an int. */
  private static final int MOST_ROWS = Integer.MAX_VALUE - 1023;

  private AttentionChecks() {}

  /** Checks everything. */
  static void check(AttentionProblemBuilder call) {
    shapes(call);
    if (call.output != null) {
      checkOutput(call, call.output);
    }
    checkVariant(call);
    if (call.rows != null) {
      checkRows(call, call.rows);
    }
  }

  /** Checks that query and key fit each other. */
  static void shapes(AttentionProblemBuilder call) {
    Checks.atLeast("query.width", call.query.width(), 1);
    Checks.same(nameOf(call, "width", "keyWidth"), call.key.width(), "query.width", call.query.width());
    Checks.same("key.batch", call.key.batch(), "query.batch", call.query.batch());
    String heads = nameOf(call, "heads", "heads");
    Checks.atLeast(heads, call.key.heads(), 1);
    Checks.multiple("query.heads", call.query.heads(), heads, call.key.heads());
    Checks.product("query.batch", call.query.batch(), "query.heads", call.query.heads());
    int rows = Checks.product("query.heads / " + heads, call.query.heads() / call.key.heads(), "query.rows", call.query.rows());
    Checks.atMost("query.heads / " + heads + " * query.rows", rows, "the maximum", MOST_ROWS);
    Checks.atMost(
        call.cached == null && call.sequences != null ? "the keys of a sequence" : nameOf(call, "rows", "rows"),
        mostKeys(call),
        "the maximum",
        MOST_ROWS);
    Checks.atMost("query.width", call.query.width(), "the maximum", KeyValueLayout.MOST_WIDTH);
    if (call.sequences != null) {
      Checks.same("query.batch", call.query.batch(), "the batch of packed sequences", 1);
      Checks.product("the number of sequences", call.sequences.count(), "query.heads", call.query.heads());
      Checks.same("queryStarts[last]", call.sequences.queryStart(call.sequences.count()), "query.rows", call.query.rows());
      if (call.cached == null) {
        Checks.same("keyStarts[last]", call.sequences.keyStart(call.sequences.count()), "key.rows", call.key.rows());
      }
    }
    if (call.cached != null) {
      checkCaches(call, call.cached);
    }
  }

  /** The caller's name of a number of {@link AttentionProblemBuilder#key}, which represents the caches in a cached call. */
  private static String nameOf(AttentionProblemBuilder call, String ofKey, String ofCaches) {
    return call.cached == null ? "key." + ofKey : ofCaches + " of the caches";
  }

  /** Checks that the call neither reads nor otherwise writes a dense array that is written. */
  private static void checkApart(AttentionProblemBuilder call, String name, float[] written) {
    Heads whole = Heads.of(written, 1, 1, 1, written.length);
    ViewChecks.disjoint(name, whole, "query", call.query);
    ViewChecks.disjoint(name, whole, "key", call.key);
    if (call.value != null) {
      ViewChecks.disjoint(name, whole, "value", call.value);
    }
    if (call.output != null) {
      ViewChecks.disjoint(name, whole, "output", call.output);
    }
    checkApartFromBiases(call, name, whole);
  }

  /** Checks that nothing is written into the array of a bias, because a bias may have any offset and strides. */
  private static void checkApartFromBiases(AttentionProblemBuilder call, String name, Heads written) {
    for (Bias added : call.biases()) {
      ViewChecks.disjoint(name, written, call.nameOf(added), Heads.of(added.data(), 1, 1, 1, added.data().length));
    }
  }

  private static void checkCaches(AttentionProblemBuilder call, CachedSequence[] cached) {
    if (call.sequences == null) {
      Checks.same("caches", cached.length, "query.batch", call.query.batch());
    } else {
      Checks.same("caches", cached.length, "the number of sequences", call.sequences.count());
    }
    for (int b = 1; b < cached.length; b++) {
      if (!cached[b].layout().equals(cached[0].layout())) {
        throw new IllegalArgumentException("caches[" + b + "] has " + cached[b].layout() + ", caches[0] has " + cached[0].layout());
      }
    }
  }

  private static void checkOutput(AttentionProblemBuilder call, Heads output) {
    Checks.same("output.batch", output.batch(), "query.batch", call.query.batch());
    Checks.same("output.heads", output.heads(), "query.heads", call.query.heads());
    Checks.same("output.rows", output.rows(), "query.rows", call.query.rows());
    if (call.cached != null) {
      if (call.value != null) {
        throw new IllegalArgumentException("value is given, but the values of this call are cached");
      }
      Checks.same("output.width", output.width(), "valueWidth of the caches", call.cached[0].layout().valueWidth());
    } else if (call.value == null) {
      throw new IllegalArgumentException("output is given without value");
    } else {
      checkValue(call, call.value, output);
    }
    ViewChecks.writable("output", output);
    ViewChecks.disjoint("output", output, "query", call.query);
    ViewChecks.disjoint("output", output, "key", call.key);
    checkApartFromBiases(call, "output", output);
  }

  private static void checkValue(AttentionProblemBuilder call, Heads value, Heads output) {
    Checks.same("value.batch", value.batch(), "key.batch", call.key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", call.key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", call.key.rows());
    Checks.same("output.width", output.width(), "value.width", value.width());
    Checks.atMost("value.width", value.width(), "the maximum", KeyValueLayout.MOST_WIDTH);
    ViewChecks.disjoint("output", output, "value", value);
  }

  private static void checkRows(AttentionProblemBuilder call, int[] rows) {
    if (call.output != null || call.logSumExp != null || call.sequences != null) {
      throw new IllegalArgumentException("rows can be chosen only if neither output, logSumExp nor sequences are given");
    }
    int previous = -1;
    for (int i = 0; i < rows.length; i++) {
      Checks.atLeast("rows[" + i + "]", rows[i], previous + 1L);
      Checks.atMost("rows[" + i + "]", rows[i], "the last query", call.query.rows() - 1L);
      previous = rows[i];
    }
  }

  private static int mostKeys(AttentionProblemBuilder call) {
    if (call.cached == null) {
      return call.sequences == null ? call.key.rows() : call.sequences.mostKeys();
    }
    int most = 0;
    for (CachedSequence rows : call.cached) {
      most = Math.max(most, rows.rows());
    }
    return most;
  }

  /** Checks that the depths of a tree are not negative and that each batch entry has enough keys. */
  private static void checkTree(AttentionProblemBuilder call, int[] depths) {
    for (int node = 0; node < depths.length; node++) {
      Checks.atLeast("treeDepths[" + node + "]", depths[node], 0);
    }
    String name = "treeDepths.length";
    for (int b = 0; call.cached != null && b < call.cached.length; b++) {
      Checks.atMost(name, depths.length, "caches[" + b + "].rows", call.cached[b].rows());
    }
    for (int b = 0; call.cached == null && call.sequences != null && b < call.sequences.count(); b++) {
      Checks.atMost(name, depths.length, "the number of keys of sequence " + b, call.sequences.keys(b));
    }
    if (call.cached == null && call.sequences == null) {
      Checks.atMost(name, depths.length, "key.rows", call.key.rows());
    }
  }

  private static void checkVariant(AttentionProblemBuilder call) {
    call.similarity.check(call.query.width());
    if (!Float.isFinite(call.scale)) {
      throw new IllegalArgumentException("scale is " + call.scale + ", must be finite");
    }
    if (!(call.softcap >= 0 && call.softcap < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("softcap is " + call.softcap + ", must be positive and finite, or 0 for none");
    }
    for (Bias added : call.biases()) {
      int batch = call.sequences == null ? call.query.batch() : call.sequences.count();
      added.check(
          call.nameOf(added),
          batch,
          call.query.heads(),
          call.sequences == null ? call.query.rows() : call.sequences.mostQueries(),
          mostKeys(call));
    }
    if (call.slopes != null) {
      Checks.same("slopes.length", call.slopes.length, "query.heads", call.query.heads());
      for (int head = 0; head < call.slopes.length; head++) {
        if (!Float.isFinite(call.slopes[head])) {
          throw new IllegalArgumentException("slopes[" + head + "] is " + call.slopes[head] + ", must be finite");
        }
      }
    }
    if (call.depths != null) {
      checkTree(call, call.depths);
    }
    call.normaliser.check(call.query.heads());
    if (call.logSumExp != null) {
      if (!call.normaliser.hasLogSumExp()) {
        throw new IllegalArgumentException("logSumExp is asked for, but only softmax has one");
      }
      Checks.same(
          "logSumExp.length",
          call.logSumExp.length,
          "query.batch * query.heads * query.rows",
          (long) call.query.batch() * call.query.heads() * call.query.rows());
      checkApart(call, "logSumExp", call.logSumExp);
    }
  }
}
