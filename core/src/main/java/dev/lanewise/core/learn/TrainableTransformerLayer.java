package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a transformer that learns: sublayers one after another, each with a residual connection, norms and dropout, see {@link
 * TransformerLayer}. With PyTorch's norms, parameters have PyTorch's names: {@code self_attn.…}, {@code multihead_attn.…}, {@code
 * linear1.…}, {@code linear2.…}, {@code norm1.…}, {@code norm2.…}, {@code norm3.…}. Norm n belongs to sublayer n. If a sublayer has several
 * norms, the one after its output is {@code norm1_output.…}, and the one after the sum is {@code norm1_post.…}. A second self-attention is
 * {@code self_attn2.…}, and so on.
 *
 * <pre>{@code
 * TrainableTransformerLayer layer = TrainableTransformerLayer.encoder(attention, norm1, network, norm2, Norm.Placement.PRE, 0.1f);
 * layer.setRecompute(true); // keeps the input only, and runs the forward pass again in the backward pass
 * layer.forward(x, y, trace);
 * layer.backward(trace, outputGradient, inputGradient);
 * }</pre>
 */
public final class TrainableTransformerLayer implements TrainableLayer {
  private final List<Sublayer> sublayers;
  private final List<SublayerPass> passes;
  private final List<Parameter> parameters = new ArrayList<>();
  private final boolean attendsToMemory;
  private boolean recompute;

  private TrainableTransformerLayer(List<Sublayer> sublayers) {
    Checks.atLeast("sublayers", sublayers.size(), 1);
    this.sublayers = sublayers;
    this.passes = sublayers.stream().map(sublayer -> sublayer.pass).toList();
    this.attendsToMemory = passes.stream().anyMatch(pass -> pass.part() instanceof SublayerPass.Part.Cross);
    int[] counts = new int[3];
    for (int i = 0; i < passes.size(); i++) {
      SublayerPass.Part part = passes.get(i).part();
      Checks.same("sublayers[" + i + "].embedDim", part.embedDim(), "sublayers[0].embedDim", embedDim());
      addAll(part.parameters(), prefix(part, counts));
    }
    for (int i = 0; i < passes.size(); i++) {
      SublayerPass pass = passes.get(i);
      String name = "norm" + (i + 1);
      addNorm(pass.pre(), name);
      addNorm(pass.output(), pass.pre() == null && pass.post() == null ? name : name + "_output");
      addNorm(pass.post(), pass.pre() == null && pass.output() == null ? name : name + "_post");
    }
  }

  private static String prefix(SublayerPass.Part part, int[] counts) {
    return switch (part) {
      case SublayerPass.Part.Self _ -> numbered("self_attn", ++counts[0]);
      case SublayerPass.Part.Cross _ -> numbered("multihead_attn", ++counts[1]);
      case SublayerPass.Part.Network _ -> ++counts[2] == 1 ? "" : numbered("feed_forward", counts[2]);
    };
  }

  private static String numbered(String name, int number) {
    return name + (number == 1 ? "" : number) + ".";
  }

  private void addNorm(@Nullable TrainableNorm norm, String name) {
    if (norm != null) {
      addAll(norm.parameters(), name + ".");
    }
  }

  private void addAll(List<Parameter> added, String prefix) {
    added.forEach(parameter -> parameters.add(parameter.under(prefix)));
  }

  /**
   * A sublayer: y = POST(x + dropout(OUTPUT(part(PRE(x))))), where each of the norms may be absent. The description is immutable, and its
   * parts learn.
   *
   * <pre>{@code
   * Sublayer sandwich = Sublayer.self(attention).withNorm(before, Norm.Placement.PRE).withNorm(after, Norm.Placement.OUTPUT);
   * }</pre>
   */
  public static final class Sublayer {
    private final SublayerPass pass;

    private Sublayer(SublayerPass pass) {
      this.pass = pass;
    }

    private static Sublayer of(SublayerPass.Part part) {
      return new Sublayer(new SublayerPass(part, null, null, null, 0));
    }

    /** Self-attention without norms and dropout. */
    public static Sublayer self(TrainableAttention attention) {
      return of(new SublayerPass.Part.Self(Objects.requireNonNull(attention, "attention")));
    }

