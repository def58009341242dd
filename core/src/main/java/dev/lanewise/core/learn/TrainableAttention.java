package dev.lanewise.core.learn;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.learn.InputProjections.Sources;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention that learns ("Attention Is All You Need", section 3.2.2): self-attention, cross-attention, grouped heads, any mask,
 * positions inside the layer, and parameters of the scores. {@link #toLayer} makes the {@link MultiHeadAttention} for inference.
 *
 * <pre>{@code
 * TrainableAttention layer =
 *     TrainableAttention.builder(384, 12).attention(a -> a.withMask(Mask.causal())).positions(Rotary.of(32)).xavier(42);
 * layer.forward(x, y, trace);
 * layer.backward(trace, outputGradient, inputGradient);
 * }</pre>
 *
 * <p>Its parameters are those of PyTorch's {@code nn.MultiheadAttention}: {@code in_proj_weight}, or {@code q_proj_weight}, {@code
 * k_proj_weight} and {@code v_proj_weight} if keys or values come from rows of another width; {@code in_proj_bias}; {@code out_proj.weight}
 * and {@code out_proj.bias}. With grouped heads the packed matrix has the rows of all query heads, then those of the keys and of the
 * values. Scores may have further parameters, see {@link Builder}.
 *
 * <p>Packed sequences and lengths come from the {@link Trace}. Rows after a length must hold finite numbers. Mutable, and for one thread at
 * a time.
 */
public final class TrainableAttention implements TrainableLayer {
  private final AttentionPass pass;
  private final AttentionWidths widths;
  private final float dropout;
  private final List<Parameter> parameters;
  private Attention attention;

  private TrainableAttention(AttentionPass pass, float dropout, Attention attention) {
    this.pass = pass;
    this.dropout = dropout;
    this.widths = pass.widths();
    this.attention = attention;
    List<Parameter> all = new ArrayList<>(pass.input().parameters());
    all.add(pass.output().weight());
    Parameter bias = pass.output().bias();
    if (bias != null) {
      all.add(bias);
    }
    all.addAll(pass.learned().parameters());
    this.parameters = List.copyOf(all);
  }

  /** Creates a builder of an attention with {@code numHeads} query heads over rows of width {@code embedDim}. */
  public static Builder builder(int embedDim, int numHeads) {
    return new Builder(embedDim, numHeads);
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return widths.embedDim();
  }

  /** Number of query heads. */
  public int numHeads() {
    return widths.numHeads();
  }

  /** Replaces the settings that do not learn, such as the mask: {@code layer.setAttention(a -> a.withMask(mask))}. */
  public void setAttention(UnaryOperator<Attention> change) {
    attention = Objects.requireNonNull(change.apply(attention), "the changed attention");
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Packs the layer for inference, on one thread, with its mask and its positions. */
  public MultiHeadAttention toLayer() {
    MultiHeadAttention layer =
        MultiHeadAttention.builder(widths.embedDim(), widths.numHeads())
            .keyValueHeads(widths.keyValueHeads())
            .headDim(widths.headDim())
            .valueDim(widths.valueDim())
            .sources(widths.keyInputDim(), widths.valueInputDim())
            .query(pass.input().query().toLayer())
            .key(pass.input().key().toLayer())
            .value(pass.input().value().toLayer())
            .output(pass.output().toLayer())
            .build();
    return layer.withAttention(_ -> pass.learned().applyTo(attention)).withPositions(pass.learned().positions(pass.fixedPositions()));
  }

  /** Self-attention. */
  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    check("x", x, "embedDim", widths.embedDim());
    check("x", x, "keyInputDim", widths.keyInputDim());
    check("x", x, "valueInputDim", widths.valueInputDim());
    LayerRows.checkForward(x, widths.embedDim(), y, widths.embedDim());
    pass.forward(Sources.of(x), y, trace, scoring(trace, trace.packedSequences(), trace.keyLengths()));
  }

  /**
   * Cross-attention: queries come from x, keys and values from a memory.
   *
   * @param x batch × queries × embedDim
   * @param memory batch × keys × keyInputDim, which must equal valueInputDim
   * @param y batch × queries × embedDim, written
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch y, Trace trace) {
    check("memory", memory, "keyInputDim", widths.keyInputDim());
    check("memory", memory, "valueInputDim", widths.valueInputDim());
    forward("memory", memory, "memory", memory, x, y, trace);
  }

  /**
   * The general form: query, key and value each have their own source.
   *
   * @param query batch × queries × embedDim
   * @param key batch × keys × keyInputDim
   * @param value batch × keys × valueInputDim
   * @param y batch × queries × embedDim, written
   */
  public void forward(SequenceBatch query, SequenceBatch key, SequenceBatch value, SequenceBatch y, Trace trace) {
    forward("key", key, "value", value, query, y, trace);
  }

