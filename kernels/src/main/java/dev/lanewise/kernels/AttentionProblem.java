package dev.lanewise.kernels;

import dev.lanewise.kernels.internal.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One attention call, checked when it is built. The work falls into units, one for each batch entry and key/value head; the rows of a unit
 * are the query rows of its group of query heads, query after query and within a query head after head, all reading the same keys and
 * values: neighbouring rows then see nearly the same keys.
 */
public final class AttentionProblem {
  final Heads query;
  final Heads key;
  final @Nullable Heads value;
  final @Nullable Heads output;
  final float scale;
  final Similarity similarity;
  final Visibility visibility;
  final float softcap;
  final @Nullable Bias bias;
  final float @Nullable [] slopes;
  final Normaliser normaliser;
  final float @Nullable [] logSumExp;
  final @Nullable SequenceStarts sequences;
  private final int @Nullable [] chosen;
  final List<Hook> hooks;
  private final boolean scoresMayMask;
  private final boolean watchesScores;
  private final boolean watchesWeights;

  /** A function of the caller at a stage. */
  record Hook(Stage stage, RowFunction function, boolean changes) {}

  private AttentionProblem(Builder builder) {
    this.query = builder.query;
    this.key = builder.key;
    this.value = builder.value;
    this.output = builder.output;
    this.scale = builder.scale;
    this.similarity = builder.similarity;
    this.visibility = builder.visibility == null ? new AllKeys(this) : builder.visibility;
    this.softcap = builder.softcap;
    this.bias = builder.bias;
    this.slopes = builder.slopes;
    this.normaliser = builder.normaliser;
    this.logSumExp = builder.logSumExp;
    this.sequences = builder.sequences;
    this.chosen = builder.rows;
    this.hooks = List.copyOf(builder.hooks);
    this.scoresMayMask = bias != null || hasHook(true, Stage.CHANGED, Stage.CHANGED);
    this.watchesScores = hasHook(false, Stage.RAW, Stage.MASKED);
    this.watchesWeights = hasHook(true, Stage.WEIGHTS, Stage.WEIGHTS) || hasHook(false, Stage.WEIGHTS, Stage.WEIGHTS);
  }

