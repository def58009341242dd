package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Transformer layers that learn, one after another, with an optional norm after the last one: an encoder, a decoder with a memory, or a
 * decoder without one. Parameters have the names of PyTorch's {@code nn.TransformerEncoder} and {@code nn.TransformerDecoder}: {@code
 * layers.0.self_attn.in_proj_weight} and so on, {@code norm.weight}, {@code norm.bias}.
 *
 * <pre>{@code
 * NamedTensors initial = Initialisation.xavier(42).encoder(384, 1536, 6);
 * TrainableStack encoder = TrainableStack.builder(12).norms(Norm.Placement.PRE).activation(Activation.GELU).encoder(initial, "");
 * encoder.setRecompute(true);
 * encoder.forward(x, y, trace);
 * encoder.backward(trace, outputGradient, inputGradient);
 * Safetensors.write(path, encoder.tensors());
 * }</pre>
 */
public final class TrainableStack implements TrainableLayer {
  private final List<TrainableTransformerLayer> layers;
  private final @Nullable TrainableNorm finalNorm;
  private final boolean attendsToMemory;
  private final List<Parameter> parameters = new ArrayList<>();

  private TrainableStack(List<TrainableTransformerLayer> layers, @Nullable TrainableNorm finalNorm) {
    this.layers = List.copyOf(layers);
    this.finalNorm = finalNorm;
    Checks.atLeast("layers", layers.size(), 1);
    this.attendsToMemory = layers.getFirst().attendsToMemory();
    for (int i = 0; i < layers.size(); i++) {
      TrainableTransformerLayer layer = layers.get(i);
      Checks.same("layers[" + i + "].embedDim", layer.embedDim(), "layers[0].embedDim", embedDim());
      if (layer.attendsToMemory() != attendsToMemory) {
        throw new IllegalArgumentException(
            "layers[0] and layers[" + i + "] differ: one of them attends to a memory, and the other does not");
      }
      String prefix = "layers." + i + ".";
      layer.parameters().forEach(parameter -> parameters.add(parameter.under(prefix)));
    }
    if (finalNorm != null) {
      Checks.same("finalNorm.width", finalNorm.width(), "embedDim", embedDim());
      finalNorm.parameters().forEach(parameter -> parameters.add(parameter.under("norm.")));
    }
  }

  /**
   * Creates a stack from layers, each of which learns by itself.
   *
   * @param finalNorm null for none
   * @throws IllegalArgumentException if there is no layer, widths differ, or only some layers attend to a memory
   */
  public static TrainableStack of(List<TrainableTransformerLayer> layers, @Nullable TrainableNorm finalNorm) {
    return new TrainableStack(Objects.requireNonNull(layers, "layers"), finalNorm);
  }

  /** The layers, from the input to the output. */
  public List<TrainableTransformerLayer> layers() {
    return layers;
  }

  /** Width of input and output rows. */
  public int embedDim() {
    return layers.getFirst().embedDim();
  }

