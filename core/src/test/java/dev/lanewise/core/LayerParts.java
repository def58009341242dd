package dev.lanewise.core;

import dev.lanewise.kernels.data.Activation;

/** What a layer of an encoder or a decoder is made of; weights depend on the seed alone. */
record LayerParts(LayerShape attention, int hidden, Activation activation, boolean gated, boolean rms, NormPlacement placement) {
  static final float EPSILON = 1e-5f;

  /** Cross-attention looks at rows of the same width. */
  LayerShape cross() {
    return LayerShape.of(attention.embedDim(), attention.numHeads());
  }

  int embedDim() {
    return attention.embedDim();
  }

  LayerShape.Weights up() {
    return LayerShape.Weights.of(hidden, embedDim(), 31);
  }

  LayerShape.Weights gate() {
    return LayerShape.Weights.of(hidden, embedDim(), 32);
  }

  LayerShape.Weights down() {
    return LayerShape.Weights.of(embedDim(), hidden, 33);
  }

  float[] normWeight(int which) {
    return Views.randomArray(embedDim(), 1, Problem.SEED + 41 + which);
  }

  float[] normBias(int which) {
    return Views.randomArray(embedDim(), 0.5, Problem.SEED + 51 + which);
  }

  Norm norm(int which) {
    return rms ? Norm.rms(normWeight(which), EPSILON) : Norm.layer(normWeight(which), normBias(which), EPSILON);
  }

  FeedForward feedForward() {
    return gated
        ? FeedForward.gated(linear(gate()), linear(up()), linear(down()), activation)
        : FeedForward.of(linear(up()), linear(down()), activation);
  }

  private static Linear linear(LayerShape.Weights of) {
    return Linear.of(of.weight(), of.bias(), of.inputs(), of.outputs());
  }

  EncoderLayer encoderLayer() {
    return EncoderLayer.of(attention.layer(), norm(0), feedForward(), norm(1), placement);
  }

  DecoderLayer decoderLayer() {
    return DecoderLayer.of(attention.layer(), norm(0), cross().layer(), norm(2), feedForward(), norm(1), placement);
  }
}