  private void forward(
      String keyName, SequenceBatch key, String valueName, SequenceBatch value, SequenceBatch query, SequenceBatch y, Trace trace) {
    check(keyName, key, "keyInputDim", widths.keyInputDim());
    check(valueName, value, "valueInputDim", widths.valueInputDim());
    LayerRows.checkForward(query, widths.embedDim(), y, widths.embedDim());
    LayerRows.checkRows(valueName, value, keyName, key);
    Checks.same(keyName + ".batch", key.batch(), "x.batch", query.batch());
    ViewChecks.disjoint("y", y.split(1), keyName, key.split(1));
    ViewChecks.disjoint("y", y.split(1), valueName, value.split(1));
    pass.forward(new Sources(query, key, value, false), y, trace, scoring(trace, trace.memorySequences(), trace.memoryLengths()));
  }

  private static void check(String name, SequenceBatch view, String widthName, int width) {
    Objects.requireNonNull(view, name);
    Checks.same(name + ".width", view.width(), widthName, width);
  }

  /** The attention of a call, except for the effect of positions. */
  private Attention scoring(Trace trace, @Nullable PackedSequences sequences, int @Nullable [] lengths) {
    Attention result = pass.learned().applyTo(attention).withThreads(trace.threads()).withKernels(trace.kernels());
    result = sequences == null ? result : result.withPackedSequences(sequences);
    result = trace.isTraining() && dropout > 0 ? result.withDropout(dropout, trace.seed(), trace.nextCall()) : result;
    return lengths == null ? result : result.withMask(result.settings().mask().and(Mask.keyLengths(lengths)));
  }