  /** Sets for every layer whether the backward pass runs its forward pass again, see {@link TrainableTransformerLayer#setRecompute}. */
  public void setRecompute(boolean recompute) {
    layers.forEach(layer -> layer.setRecompute(recompute));
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** Packs the stack for inference, on one thread and without dropout. */
  public TransformerStack toLayer() {
    return TransformerStack.of(
        layers.stream().map(TrainableTransformerLayer::toLayer).toList(), finalNorm == null ? null : finalNorm.toLayer());
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    run(x, null, y, trace);
  }

  /**
   * Runs the forward pass of a decoder with a memory.
   *
   * @param memory batch × memory rows × the input width of cross-attention; must not change before the backward pass
   */
  public void forward(SequenceBatch x, SequenceBatch memory, SequenceBatch y, Trace trace) {
    run(x, Objects.requireNonNull(memory, "memory"), y, trace);
  }

  private void run(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch y, Trace trace) {
    LayerRows.checkForward(x, embedDim(), y, embedDim());
    SequenceBatch stream = x;
    for (int i = 0; i < layers.size(); i++) {
      boolean isLast = i + 1 == layers.size() && finalNorm == null;
      SequenceBatch to = isLast ? y : LayerRows.keep(trace, x, x.width());
      layers.get(i).run(stream, memory, to, trace);
      stream = to;
    }
    if (finalNorm != null) {
      finalNorm.forward(stream, y, trace);
    }
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    backward(trace, outputGradient, inputGradient, null);
  }

  /**
   * Runs the backward pass of a decoder with a memory.
   *
   * @param memoryGradient the gradient of the memory, added; null if it is not wanted
   */
  public void backward(
      Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient, @Nullable SequenceBatch memoryGradient) {
    LayerRows.checkGradients(outputGradient, embedDim(), inputGradient, embedDim());
    int borrowed = trace.borrowed();
    SequenceBatch gradient = outputGradient;
    SequenceBatch[] between = {LayerRows.borrow(trace, outputGradient, embedDim()), LayerRows.borrow(trace, outputGradient, embedDim())};
    if (finalNorm != null) {
      finalNorm.backward(trace, gradient, between[1]);
      gradient = between[1];
    }
    for (int i = layers.size() - 1; i >= 0; i--) {
      boolean isLast = i + 1 == layers.size() && finalNorm == null;
      SequenceBatch before = i == 0 ? inputGradient : between[gradient == between[0] ? 1 : 0];
      layers.get(i).backward(trace, gradient, before, memoryGradient);
      if (!isLast) {
        trace.take(SequenceBatch.class); // the buffer of the layer's output
      }
      if (before != null) {
        gradient = before;
      }
    }
    trace.release(borrowed);
  }

  /**
   * Creates a builder of layers and stacks from tensors under PyTorch's names, such as those of {@link
   * dev.lanewise.core.weights.Initialisation} or of a file.
   *
   * @param numHeads query heads of each attention
   */
  public static Builder builder(int numHeads) {
    return new Builder(numHeads);
  }

  /**
   * Builder of layers and stacks from tensors. Like PyTorch's modules, they have layer norms after each sum, ReLU, an epsilon of 1e-5 and,
   * unlike PyTorch's, no dropout, if nothing else is chosen. Not thread-safe.
   */
  public static final class Builder {
    private final int numHeads;
    private Norm.Placement placement = Norm.Placement.POST;
    private Activation activation = Activation.RELU;
    private float epsilon = 1e-5f;
    private float dropout;
    private UnaryOperator<TrainableAttention.Builder> self = UnaryOperator.identity();
    private UnaryOperator<TrainableAttention.Builder> cross = UnaryOperator.identity();

    private Builder(int numHeads) {
      Checks.atLeast("numHeads", numHeads, 1);
      this.numHeads = numHeads;
    }

    /** Sets the place of norms: {@link Norm.Placement#PRE} is PyTorch's {@code norm_first=True}. */
    public Builder norms(Norm.Placement newPlacement) {
      this.placement = Objects.requireNonNull(newPlacement, "placement");
      return this;
    }

    /** Sets the activation of feed-forward networks. */
    public Builder activation(Activation newActivation) {
      this.activation = Objects.requireNonNull(newActivation, "activation");
      return this;
    }

    /** Sets the addend to the variance in norms: PyTorch's {@code layer_norm_eps}. */
    public Builder epsilon(float newEpsilon) {
      Checks.epsilon(newEpsilon);
      this.epsilon = newEpsilon;
      return this;
    }

    /** Sets the rate of dropout of each sublayer's output, before the sum. */
    public Builder dropout(float rate) {
      RowDropout.checkRate(rate);
      this.dropout = rate;
      return this;
    }

    /** Changes each self-attention before it is built: grouped heads, positions, dropout of weights, and so on. */
    public Builder self(UnaryOperator<TrainableAttention.Builder> change) {
      this.self = Objects.requireNonNull(change, "change");
      return this;
    }

    /** Changes each cross-attention before it is built. */
    public Builder cross(UnaryOperator<TrainableAttention.Builder> change) {
      this.cross = Objects.requireNonNull(change, "change");
      return this;
    }

    /**
     * Builds an encoder: {@code nn.TransformerEncoder}, with a final norm if {@code norm.weight} exists.
     *
     * @throws IllegalArgumentException if a tensor is missing, unexpected, or has another shape
     */
    public TrainableStack encoder(NamedTensors tensors, String prefix) {
      return stack(tensors, prefix, (module, path) -> encoderLayer(module, path, false));
    }

    /** Builds a decoder without a memory: an encoder with a causal mask in self-attention in addition to the mask of {@link #self}. */
    public TrainableStack decoderOnly(NamedTensors tensors, String prefix) {
      return stack(tensors, prefix, (module, path) -> encoderLayer(module, path, true));
    }

    /** Builds a decoder with a memory: {@code nn.TransformerDecoder}, with a causal mask in self-attention. */
    public TrainableStack decoder(NamedTensors tensors, String prefix) {
      return stack(tensors, prefix, this::decoderLayer);
    }

    private TrainableStack stack(NamedTensors tensors, String prefix, BiFunction<NamedTensors, String, TrainableTransformerLayer> layer) {
      NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
      List<TrainableTransformerLayer> layers = new ArrayList<>();
      for (int i = 0; i < module.numbered("layers."); i++) {
        layers.add(layer.apply(module, "layers." + i + "."));
      }
      boolean hasNorm = module.names().contains("norm.weight");
      TrainableStack stack = of(layers, hasNorm ? TrainableNorm.layer(module, "norm.", epsilon) : null);
      module.check(Parameter.shapes(stack.parameters()));
      return stack;
    }

    /**
     * Builds a layer of an encoder: {@code nn.TransformerEncoderLayer}.
     *
     * @throws IllegalArgumentException if a tensor is missing, unexpected, or has another shape
     */
    public TrainableTransformerLayer encoderLayer(NamedTensors tensors, String prefix) {
      TrainableTransformerLayer layer = encoderLayer(tensors, prefix, false);
      tensors.under(prefix).check(Parameter.shapes(layer.parameters()));
      return layer;
    }

    private TrainableTransformerLayer encoderLayer(NamedTensors tensors, String prefix, boolean causal) {
      NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
      return TrainableTransformerLayer.encoder(
          attention(module, "self_attn.", self, causal),
          TrainableNorm.layer(module, "norm1.", epsilon),
          TrainableFeedForward.of(module, "", activation),
          TrainableNorm.layer(module, "norm2.", epsilon),
          placement,
          dropout);
    }

    private TrainableTransformerLayer decoderLayer(NamedTensors tensors, String prefix) {
      NamedTensors module = tensors.under(prefix);
      return TrainableTransformerLayer.decoder(
          attention(module, "self_attn.", self, true),
          TrainableNorm.layer(module, "norm1.", epsilon),
          attention(module, "multihead_attn.", cross, false),
          TrainableNorm.layer(module, "norm2.", epsilon),
          TrainableFeedForward.of(module, "", activation),
          TrainableNorm.layer(module, "norm3.", epsilon),
          placement,
          dropout);
    }

    private TrainableAttention attention(
        NamedTensors module, String prefix, UnaryOperator<TrainableAttention.Builder> change, boolean causal) {
      int embedDim = Math.toIntExact(module.shape("norm1.weight")[0]);
      TrainableAttention attention = change.apply(TrainableAttention.builder(embedDim, numHeads)).of(module.under(prefix));
      if (causal) {
        attention.setAttention(before -> before.withMask(causal(before.settings().mask())));
      }
      return attention;
    }

    private static Mask causal(Mask mask) {
      return mask == Mask.none() ? Mask.causal() : mask.and(Mask.causal());
    }
  }
}