    /** Cross-attention to a memory, without norms and dropout. */
    public static Sublayer cross(TrainableAttention attention) {
      return of(new SublayerPass.Part.Cross(Objects.requireNonNull(attention, "attention")));
    }

    /**
     * A feed-forward network without norms and dropout.
     *
     * @throws IllegalArgumentException if its output does not have the width of its input
     */
    public static Sublayer feedForward(TrainableFeedForward network) {
      Checks.same("network.outputs", Objects.requireNonNull(network, "network").outputs(), "network.inputs", network.inputs());
      return of(new SublayerPass.Part.Network(network));
    }

    /**
     * Returns a copy with this norm at this place, instead of an earlier one.
     *
     * @throws IllegalArgumentException if its width is not embedDim
     */
    public Sublayer withNorm(TrainableNorm norm, Norm.Placement placement) {
      Objects.requireNonNull(norm, "norm");
      Checks.same(pass.part() + "Norm.width", norm.width(), "embedDim", pass.part().embedDim());
      return new Sublayer(
          switch (Objects.requireNonNull(placement, "placement")) {
            case PRE -> new SublayerPass(pass.part(), norm, pass.output(), pass.post(), pass.dropout());
            case OUTPUT -> new SublayerPass(pass.part(), pass.pre(), norm, pass.post(), pass.dropout());
            case POST -> new SublayerPass(pass.part(), pass.pre(), pass.output(), norm, pass.dropout());
          });
    }

    /**
     * Returns a copy with dropout before the sum (Srivastava et al., "Dropout", 2014): an element becomes 0 with this probability, and is
     * divided by 1 − rate otherwise.
     *
     * @param rate at least 0 and below 1
     */
    public Sublayer withDropout(float rate) {
      RowDropout.checkRate(rate);
      return new Sublayer(new SublayerPass(pass.part(), pass.pre(), pass.output(), pass.post(), rate));
    }

    /** The sublayer for inference. */
    private TransformerLayer.Sublayer toLayer() {
      TransformerLayer.Sublayer layer =
          switch (pass.part()) {
            case SublayerPass.Part.Self self -> TransformerLayer.Sublayer.self(self.attention().toLayer());
            case SublayerPass.Part.Cross cross -> TransformerLayer.Sublayer.cross(cross.attention().toLayer());
            case SublayerPass.Part.Network network -> TransformerLayer.Sublayer.feedForward(network.network().toLayer());
          };
      layer = with(layer, pass.pre(), Norm.Placement.PRE);
      layer = with(layer, pass.output(), Norm.Placement.OUTPUT);
      return with(layer, pass.post(), Norm.Placement.POST);
    }

    private static TransformerLayer.Sublayer with(TransformerLayer.Sublayer layer, @Nullable TrainableNorm norm, Norm.Placement placement) {
      return norm == null ? layer : layer.withNorm(norm.toLayer(), placement);
    }
  }

  /**
   * Creates a layer from sublayers. Each of them learns by itself, so no part may stand in two places.
   *
   * @throws IllegalArgumentException if there is no sublayer, or widths differ
   */
  public static TrainableTransformerLayer of(Sublayer... sublayers) {
    return new TrainableTransformerLayer(List.copyOf(Arrays.asList(sublayers)));
  }

  /**
   * Creates a layer of an encoder, or of a decoder without a memory if the attention is causal.
   *
   * @param dropout the rate of both sublayers
   * @throws IllegalArgumentException if widths differ
   */
  public static TrainableTransformerLayer encoder(
      TrainableAttention self,
      TrainableNorm selfNorm,
      TrainableFeedForward feedForward,
      TrainableNorm feedForwardNorm,
      Norm.Placement placement,
      float dropout) {
    return of(
        Sublayer.self(self).withNorm(selfNorm, placement).withDropout(dropout),
        Sublayer.feedForward(feedForward).withNorm(feedForwardNorm, placement).withDropout(dropout));
  }

