package dev.lanewise.core.weights;

import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.weights.TorchLayout.Size;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes layers from tensors that have been checked against a {@link TorchLayout}.
 *
 * @param tensors the tensors of one module
 * @param sizes the sizes that their shapes consist of
 */
record TorchModule(NamedTensors tensors, Map<Size, Integer> sizes, TorchWeights settings) {

  private int size(Size size, int otherwise) {
    return sizes.getOrDefault(size, otherwise);
  }

  private int embedDim() {
    return size(Size.EMBED_DIM, 0);
  }

  MultiHeadAttention attention(String prefix) {
    float[] bias = optional(prefix + "in_proj_bias");
    int embedDim = embedDim();
    MultiHeadAttention.Builder builder =
        MultiHeadAttention.builder(embedDim, settings.numHeads)
            .sources(size(Size.KEY_INPUT_DIM, embedDim), size(Size.VALUE_INPUT_DIM, embedDim))
            .output(tensors.floats(prefix + "out_proj.weight"), optional(prefix + "out_proj.bias"));
    if (tensors.names().contains(prefix + "in_proj_weight")) {
      return builder.packedInput(tensors.floats(prefix + "in_proj_weight"), bias).build();
    }
    return builder
        .query(tensors.floats(prefix + "q_proj_weight"), part(bias, 0))
        .key(tensors.floats(prefix + "k_proj_weight"), part(bias, 1))
        .value(tensors.floats(prefix + "v_proj_weight"), part(bias, 2))
        .build();
  }

  TransformerLayer encoderLayer(String prefix) {
    return TransformerLayer.encoder(
        attention(prefix + "self_attn."), norm(prefix + "norm1."), feedForward(prefix), norm(prefix + "norm2."), settings.norms);
  }

  TransformerLayer decoderLayer(String prefix) {
    return TransformerLayer.decoder(
        attention(prefix + "self_attn."),
        norm(prefix + "norm1."),
        attention(prefix + "multihead_attn."),
        norm(prefix + "norm2."),
        feedForward(prefix),
        norm(prefix + "norm3."),
        settings.norms);
  }

  TransformerStack encoder(String prefix, int layers) {
    return TransformerStack.of(stack(prefix, layers, this::encoderLayer), finalNorm(prefix + "norm."));
  }

  TransformerStack decoder(String prefix, int layers) {
    return TransformerStack.of(stack(prefix, layers, this::decoderLayer), finalNorm(prefix + "norm."));
  }

  private static <T> List<T> stack(String prefix, int layers, Function<String, T> layer) {
    return IntStream.range(0, layers).mapToObj(i -> layer.apply(TorchLayout.layerPrefix(prefix, i))).toList();
  }

  private FeedForward feedForward(String prefix) {
    int hidden = size(Size.FEED_FORWARD, 0);
    return FeedForward.of(
        linear(prefix + "linear1.", embedDim(), hidden), linear(prefix + "linear2.", hidden, embedDim()), settings.activation);
  }

  private Linear linear(String prefix, int inputs, int outputs) {
    return Linear.of(tensors.floats(prefix + "weight"), optional(prefix + "bias"), inputs, outputs);
  }

  private @Nullable Norm finalNorm(String prefix) {
    return tensors.names().contains(prefix + "weight") ? norm(prefix) : null;
  }

  private Norm norm(String prefix) {
    return Norm.layer(tensors.floats(prefix + "weight"), optional(prefix + "bias"), settings.epsilon);
  }

  private float @Nullable [] optional(String name) {
    return tensors.names().contains(name) ? tensors.floats(name) : null;
  }

  /** The bias of the query, key or value in a packed bias. */
  private float @Nullable [] part(float @Nullable [] packed, int which) {
    return packed == null ? null : Arrays.copyOfRange(packed, which * embedDim(), (which + 1) * embedDim());
  }
}
