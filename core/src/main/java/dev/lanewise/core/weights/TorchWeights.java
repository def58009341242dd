package dev.lanewise.core.weights;

import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.Transformer;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Makes layers from the tensors of a PyTorch {@code state_dict}, under PyTorch's names. Widths, the number of layers and the presence of
 * biases are derived from the tensors. The tensors do not contain numbers of heads, activation, norm placement and epsilon; the caller
 * gives these.
 *
 * <pre>{@code
 * try (Safetensors file = Safetensors.open(path)) {
 *   TorchWeights weights = TorchWeights.of(file, 12).withActivation(Activation.GELU).withNorms(Norm.Placement.PRE);
 *   TransformerStack encoder = weights.encoder("encoder."); // encoder.layers.0.self_attn.in_proj_weight, and so on
 *   TransformerStack decoder = weights.decoder("decoder.");
 *   Transformer.of(encoder, decoder).forward(source, target, output);
 * }
 * }</pre>
 *
 * <p>Every method takes the prefix of a module and reads all tensors under it. A tensor may be missing, have another shape, or be unknown
 * to the module (such as {@code bias_k} of an attention with {@code add_bias_kv}). An {@link IllegalArgumentException} then lists the first
 * 50 of these tensors with both shapes, and the number of the others. If tensors disagree about a size, the most frequent value counts as
 * expected. Norms are layer norms. Immutable; the layers keep copies, so a file may be closed after they are made.
 */
public final class TorchWeights {
  private final NamedTensors tensors;
  final int numHeads;
  final Norm.Placement norms;
  final Activation activation;
  final float epsilon;

  private TorchWeights(NamedTensors tensors, int numHeads, Norm.Placement norms, Activation activation, float epsilon) {
    this.tensors = Objects.requireNonNull(tensors, "tensors");
    this.numHeads = numHeads;
    this.norms = Objects.requireNonNull(norms, "placement");
    this.activation = Objects.requireNonNull(activation, "activation");
    this.epsilon = epsilon;
  }

  /** Layers with {@code numHeads} heads in each attention, and PyTorch's defaults for the rest: post-norm, ReLU and an epsilon of 1e-5. */
  public static TorchWeights of(NamedTensors tensors, int numHeads) {
    Checks.atLeast("numHeads", numHeads, 1);
    return new TorchWeights(tensors, numHeads, Norm.Placement.POST, Activation.RELU, 1e-5f);
  }

  /** Returns a copy with this norm placement: {@link Norm.Placement#PRE} is PyTorch's {@code norm_first=True}. */
  public TorchWeights withNorms(Norm.Placement placement) {
    return new TorchWeights(tensors, numHeads, placement, activation, epsilon);
  }

  /** Returns a copy with this activation of feed-forward networks; PyTorch's {@code "gelu"} is {@link Activation#GELU}. */
  public TorchWeights withActivation(Activation newActivation) {
    return new TorchWeights(tensors, numHeads, norms, newActivation, epsilon);
  }

  /**
   * Returns a copy with this addend to the variance in norms: PyTorch's {@code layer_norm_eps}.
   *
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public TorchWeights withEpsilon(float newEpsilon) {
    Checks.epsilon(newEpsilon);
    return new TorchWeights(tensors, numHeads, norms, activation, newEpsilon);
  }

  /**
   * Makes {@code nn.MultiheadAttention}, with {@code in_proj_weight}, or with {@code q_proj_weight}, {@code k_proj_weight} and {@code
   * v_proj_weight}, as {@code kdim} or {@code vdim} requires.
   *
   * @throws IllegalArgumentException if tensors are not those of such a module, or their embedDim is not a multiple of numHeads
   */
  public MultiHeadAttention attention(String prefix) {
    NamedTensors module = tensors.under(prefix);
    Set<String> names = module.names();
    boolean separate = !names.contains("in_proj_weight") && TorchLayout.SEPARATE.stream().anyMatch(names::contains);
    return checked(prefix, layout -> separate ? layout.attentionOfSources("") : layout.attention("")).attention("");
  }

  /**
   * Makes {@code nn.TransformerEncoderLayer}.
   *
   * @throws IllegalArgumentException as for {@link #attention}
   */
  public TransformerLayer encoderLayer(String prefix) {
    return checked(prefix, layout -> layout.encoderLayer("")).encoderLayer("");
  }

  /**
   * Makes {@code nn.TransformerDecoderLayer}, with a causal mask in its self-attention.
   *
   * @throws IllegalArgumentException as for {@link #attention}
   */
  public TransformerLayer decoderLayer(String prefix) {
    return checked(prefix, layout -> layout.decoderLayer("")).decoderLayer("");
  }

  /**
   * Makes {@code nn.TransformerEncoder}, with a final norm if {@code norm.weight} or {@code norm.bias} exists.
   *
   * @throws IllegalArgumentException as for {@link #attention}
   */
  public TransformerStack encoder(String prefix) {
    NamedTensors module = tensors.under(prefix);
    int layers = TensorCheck.layers(module.names(), "layers.");
    return checked(prefix, layout -> finalNorm(module, layout.encoderLayers("", layers))).encoder("", layers);
  }

  /**
   * Makes {@code nn.TransformerDecoder}, with a final norm if {@code norm.weight} or {@code norm.bias} exists, and a causal mask in
   * self-attention.
   *
   * @throws IllegalArgumentException as for {@link #attention}
   */
  public TransformerStack decoder(String prefix) {
    NamedTensors module = tensors.under(prefix);
    int layers = TensorCheck.layers(module.names(), "layers.");
    return checked(prefix, layout -> finalNorm(module, layout.decoderLayers("", layers))).decoder("", layers);
  }

  /**
   * Makes {@code nn.Transformer}: {@code encoder.} and {@code decoder.} with a final norm each, and a causal mask in the decoder's
   * self-attention.
   *
   * @throws IllegalArgumentException as for {@link #attention}
   */
  public Transformer transformer(String prefix) {
    NamedTensors module = tensors.under(prefix);
    int encoders = TensorCheck.layers(module.under("encoder.").names(), "layers.");
    int decoders = TensorCheck.layers(module.under("decoder.").names(), "layers.");
    TorchModule checked = checked(prefix, layout -> layout.transformer(encoders, decoders));
    return Transformer.of(checked.encoder("encoder.", encoders), checked.decoder("decoder.", decoders));
  }

  private TorchModule checked(String prefix, UnaryOperator<TorchLayout> build) {
    NamedTensors module = tensors.under(prefix);
    boolean biases = build.apply(new TorchLayout(true)).mostBiasesAmong(module.names());
    TorchLayout layout = build.apply(new TorchLayout(biases));
    Map<TorchLayout.Size, Integer> sizes = layout.sizes(tensors, prefix);
    module.check(layout.shapes(sizes));
    return new TorchModule(module, sizes, this);
  }

  /**
   * Adds the final norm if it exists. The user of PyTorch creates this norm separately, so it may have a bias even if the layers have none.
   */
  private static TorchLayout finalNorm(NamedTensors module, TorchLayout layout) {
    Set<String> names = module.names();
    boolean bias = names.contains("norm.bias");
    return bias || names.contains("norm.weight") ? layout.norm("norm.", bias || layout.biases()) : layout;
  }
}