  /** The backward pass of self-attention. */
  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    backward(trace, outputGradient, inputGradient, null, null);
  }

  /**
   * The backward pass of cross-attention.
   *
   * @param outputGradient the gradient of y
   * @param inputGradient the gradient of x, written; null if it is not wanted
   * @param memoryGradient the gradient of the memory, added to; null if it is not wanted
   */
  public void backward(
      Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
    backward(trace, outputGradient, inputGradient, memoryGradient, memoryGradient);
  }

  /**
   * The backward pass of the general form.
   *
   * @param outputGradient the gradient of y
   * @param queryGradient written; null if it is not wanted
   * @param keyGradient added to; null if it is not wanted
   * @param valueGradient added to; null if it is not wanted; may be keyGradient if key and value are the same rows
   */
  public void backward(
      Trace trace,
      SequenceBatch outputGradient,
      @Nullable SequenceBatch queryGradient,
      @Nullable SequenceBatch keyGradient,
      @Nullable SequenceBatch valueGradient) {
    pass.backward(trace, outputGradient, queryGradient, keyGradient, valueGradient);
  }

  /**
   * Collects the sizes and settings of a {@link TrainableAttention}. {@link #xavier} and {@link #of} create it.
   *
   * <p>Parameters of scores, beside those of the projections: {@code slopes} (ALiBi, one for each head), {@code
   * relative_attention_bias.weight} (T5, numBuckets × numHeads), {@code sinks} (one for each head), {@code scale} (one number) and {@code
   * similarity_vector} (headDim numbers, if the similarity is additive).
   */
  public static final class Builder {
    private final int embedDim;
    private final int numHeads;
    private int keyValueHeads;
    private int headDim;
    private int valueDim;
    private int keyInputDim;
    private int valueInputDim;
    private boolean biases = true;
    private Attention attention = Attention.standard();
    private LayerPositions positions = Positions.none();
    private boolean learnsSlopes;
    private boolean learnsSinks;
    private boolean learnsScale;
    private float dropout;
    private int numBuckets;
    private int maxDistance;
    private boolean bidirectional;

    private Builder(int embedDim, int numHeads) {
      Checks.atLeast("embedDim", embedDim, 1);
      Checks.atLeast("numHeads", numHeads, 1);
      this.embedDim = embedDim;
      this.numHeads = numHeads;
      this.keyValueHeads = numHeads;
      this.keyInputDim = embedDim;
      this.valueInputDim = embedDim;
    }

    /** Sets the number of key/value heads, a divisor of numHeads; the default is numHeads. */
    public Builder keyValueHeads(int newKeyValueHeads) {
      keyValueHeads = newKeyValueHeads;
      return this;
    }

    /** Sets the width of a query or key head; the default is embedDim / numHeads, which must be an integer then. */
    public Builder headDim(int newHeadDim) {
      Checks.atLeast("headDim", newHeadDim, 1);
      headDim = newHeadDim;
      return this;
    }

    /** Sets the width of a value head; the default is headDim. */
    public Builder valueDim(int newValueDim) {
      Checks.atLeast("valueDim", newValueDim, 1);
      valueDim = newValueDim;
      return this;
    }

    /** Sets the widths of the rows that keys and values are projected from; the default is embedDim. */
    public Builder sources(int newKeyInputDim, int newValueInputDim) {
      keyInputDim = newKeyInputDim;
      valueInputDim = newValueInputDim;
      return this;
    }

    /** Leaves out the biases of all projections. */
    public Builder withoutBiases() {
      biases = false;
      return this;
    }

    /** Changes the settings that do not learn: mask, softcap, similarity, normaliser, scale. */
    public Builder attention(UnaryOperator<Attention> change) {
      attention = Objects.requireNonNull(change.apply(attention), "the changed attention");
      return this;
    }

    /** Sets positions that do not learn: rotary, ALiBi, T5's buckets with a given table, or none. */
    public Builder positions(LayerPositions newPositions) {
      positions = Objects.requireNonNull(newPositions, "positions");
      return this;
    }

    /** Sets the probability with which a weight is dropped while a trace trains; the default is 0. */
    public Builder dropout(float rate) {
      dropout = new Dropout(rate, 0, 0).rate(); // its check
      return this;
    }

    /** Learns the slopes of ALiBi, from {@link Attention#standardSlopes} on. */
    public Builder learnedSlopes() {
      learnsSlopes = true;
      return this;
    }

    /** Learns T5's table of relative positions, from zeros on; see {@link Positions#relativeBuckets}. */
    public Builder learnedBuckets(int newNumBuckets, int newMaxDistance, boolean isBidirectional) {
      Positions.relativeBuckets(new float[Math.max(0, newNumBuckets)], newNumBuckets, newMaxDistance, isBidirectional); // its checks
      numBuckets = newNumBuckets;
      maxDistance = newMaxDistance;
      bidirectional = isBidirectional;
      return this;
    }

    /** Learns a sink for each head, from 0 on; see {@link Normaliser#softmaxWithSinks}. */
    public Builder learnedSinks() {
      learnsSinks = true;
      return this;
    }

    /** Learns the factor of the similarity, from the one of {@link #attention} or its default on. */
    public Builder learnedScale() {
      learnsScale = true;
      return this;
    }

    /**
     * Creates the layer with the weights of {@link Initialisation#xavier}; biases are 0.
     *
     * @throws IllegalArgumentException if sizes or settings do not fit
     */
    public TrainableAttention xavier(long seed) {
      AttentionWidths widths = widths();
      SplittableRandom seeds = new SplittableRandom(seed);
      NamedTensors.Builder tensors = NamedTensors.builder();
      for (Map.Entry<String, long[]> tensor : expected(widths, biases).entrySet()) {
        long[] shape = tensor.getValue();
        int size = (int) Arrays.stream(shape).reduce(1, (x, y) -> x * y);
        float[] values = ScoreChoices.initial(tensor.getKey(), size, widths, attention);
        if (values == null && shape.length == 2) {
          values = Initialisation.xavier(seeds.nextLong()).linear((int) shape[1], (int) shape[0]).floats("weight");
        }
        tensors.add(tensor.getKey(), values == null ? new float[size] : values, shape);
      }
      return of(tensors.build());
    }

    /**
     * Creates the layer with the values of tensors under its names, such as those of {@link Initialisation#attention} or of a file. There
     * are biases if there is an {@code in_proj_bias}.
     *
     * @throws IllegalArgumentException if a tensor is missing, unexpected, or of another shape, or settings do not fit
     */
    public TrainableAttention of(NamedTensors tensors) {
      AttentionWidths widths = widths();
      boolean withBiases = tensors.names().contains("in_proj_bias");
      tensors.check(expected(widths, withBiases));
      InputProjections input = InputProjections.of(widths, tensors, withBiases);
      Parameter weight = Parameter.of(tensors, "out_proj.weight");
      Parameter bias = withBiases ? Parameter.of(tensors, "out_proj.bias") : null;
      OutputRange output = new OutputRange(weight, 0, embedDim, bias, 0);
      LearnedScores learned = choices().of(tensors);
      learned.positions(positions).effect().checkLayer(widths.numHeads(), widths.headDim(), learned.applyTo(attention).settings());
      return new TrainableAttention(new AttentionPass(widths, input, output, learned, positions), dropout, attention);
    }

    private AttentionWidths widths() {
      if (headDim == 0) {
        Checks.multiple("embedDim", embedDim, "numHeads", numHeads);
      }
      int keyDim = headDim == 0 ? embedDim / numHeads : headDim;
      return new AttentionWidths(embedDim, numHeads, keyValueHeads, keyDim, valueDim == 0 ? keyDim : valueDim, keyInputDim, valueInputDim);
    }

    private ScoreChoices choices() {
      ScoreFormula formula = attention.settings().formula();
      if (learnsSinks && !formula.normaliser().hasLogSumExp()) {
        throw new IllegalArgumentException("sinks learn, but the normaliser is " + formula.normaliser().kind() + ", which has no sinks");
      }
      if (numBuckets > 0 && positions.effect().acts()) {
        throw new IllegalArgumentException("a table of buckets learns, but the layer has positions, " + positions + ", too");
      }
      boolean additive = formula.similarity().kind() == Similarity.Kind.ADDITIVE;
      return new ScoreChoices(learnsSlopes, learnsSinks, learnsScale, additive, numBuckets, maxDistance, bidirectional);
    }

    private Map<String, long[]> expected(AttentionWidths widths, boolean withBiases) {
      Map<String, long[]> expected = new LinkedHashMap<>();
      InputProjections.expect(widths, withBiases, expected);
      expected.put("out_proj.weight", new long[] {widths.embedDim(), widths.headsWidth()});
      if (withBiases) {
        expected.put("out_proj.bias", new long[] {widths.embedDim()});
      }
      choices().expect(widths, expected);
      return expected;
    }
  }
}
