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
    AttentionChecks.check(this);
  }

  /**
   * Checks that the shapes of query and key fit each other, as {@link #build} does, for callers that need the answer before they continue.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public void checkShapes() {
    AttentionChecks.shapes(this);
  }

  /** What messages call a bias of this call. */
  String nameOf(Bias added) {
    return added == bias ? "bias" : "positionBias";
  }
}
