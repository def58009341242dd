package dev.lanewise.text.causal;

import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerLayer.Sublayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.Architecture.Scoring;
import dev.lanewise.text.causal.Family.Trait;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Makes a model of checked tensors, a layer at a time. */
record Assembly(Architecture model, CausalTensors tensors, Kernels kernels, @Nullable WeightFormat format) {

  LanguageModel languageModel() {
    List<TransformerLayer> layers = IntStream.range(0, model.sizes().layers()).mapToObj(this::layer).toList();
    Linear head = linear(model.tied() ? Part.EMBEDDING : Part.HEAD, 0);
    Embedding embedding = Embedding.tied(model.tied() ? head : linear(Part.EMBEDDING, 0));
    LanguageModel made = LanguageModel.of(embedding, TransformerStack.of(layers, norm(Part.FINAL_NORM, 0)), head);
    if (has(Part.POSITIONS)) {
      made = made.withPositions(Positions.learned(tensors.floats(Part.POSITIONS, 0), model.maxPositions(), model.sizes().width()));
    }
    if (model.family().has(Trait.SCALED_EMBEDDINGS)) {
      made = made.withEmbeddingScale((float) Math.sqrt(model.sizes().width()));
    }
    return model.logitSoftcap() == 0 ? made : made.withLogitSoftcap(model.logitSoftcap());
  }

  private boolean has(Part part) {
    return model.family().has(part);
  }

  private TransformerLayer layer(int layer) {
    return TransformerLayer.of(
        withNorms(Sublayer.self(attention(layer)), Part.BEFORE_ATTENTION, Part.AFTER_ATTENTION, layer),
        withNorms(Sublayer.feedForward(feedForward(layer)), Part.BEFORE_FEED_FORWARD, Part.AFTER_FEED_FORWARD, layer));
  }

  private Sublayer withNorms(Sublayer sublayer, Part before, Part after, int layer) {
    Sublayer normed = sublayer.withNorm(norm(before, layer), Norm.Placement.PRE);
    return has(after) ? normed.withNorm(norm(after, layer), Norm.Placement.OUTPUT) : normed;
  }

  private MultiHeadAttention attention(int layer) {
    Architecture.Sizes sizes = model.sizes();
    MultiHeadAttention.Builder builder =
        MultiHeadAttention.builder(sizes.width(), sizes.heads())
            .keyValueHeads(sizes.keyValueHeads())
            .headDim(sizes.headDim())
            .valueDim(sizes.headDim())
            .output(linear(Part.ATTENTION_OUTPUT, layer));
    inputs(builder, layer);
    if (has(Part.QUERY_NORM)) {
      builder.queryNorm(norm(Part.QUERY_NORM, layer)).keyNorm(norm(Part.KEY_NORM, layer));
    }
    Scoring scoring = model.scoring();
    float scale = (float) (scoring.perLayer() ? scoring.scale() / (layer + 1) : scoring.scale());
    int window = model.windows().get(layer);
    MultiHeadAttention attention =
        builder
            .build()
            .withMask(window == 0 ? Mask.causal() : Mask.window(window - 1, 0))
            .withAttention(
                scores -> scoring.softcap() == 0 ? scores.withScale(scale) : scores.withScale(scale).withSoftcap(scoring.softcap()));
    Rotary rotary = model.rotary();
    return rotary == null ? attention : attention.withPositions(rotary);
  }

  private void inputs(MultiHeadAttention.Builder builder, int layer) {
    if (has(Part.QUERY)) {
      builder.query(linear(Part.QUERY, layer)).key(linear(Part.KEY, layer)).value(linear(Part.VALUE, layer));
    } else {
      builder.query(third(0, layer)).key(third(1, layer)).value(third(2, layer));
    }
  }

  private FeedForward feedForward(int layer) {
    Linear up = linear(Part.UP, layer);
    Linear down = linear(Part.DOWN, layer);
    return has(Part.GATE)
        ? FeedForward.gated(linear(Part.GATE, layer), up, down, model.activation())
        : FeedForward.of(up, down, model.activation());
  }

  private Linear linear(Part part, int layer) {
    // Embeddings stay as they are, also those that are the head.
    return tensors.linear(part, layer, part == Part.EMBEDDING ? null : format).withKernels(kernels);
  }

  /** A third of the outputs of a part. */
  private Linear third(int which, int layer) {
    int width = model.sizes().width();
    return tensors.linear(Part.QUERY_KEY_VALUE, layer, format, which * width, width).withKernels(kernels);
  }

  private Norm norm(Part part, int layer) {
    float[] weight = tensors.floats(part, layer);
    if (!model.family().has(Trait.LAYER_NORMS)) {
      return Norm.rms(weight, model.epsilon()).withKernels(kernels);
    }
    return Norm.layer(weight, tensors.names().bias(part) ? tensors.biases(part, layer) : null, model.epsilon()).withKernels(kernels);
  }
}
