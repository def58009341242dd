package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The projections W_Q, W_K, W_V and W_O of a multi-head layer, and the shapes that follow from them.
 *
 * @param query embedDim to numHeads · headDim
 * @param key keyInputDim to keyValueHeads · headDim
 * @param value valueInputDim to keyValueHeads · valueDim
 * @param output numHeads · valueDim to embedDim
 * @param queryNorm norm of each query head; null for none
 * @param keyNorm norm of each key head; null for none
 */
record Projections(
    Linear query,
    Linear key,
    Linear value,
    Linear output,
    @Nullable Norm queryNorm,
    @Nullable Norm keyNorm,
    int numHeads,
    int keyValueHeads) {

  private static final float[] USUAL = new float[512];

  int headDim() {
    return query.outputs() / numHeads;
  }

  int valueDim() {
    return value.outputs() / keyValueHeads;
  }

  /** Returns projections and norms that are each changed by a function. */
  Projections with(UnaryOperator<Linear> change, UnaryOperator<Norm> changeNorm) {
    return new Projections(
        change.apply(query),
        change.apply(key),
        change.apply(value),
        change.apply(output),
        queryNorm == null ? null : changeNorm.apply(queryNorm),
        keyNorm == null ? null : changeNorm.apply(keyNorm),
        numHeads,
        keyValueHeads);
  }

  /** The operands of attention. */
  record Projected(Heads query, Heads key, Heads value) {}

  /** Projects queries, keys and values into the first three buffers; the threads share the work of all three. */
  Projected all(SequenceBatch querySource, SequenceBatch keySource, SequenceBatch valueSource, Scratch buffers) {
    SequenceBatch queries = SequenceBatch.buffer(buffers, 0, querySource, query.outputs());
    SequenceBatch keys = SequenceBatch.buffer(buffers, 1, keySource, key.outputs());
    SequenceBatch values = SequenceBatch.buffer(buffers, 2, valueSource, value.outputs());
    Linear.forwardAll(List.of(query, key, value), List.of(querySource, keySource, valueSource), List.of(queries, keys, values));
    return new Projected(heads(queries, queryNorm, numHeads), heads(keys, keyNorm, keyValueHeads), values.split(keyValueHeads));
  }

  /** Projects the queries of {@code x} into the first buffer. */
  Heads queries(SequenceBatch x, Scratch buffers) {
    return heads(project(query, x, buffers, 0), queryNorm, numHeads);
  }

  /** Projects the keys of {@code x} into the second buffer. */
  Heads keys(SequenceBatch x, Scratch buffers) {
    return heads(project(key, x, buffers, 1), keyNorm, keyValueHeads);
  }

  /** Projects the values of {@code x} into the third buffer. */
  Heads values(SequenceBatch x, Scratch buffers) {
    return project(value, x, buffers, 2).split(keyValueHeads);
  }

  /** Splits dense projected rows into heads, each of which is normalised if there is a norm. */
  private static Heads heads(SequenceBatch rows, @Nullable Norm norm, int count) {
    if (norm != null) {
      SequenceBatch each = SequenceBatch.of(rows.data(), 1, rows.batch() * rows.rows() * count, norm.width());
      norm.forward(each, each);
    }
    return rows.split(count);
  }

  /** The fourth buffer as a view for the concatenated outputs of all heads, with a row for each row of {@code x}. */
  SequenceBatch heads(SequenceBatch x, Scratch buffers) {
    return SequenceBatch.buffer(buffers, 3, x, output.inputs());
  }

  private static SequenceBatch project(Linear projection, SequenceBatch x, Scratch buffers, int which) {
    SequenceBatch projected = SequenceBatch.buffer(buffers, which, x, projection.outputs());
    projection.forward(x, projected);
    return projected;
  }

  /** Checks that the projections of this many rows fit in buffers. */
  void checkSizes(int batch, int queries, int keys) {
    int queryRows = Checks.product("batch", batch, "rows", queries);
    int keyRows = Checks.product("batch", batch, "rows", keys);
    Checks.product("batch * rows", queryRows, "numHeads * headDim", query.outputs());
    Checks.product("batch * rows", queryRows, "numHeads * valueDim", output.inputs());
    Checks.product("batch * rows", keyRows, "keyValueHeads * headDim", key.outputs());
    Checks.product("batch * rows", keyRows, "keyValueHeads * valueDim", value.outputs());
  }

  /** The shape of the queries of a call, without elements of their own. */
  Heads queryShape(int batch, int queries) {
    return new Heads(elements(), 0, batch, numHeads, queries, headDim(), 0, 0, 0);
  }

  /** The shape of the keys of a call, without elements of their own. */
  Heads keyShape(int batch, int keys) {
    return new Heads(elements(), 0, batch, keyValueHeads, keys, headDim(), 0, 0, 0);
  }

  /** An array as long as a head, for views of which only the shape is used. */
  private float[] elements() {
    return headDim() <= USUAL.length ? USUAL : new float[headDim()];
  }

  /** The caller's names of the sources, for messages. */
  record Names(String query, String key, String value) {
    static final Names APART = new Names("query", "key", "value");
    static final Names SELF = new Names("x", "x", "x");
  }

  void checkForward(Names names, SequenceBatch x, SequenceBatch keySource, SequenceBatch valueSource, SequenceBatch written) {
    checkSources(names, x, keySource);
    Objects.requireNonNull(valueSource, names.value);
    checkWidth(names.value, valueSource, "valueInputDim", value.inputs());
    Checks.same(names.value, names.query, ".batch", valueSource.batch(), x.batch());
    Checks.same(names.value, names.key, ".rows", valueSource.rows(), keySource.rows());
    checkOutput(names, x, written);
    ViewChecks.disjoint("output", written.split(1), names.key, keySource.split(1));
    ViewChecks.disjoint("output", written.split(1), names.value, valueSource.split(1));
  }

  void checkSources(Names names, SequenceBatch x, SequenceBatch keySource) {
    checkQuery(names, x);
    Objects.requireNonNull(keySource, names.key);
    checkWidth(names.key, keySource, "keyInputDim", key.inputs());
    Checks.same(names.key, names.query, ".batch", keySource.batch(), x.batch());
  }

  void checkQuery(Names names, SequenceBatch x) {
    Objects.requireNonNull(x, names.query);
    checkWidth(names.query, x, "embedDim", query.inputs());
  }

  private static void checkWidth(String name, SequenceBatch rows, String expectedName, int expected) {
    if (rows.width() != expected) { // the name is made for a message only
      Checks.same(name + ".width", rows.width(), expectedName, expected);
    }
  }

  /** Checks that the output has a row for each row of {@code x}, and shares no element with it. */
  void checkOutput(Names names, SequenceBatch x, SequenceBatch written) {
    Objects.requireNonNull(written, "output");
    Checks.same("output.width", written.width(), "embedDim", output.outputs());
    Checks.same("output", names.query, ".batch", written.batch(), x.batch());
    Checks.same("output", names.query, ".rows", written.rows(), x.rows());
    ViewChecks.writable("output", written.split(1));
    ViewChecks.disjoint("output", written.split(1), names.query, x.split(1));
  }

  void checkMemory(SequenceBatch memory) {
    Objects.requireNonNull(memory, "memory");
    Checks.same("memory.width", memory.width(), "keyInputDim", key.inputs());
    Checks.same("memory.width", memory.width(), "valueInputDim", value.inputs());
  }

  /** Checks that the caches, one for each batch entry or sequence, have the shape of this layer. */
  void checkCaches(String cachesName, List<KeyValueCache> caches, String countName, int count) {
    Objects.requireNonNull(caches, cachesName);
    Checks.same(cachesName, caches.size(), countName, count);
    for (int b = 0; b < count; b++) {
      KeyValueCache cache = caches.get(b);
      if (cache == null) {
        throw new NullPointerException(cachesName + "[" + b + "]");
      }
      KeyValueLayout layout = cache.table().layout();
      if (layout.heads() != keyValueHeads || layout.keyWidth() != headDim() || layout.valueWidth() != valueDim()) {
        String name = cachesName + "[" + b + "].";
        Checks.same(name + "heads", layout.heads(), "keyValueHeads", keyValueHeads);
        Checks.same(name + "keyWidth", layout.keyWidth(), "headDim", headDim());
        Checks.same(name + "valueWidth", layout.valueWidth(), "valueDim", valueDim());
      }
    }
  }
}