  /** Every query sees every key of its batch entry. */
  private record AllKeys(AttentionProblem problem) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return 0;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return problem.keys(batchEntry);
    }
  }

  /**
   * Starts the description of a call.
   *
   * @param query batch × queryHeads × queries × headDim
   * @param key batch × keyValueHeads × keys × headDim, keyValueHeads a divisor of queryHeads
   */
  public static Builder of(Heads query, Heads key) {
    return new Builder(query, key);
  }

  private boolean hasHook(boolean changes, Stage from, Stage to) {
    for (Hook hook : hooks) {
      if (hook.changes == changes && hook.stage.compareTo(from) >= 0 && hook.stage.compareTo(to) <= 0) {
        return true;
      }
    }
    return false;
  }

  /** Number of batch entries, or of sequences. */
  int batch() {
    return sequences == null ? query.batch() : sequences.count();
  }

  /** Queries of a batch entry. */
  int queries(int batchEntry) {
    return sequences == null ? query.rows() : sequences.queries(batchEntry);
  }

  /** Queries of a batch entry that are computed: all, or the chosen ones. */
  int computedQueries(int batchEntry) {
    return chosen == null ? queries(batchEntry) : chosen.length;
  }

  /** Position of a computed query in its batch entry. */
  int position(int computed) {
    return chosen == null ? computed : chosen[computed];
  }

  /** Keys of a batch entry. */
  int keys(int batchEntry) {
    return sequences == null ? key.rows() : sequences.keys(batchEntry);
  }

  /** Units of work: batch × keyValueHeads. */
  int units() {
    return batch() * key.heads();
  }

  /** Query rows of a unit: queries × query heads a key/value head. */
  int rows(int unit) {
    return group() * computedQueries(batchEntry(unit));
  }

  /** Query heads that share a key/value head. */
  int group() {
    return query.heads() / key.heads();
  }

  int batchEntry(int unit) {
    return unit / key.heads();
  }

  int keyValueHead(int unit) {
    return unit % key.heads();
  }

  /** The query head that a unit's row belongs to. */
  int queryHead(int unit, int row) {
    return keyValueHead(unit) * group() + row % group();
  }

  /** Position, in its batch entry, of the query that a unit's row is. */
  int queryRow(int row) {
    return position(row / group());
  }

  /** Where a query's row starts in the array of {@code heads}, which is query or output. */
  int queryIndex(Heads heads, int batchEntry, int queryHead, int position) {
    return sequences == null
        ? heads.index(batchEntry, queryHead, position)
        : heads.index(0, queryHead, sequences.queryStart(batchEntry) + position);
  }

  /** Where a key of a unit starts in the array of {@code heads}, which is key or value. */
  int keyIndex(Heads heads, int unit, int row) {
    int b = batchEntry(unit);
    int head = keyValueHead(unit);
    return sequences == null ? heads.index(b, head, row) : heads.index(0, head, sequences.keyStart(b) + row);
  }

  /** Where log-sum-exp of a query is kept: batch × queryHeads × queries, or queryHeads × query rows of all sequences. */
  int logSumExpIndex(int batchEntry, int queryHead, int position) {
    return sequences == null
        ? (batchEntry * query.heads() + queryHead) * query.rows() + position
        : queryHead * query.rows() + sequences.queryStart(batchEntry) + position;
  }

  /** Distance from a query to the key at its own position, when the last query stands at the last key. */
  int positionOffset(int unit) {
    int b = batchEntry(unit);
    return keys(b) - queries(b);
  }

  /** The values, of a call that asks for output. */
  Heads value() {
    return Objects.requireNonNull(value);
  }

  /** Whether anything happens to scores, or anyone looks at them, between similarity and mask. */
  boolean changesScores() {
    return softcap > 0 || bias != null || slopes != null || !hooks.isEmpty();
  }

  /** Whether a score may be −∞ without the mask saying so. */
  boolean scoresMayMask() {
    return scoresMayMask;
  }

  /** Whether someone looks at scores, and then at those of masked keys as well. */
  boolean watchesScores() {
    return watchesScores;
  }

  /** Whether someone looks at the weights, or changes them. */
  boolean watchesWeights() {
    return watchesWeights;
  }

  /** Describes a call; {@link #build} checks it. */
  public static final class Builder {
    private final Heads query;
    private final Heads key;
    private @Nullable Heads value;
    private @Nullable Heads output;
    private float scale = 1;
    private Similarity similarity = Similarity.dot();
    private @Nullable Visibility visibility;
    private float softcap;
    private @Nullable Bias bias;
    private float @Nullable [] slopes;
    private Normaliser normaliser = Normaliser.softmax();
    private float @Nullable [] logSumExp;
    private @Nullable SequenceStarts sequences;
    private int @Nullable [] rows;
    private final List<Hook> hooks = new ArrayList<>();

    private Builder(Heads query, Heads key) {
      this.query = Objects.requireNonNull(query, "query");
      this.key = Objects.requireNonNull(key, "key");
    }

    /**
     * Asks for the output.
     *
     * @param newValue batch × keyValueHeads × keys × valueDim
     * @param newOutput batch × queryHeads × queries × valueDim, to be written; a query that sees no key gets 0
     */
    public Builder output(Heads newValue, Heads newOutput) {
      value = Objects.requireNonNull(newValue, "value");
      output = Objects.requireNonNull(newOutput, "output");
      return this;
    }

    /** Multiplies the similarity; 1 unless set. */
    public Builder scale(float newScale) {
      scale = newScale;
      return this;
    }

    /** How a query is compared with a key; the dot product unless set. */
    public Builder similarity(Similarity newSimilarity) {
      similarity = Objects.requireNonNull(newSimilarity, "similarity");
      return this;
    }

    /** The mask; all keys of the batch entry unless set. */
    public Builder visibility(Visibility newVisibility) {
      visibility = Objects.requireNonNull(newVisibility, "visibility");
      return this;
    }

    /** Limits scores smoothly to ±softcap: softcap · tanh(score / softcap); 0 for none ("Gemma 2", 2024). */
    public Builder softcap(float newSoftcap) {
      softcap = newSoftcap;
      return this;
    }

    /** Adds to the scores. */
    public Builder bias(Bias newBias) {
      bias = Objects.requireNonNull(newBias, "bias");
      return this;
    }

    /**
     * Subtracts slope · |distance| from the scores, with one slope a query head and positions aligned at the end ("Train Short, Test Long",
     * Press et al., 2022).
     */
    public Builder slopes(float[] newSlopes) {
      slopes = Objects.requireNonNull(newSlopes, "slopes").clone();
      return this;
    }

    /** What makes weights of scores; softmax unless set. */
    public Builder normaliser(Normaliser newNormaliser) {
      normaliser = Objects.requireNonNull(newNormaliser, "normaliser");
      return this;
    }

    /**
     * Asks for log-sum-exp, to be written: ln Σ e<sup>score</sup> of each query row, dense batch × queryHeads × queries (queryHeads × query
     * rows, if there are sequences); −∞ for a query that sees no key.
     */
    public Builder logSumExp(float[] newLogSumExp) {
      logSumExp = Objects.requireNonNull(newLogSumExp, "logSumExp");
      return this;
    }

    /** The operands hold several sequences, one after the other. */
    public Builder sequences(SequenceStarts newSequences) {
      sequences = Objects.requireNonNull(newSequences, "sequences");
      return this;
    }

    /** Computes these queries alone, which ascend; for calls that only observe. */
    public Builder rows(int[] newRows) {
      rows = Objects.requireNonNull(newRows, "rows").clone();
      return this;
    }

    /**
     * Shows each row at a stage to a function, which must not change it. It sees every key; at {@link Stage#WEIGHTS} those alone whose tile
     * is not masked altogether.
     */
    public Builder observe(Stage stage, RowFunction function) {
      hooks.add(new Hook(Objects.requireNonNull(stage, "stage"), Objects.requireNonNull(function, "function"), false));
      return this;
    }

    /** Lets a function change each row at {@link Stage#CHANGED} or {@link Stage#WEIGHTS}; −∞ as a score masks. */
    public Builder change(Stage stage, RowFunction function) {
      if (stage != Stage.CHANGED && stage != Stage.WEIGHTS) {
        throw new IllegalArgumentException("stage is " + stage + ", must be " + Stage.CHANGED + " or " + Stage.WEIGHTS);
      }
      hooks.add(new Hook(stage, Objects.requireNonNull(function, "function"), true));
      return this;
    }

    /**
     * Checks shapes, and that what is written shares no element with itself or with what is read.
     *
     * @throws IllegalArgumentException naming what does not fit, with both numbers
     */
    public AttentionProblem build() {
      checkShapes();
      if (value != null && output != null) {
        checkOutput(value, output);
      }
      checkVariant();
      if (rows != null) {
        checkRows(rows);
      }
      return new AttentionProblem(this);
    }

    /**
     * Checks that query and key fit each other, which {@link #build} does as well: for callers that must know before they go on.
     *
     * @throws IllegalArgumentException naming what does not fit, with both numbers
     */
    public void checkShapes() {
      Checks.atLeast("query.width", query.width(), 1);
      Checks.same("key.width", key.width(), "query.width", query.width());
      Checks.same("key.batch", key.batch(), "query.batch", query.batch());
      Checks.atLeast("key.heads", key.heads(), 1);
      Checks.multiple("query.heads", query.heads(), "key.heads", key.heads());
      Checks.product("query.heads / key.heads", query.heads() / key.heads(), "query.rows", query.rows());
      if (sequences != null) {
        Checks.same("query.batch", query.batch(), "the batch of packed sequences,", 1);
        Checks.same("queryStarts[last]", sequences.queryStart(sequences.count()), "query.rows", query.rows());
        Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "key.rows", key.rows());
      }
    }

    private void checkOutput(Heads value, Heads output) {
      Checks.same("value.batch", value.batch(), "key.batch", key.batch());
      Checks.same("value.heads", value.heads(), "key.heads", key.heads());
      Checks.same("value.rows", value.rows(), "key.rows", key.rows());
      Checks.same("output.batch", output.batch(), "query.batch", query.batch());
      Checks.same("output.heads", output.heads(), "query.heads", query.heads());
      Checks.same("output.rows", output.rows(), "query.rows", query.rows());
      Checks.same("output.width", output.width(), "value.width", value.width());
      Checks.writable("output", output);
      Checks.disjoint("output", output, "query", query);
      Checks.disjoint("output", output, "key", key);
      Checks.disjoint("output", output, "value", value);
    }

    private void checkRows(int[] rows) {
      if (output != null || logSumExp != null || sequences != null) {
        throw new IllegalArgumentException("rows can be chosen only where neither output, logSumExp nor sequences are given");
      }
      int previous = -1;
      for (int i = 0; i < rows.length; i++) {
        Checks.atLeast("rows[" + i + "]", rows[i], previous + 1L);
        Checks.atMost("rows[" + i + "]", rows[i], "the last query,", query.rows() - 1L);
        previous = rows[i];
      }
    }

    private void checkVariant() {
      similarity.check(query.width());
      if (!Float.isFinite(scale)) {
        throw new IllegalArgumentException("scale is " + scale + ", must be finite");
      }
      if (!(softcap >= 0 && softcap < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("softcap is " + softcap + ", must be positive, or 0 for none");
      }
      if (bias != null) {
        int batch = sequences == null ? query.batch() : sequences.count();
        bias.check(
            batch,
            query.heads(),
            sequences == null ? query.rows() : sequences.mostQueries(),
            sequences == null ? key.rows() : sequences.mostKeys());
      }
      if (slopes != null) {
        Checks.same("slopes.length", slopes.length, "query.heads", query.heads());
      }
      if (normaliser.sinks != null) {
        Checks.same("sinks.length", normaliser.sinks.length, "query.heads", query.heads());
      }
      if (logSumExp != null) {
        if (!normaliser.hasLogSumExp()) {
          throw new IllegalArgumentException("logSumExp is asked for, but only softmax has one");
        }
        Checks.same(
            "logSumExp.length", logSumExp.length, "batch * queryHeads * queries", (long) query.batch() * query.heads() * query.rows());
      }
    }
  }
}
