package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Builder of an {@link AttentionProblem}; {@link #build} checks the call. */
public final class AttentionProblemBuilder {
  /** The most rows: loops step over rows by tiles, and an index one tile past the last row must still be an int. */
  static final int MOST_ROWS = Integer.MAX_VALUE - 1023;

  private static final float[] NO_ELEMENTS = new float[0];

  final Heads query;
  final Heads key;
  @Nullable Heads value;
  @Nullable Heads output;
  final CachedSequence @Nullable [] cached;
  float scale = 1;
  Similarity similarity = Similarity.dot();
  @Nullable Visibility visibility;
  float softcap;
  private @Nullable Bias bias;
  private @Nullable Bias positionBias;
  float @Nullable [] slopes;
  int @Nullable [] depths;
  Normaliser normaliser = Normaliser.softmax();
  float @Nullable [] logSumExp;
  @Nullable PackedSequences sequences;
  int @Nullable [] rows;
  final List<AttentionProblem.Hook> hooks = new ArrayList<>();

  AttentionProblemBuilder(Heads query, Heads key) {
    this.query = Objects.requireNonNull(query, "query");
    this.key = Objects.requireNonNull(key, "key");
    this.cached = null;
  }

  AttentionProblemBuilder(Heads query, CachedSequence[] caches) {
    this.query = Objects.requireNonNull(query, "query");
    this.cached = Objects.requireNonNull(caches, "caches").clone();
    Checks.atLeast("caches.length", cached.length, 1);
    for (int b = 0; b < cached.length; b++) {
      Objects.requireNonNull(cached[b], "caches[" + b + "]");
    }
    KeyValueLayout layout = cached[0].layout();
    this.key = new Heads(NO_ELEMENTS, 0, query.batch(), layout.heads(), 0, layout.keyWidth(), 0, 0, 0);
  }

  /**
   * Asks for the output of a call whose keys and values are not cached.
   *
   * @param newValue batch × keyValueHeads × keys × valueDim
   * @param newOutput batch × queryHeads × queries × valueDim, written; 0 for a query that sees no key
   */
  public AttentionProblemBuilder output(Heads newValue, Heads newOutput) {
    value = Objects.requireNonNull(newValue, "value");
    output = Objects.requireNonNull(newOutput, "output");
    return this;
  }

  /**
   * Asks for the output of a call whose keys and values are cached.
   *
   * @param newOutput as for {@link #output(Heads, Heads)}
   */
  public AttentionProblemBuilder output(Heads newOutput) {
    output = Objects.requireNonNull(newOutput, "output");
    return this;
  }

  /** Sets the factor of the similarity; 1 by default. */
  public AttentionProblemBuilder scale(float newScale) {
    scale = newScale;
    return this;
  }

  /** Sets how a query is compared with a key; the dot product by default. */
  public AttentionProblemBuilder similarity(Similarity newSimilarity) {
    similarity = Objects.requireNonNull(newSimilarity, "similarity");
    return this;
  }

  /** Sets the mask; by default a query sees all keys of its batch entry. */
  public AttentionProblemBuilder visibility(Visibility newVisibility) {
    visibility = Objects.requireNonNull(newVisibility, "visibility");
    return this;
  }

  /** Limits scores smoothly to ±softcap: softcap · tanh(score / softcap); 0 for no limit ("Gemma 2", 2024). */
  public AttentionProblemBuilder softcap(float newSoftcap) {
    softcap = newSoftcap;
    return this;
  }

  /** Adds a bias to the scores. */
  public AttentionProblemBuilder bias(Bias newBias) {
    bias = Objects.requireNonNull(newBias, "bias");
    return this;
  }

  /** Adds a bias of relative positions to the scores, before {@link #bias}. */
  public AttentionProblemBuilder positionBias(Bias newBias) {
    positionBias = Objects.requireNonNull(newBias, "positionBias");
    return this;
  }

  /** The biases in the order in which they are added. The caller's is last, so that its −∞ masks a key whatever was added before. */
  List<Bias> biases() {
    if (positionBias == null) {
      return bias == null ? List.of() : List.of(bias);
    }
    return bias == null ? List.of(positionBias) : List.of(positionBias, bias);
  }

  /**
   * Subtracts slope · |distance| from the scores, with one slope for each query head and positions aligned at the end ("Train Short, Test
   * Long", Press et al., 2022).
   */
  public AttentionProblemBuilder slopes(float[] newSlopes) {
    slopes = Objects.requireNonNull(newSlopes, "slopes").clone();
    return this;
  }

  /**
   * Declares the last queries and the last keys the nodes of a tree, for the distances of {@link #slopes}. The position of a node is the
   * number of rows before the tree plus its depth.
   *
   * @param newDepths the depth of each node; 0 for a root. Each batch entry has at least as many keys
   */
  public AttentionProblemBuilder treeDepths(int[] newDepths) {
    depths = Objects.requireNonNull(newDepths, "treeDepths").clone();
    return this;
  }

  /** Sets the function that turns scores into weights; softmax by default. */
  public AttentionProblemBuilder normaliser(Normaliser newNormaliser) {
    normaliser = Objects.requireNonNull(newNormaliser, "normaliser");
    return this;
  }

  /**
   * Asks for log-sum-exp, ln Σ e<sup>score</sup> of each query row, written to a dense array of batch × queryHeads × queries (queryHeads ×
   * query rows for packed sequences). A query that sees no key gets its sink, or −∞ without sinks.
   */
  public AttentionProblemBuilder logSumExp(float[] newLogSumExp) {
    logSumExp = Objects.requireNonNull(newLogSumExp, "logSumExp");
    return this;
  }

  /** Declares that the operands hold several sequences, one after the other. */
  public AttentionProblemBuilder sequences(PackedSequences newSequences) {
    sequences = Objects.requireNonNull(newSequences, "sequences");
    return this;
  }

  /** Restricts a call that only observes to these queries, in ascending order. */
  public AttentionProblemBuilder rows(int[] newRows) {
    rows = Objects.requireNonNull(newRows, "rows").clone();
    return this;
  }

  /**
   * Passes each row at a stage to a function, which must not change the row. The function receives every key; at {@link Stage#WEIGHTS} only
   * the keys of tiles that are not completely masked.
   */
  public AttentionProblemBuilder observe(Stage stage, RowFunction function) {
    hooks.add(new AttentionProblem.Hook(Objects.requireNonNull(stage, "stage"), Objects.requireNonNull(function, "function"), false));
    return this;
  }

  /**
   * Lets a function change each row at {@link Stage#CHANGED} or {@link Stage#WEIGHTS}. A score of −∞ masks the key. The function receives
   * the keys that the query sees, see {@link RowFunction}.
   */
  public AttentionProblemBuilder change(Stage stage, RowFunction function) {
    if (stage != Stage.CHANGED && stage != Stage.WEIGHTS) {
      throw new IllegalArgumentException("stage is " + stage + ", must be " + Stage.CHANGED + " or " + Stage.WEIGHTS);
    }
    hooks.add(new AttentionProblem.Hook(stage, Objects.requireNonNull(function, "function"), true));
    return this;
  }

  /**
   * Checks shapes and settings, and that no written element overlaps another written or read one.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public AttentionProblem build() {
    check();
    return new AttentionProblem(this);
  }

  /**
   * Checks everything that {@link #build} checks, for callers that need the answer before they continue.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void check() {
    checkShapes();
    if (output != null) {
      checkOutput(output);
    }
    checkVariant();
    if (rows != null) {
      checkRows(rows);
    }
  }

  /**
   * Checks that the shapes of query and key fit each other, as {@link #build} does, for callers that need the answer before they continue.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void checkShapes() {
    Checks.atLeast("query.width", query.width(), 1);
    Checks.same(nameOf("width", "keyWidth"), key.width(), "query.width", query.width());
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
    String heads = nameOf("heads", "heads");
    Checks.atLeast(heads, key.heads(), 1);
    Checks.multiple("query.heads", query.heads(), heads, key.heads());
    Checks.product("query.batch", query.batch(), "query.heads", query.heads());
    int rows = Checks.product("query.heads / " + heads, query.heads() / key.heads(), "query.rows", query.rows());
    Checks.atMost("query.heads / " + heads + " * query.rows", rows, "the most there may be", MOST_ROWS);
    Checks.atMost(
        cached == null && sequences != null ? "the keys of a sequence" : nameOf("rows", "rows"),
        mostKeys(),
        "the most there may be",
        MOST_ROWS);
    Checks.atMost("query.width", query.width(), "the most there may be", KeyValueLayout.MOST_WIDTH);
    if (sequences != null) {
      Checks.same("query.batch", query.batch(), "the batch of packed sequences", 1);
      Checks.product("the number of sequences", sequences.count(), "query.heads", query.heads());
      Checks.same("queryStarts[last]", sequences.queryStart(sequences.count()), "query.rows", query.rows());
      if (cached == null) {
        Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "key.rows", key.rows());
      }
    }
    if (cached != null) {
      checkCaches(cached);
    }
  }

  /** The caller's name of a number of {@link #key}, which represents the caches in a cached call. */
  private String nameOf(String ofKey, String ofCaches) {
    return cached == null ? "key." + ofKey : ofCaches + " of the caches";
  }

  /** Checks that the call neither reads nor otherwise writes a dense array that is written. */
  private void checkApart(String name, float[] written) {
    Heads whole = Heads.of(written, 1, 1, 1, written.length);
    ViewChecks.disjoint(name, whole, "query", query);
    ViewChecks.disjoint(name, whole, "key", key);
    if (value != null) {
      ViewChecks.disjoint(name, whole, "value", value);
    }
    if (output != null) {
      ViewChecks.disjoint(name, whole, "output", output);
    }
    checkApartFromBiases(name, whole);
  }

  /** Checks that nothing is written into the array of a bias, because a bias may have any offset and strides. */
  private void checkApartFromBiases(String name, Heads written) {
    for (Bias added : biases()) {
      ViewChecks.disjoint(name, written, nameOf(added), Heads.of(added.data(), 1, 1, 1, added.data().length));
    }
  }

  private String nameOf(Bias added) {
    return added == bias ? "bias" : "positionBias";
  }

  private void checkCaches(CachedSequence[] cached) {
    if (sequences == null) {
      Checks.same("caches", cached.length, "query.batch", query.batch());
    } else {
      Checks.same("caches", cached.length, "the number of sequences", sequences.count());
    }
    for (int b = 1; b < cached.length; b++) {
      if (!cached[b].layout().equals(cached[0].layout())) {
        throw new IllegalArgumentException("caches[" + b + "] has " + cached[b].layout() + ", caches[0] has " + cached[0].layout());
      }
    }
  }

  private void checkOutput(Heads output) {
    Checks.same("output.batch", output.batch(), "query.batch", query.batch());
    Checks.same("output.heads", output.heads(), "query.heads", query.heads());
    Checks.same("output.rows", output.rows(), "query.rows", query.rows());
    if (cached != null) {
      if (value != null) {
        throw new IllegalArgumentException("value is given, but the values of this call are cached");
      }
      Checks.same("output.width", output.width(), "valueWidth of the caches", cached[0].layout().valueWidth());
    } else if (value == null) {
      throw new IllegalArgumentException("output is given without value");
    } else {
      checkValue(value, output);
    }
    ViewChecks.writable("output", output);
    ViewChecks.disjoint("output", output, "query", query);
    ViewChecks.disjoint("output", output, "key", key);
    checkApartFromBiases("output", output);
  }

  private void checkValue(Heads value, Heads output) {
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
    Checks.same("output.width", output.width(), "value.width", value.width());
    Checks.atMost("value.width", value.width(), "the most there may be", KeyValueLayout.MOST_WIDTH);
    ViewChecks.disjoint("output", output, "value", value);
  }

  private void checkRows(int[] rows) {
    if (output != null || logSumExp != null || sequences != null) {
      throw new IllegalArgumentException("rows can be chosen only where neither output, logSumExp nor sequences are given");
    }
    int previous = -1;
    for (int i = 0; i < rows.length; i++) {
      Checks.atLeast("rows[" + i + "]", rows[i], previous + 1L);
      Checks.atMost("rows[" + i + "]", rows[i], "the last query", query.rows() - 1L);
      previous = rows[i];
    }
  }

  private int mostKeys() {
    if (cached == null) {
      return sequences == null ? key.rows() : sequences.mostKeys();
    }
    int most = 0;
    for (CachedSequence rows : cached) {
      most = Math.max(most, rows.rows());
    }
    return most;
  }

  /** Checks that the depths of a tree are not negative and that each batch entry has enough keys. */
  private void checkTree(int[] depths) {
    for (int node = 0; node < depths.length; node++) {
      Checks.atLeast("treeDepths[" + node + "]", depths[node], 0);
    }
    String name = "treeDepths.length";
    for (int b = 0; cached != null && b < cached.length; b++) {
      Checks.atMost(name, depths.length, "caches[" + b + "].rows", cached[b].rows());
    }
    for (int b = 0; cached == null && sequences != null && b < sequences.count(); b++) {
      Checks.atMost(name, depths.length, "the number of keys of sequence " + b, sequences.keys(b));
    }
    if (cached == null && sequences == null) {
      Checks.atMost(name, depths.length, "key.rows", key.rows());
    }
  }

  private void checkVariant() {
    similarity.check(query.width());
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("scale is " + scale + ", must be finite");
    }
    if (!(softcap >= 0 && softcap < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("softcap is " + softcap + ", must be positive and finite, or 0 for none");
    }
    for (Bias added : biases()) {
      int batch = sequences == null ? query.batch() : sequences.count();
      added.check(nameOf(added), batch, query.heads(), sequences == null ? query.rows() : sequences.mostQueries(), mostKeys());
    }
    if (slopes != null) {
      Checks.same("slopes.length", slopes.length, "query.heads", query.heads());
      for (int head = 0; head < slopes.length; head++) {
        if (!Float.isFinite(slopes[head])) {
          throw new IllegalArgumentException("slopes[" + head + "] is " + slopes[head] + ", must be finite");
        }
      }
    }
    if (depths != null) {
      checkTree(depths);
    }
    if (normaliser.sinks != null) {
      Checks.same("sinks.length", normaliser.sinks.length, "query.heads", query.heads());
    }
    if (logSumExp != null) {
      if (!normaliser.hasLogSumExp()) {
        throw new IllegalArgumentException("logSumExp is asked for, but only softmax has one");
      }
      Checks.same(
          "logSumExp.length",
          logSumExp.length,
          "query.batch * query.heads * query.rows",
          (long) query.batch() * query.heads() * query.rows());
      checkApart("logSumExp", logSumExp);
    }
  }
}