  /**
   * Creates a layer of a decoder with a memory.
   *
   * @param self usually with a causal mask
   * @param dropout the rate of all sublayers
   * @throws IllegalArgumentException if widths differ
   */
  public static TrainableTransformerLayer decoder(
      TrainableAttention self,
      TrainableNorm selfNorm,
      TrainableAttention cross,
      TrainableNorm crossNorm,
      TrainableFeedForward feedForward,
      TrainableNorm feedForwardNorm,
      Norm.Placement placement,
      float dropout) {
    return of(
        Sublayer.self(self).withNorm(selfNorm, placement).withDropout(dropout),
        Sublayer.cross(cross).withNorm(crossNorm, placement).withDropout(dropout),
        Sublayer.feedForward(feedForward).withNorm(feedForwardNorm, placement).withDropout(dropout));
  }

  /** Whether the backward pass runs the forward pass again. */
  public boolean isRecompute() {
    return recompute;
  }

  /**
   * Sets whether the trace keeps the input of this layer only, and the backward pass runs the forward pass again (Chen et al., "Training
   * deep nets with sublinear memory cost", 2016). Results have the same bits.
   */
  public void setRecompute(boolean newRecompute) {
    this.recompute = newRecompute;
  }

  /** Whether a sublayer attends to a memory. */
  boolean attendsToMemory() {
    return attendsToMemory;
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return passes.getFirst().part().embedDim();
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** Packs the layer for inference, on one thread and without dropout. */
  public TransformerLayer toLayer() {
    return TransformerLayer.of(sublayers.stream().map(Sublayer::toLayer).toArray(TransformerLayer.Sublayer[]::new));
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    run(x, null, y, trace);
  }

  /**
   * Runs the forward pass of a layer that attends to a memory.
   *
   * @param memory batch × memory rows × the input width of cross-attention; must not change before the backward pass
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch y, Trace trace) {
    run(x, Objects.requireNonNull(memory, "memory"), y, trace);
  }

  /** What a forward pass keeps if the backward pass runs it again. */
  private record Kept(SequenceBatch x, @Nullable SequenceBatch memory, Trace.Call call) {}

  void run(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
    LayerRows.checkForward(x, embedDim(), y, embedDim());
    if (attendsToMemory != (memory != null)) {
      throw new IllegalArgumentException(
          attendsToMemory ? "the layer attends to a memory, but memory is missing" : "memory is given, but the layer attends to none");
    }
    Trace.Call call = trace.call();
    int size = trace.size();
    sublayers(x, memory, y, trace);
    if (recompute) {
      trace.cut(size);
      trace.keep(new Kept(x, memory, call));
    }
  }

  private void sublayers(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
    SequenceBatch stream = x;
    for (int i = 0; i < passes.size(); i++) {
      SequenceBatch to = i + 1 < passes.size() ? LayerRows.keep(trace, x, x.width()) : y;
      passes.get(i).forward(stream, memory, to, trace);
      stream = to;
    }
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    backward(trace, outputGradient, inputGradient, null);
  }

  /**
   * Runs the backward pass of a layer that attends to a memory.
   *
   * @param memoryGradient the gradient of the memory, added; null if it is not wanted
   */
  public void backward(
      Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
    LayerRows.checkGradients(outputGradient, embedDim(), inputGradient, embedDim());
    int borrowed = trace.borrowed();
    if (recompute) {
      again(trace);
    }
    SequenceBatch gradient = outputGradient;
    for (int i = passes.size() - 1; i >= 0; i--) {
      SequenceBatch before = i == 0 ? inputGradient : LayerRows.borrow(trace, outputGradient, embedDim());
      passes.get(i).backward(trace, gradient, before, memoryGradient);
      if (i + 1 < passes.size()) {
        trace.take(SequenceBatch.class); // the buffer of the sublayer's output
      }
      if (before != null) {
        gradient = before;
      }
    }
    trace.release(borrowed);
  }

  /** Runs the forward pass again, with the lengths, packed sequences and numbers of dropout of the first time. */
  private void again(Trace trace) {
    Kept kept = trace.take(Kept.class);
    int borrowed = trace.borrowed();
    SequenceBatch y = LayerRows.borrow(trace, kept.x, embedDim());
    Trace.Call later = trace.call();
    trace.restore(kept.call);
    try {
      sublayers(kept.x, kept.memory, y, trace);
    } finally {
      trace.restore(later);
    }
    trace.release(borrowed);
  }
}
