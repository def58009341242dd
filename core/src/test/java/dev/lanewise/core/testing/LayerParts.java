package dev.lanewise.core.testing;

import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.kernels.data.Activation;

/** The parts of a layer of an encoder or a decoder; weights depend only on the seed. */
public record LayerParts(LayerShape attention, int hidden, Activation activation, boolean gated, boolean rms, Norm.Placement placement) {
  public static final float EPSILON = 1e-5f;

  /** The shape of cross-attention, whose memory has the same width. */
  public LayerShape cross() {
    return LayerShape.of(attention.embedDim(), attention.numHeads());
  }

  public int embedDim() {
    return attention.embedDim();
  }

  public LayerShape.Weights up() {
    return LayerShape.Weights.of(hidden, embedDim(), 31);
  }

  public LayerShape.Weights gate() {
    return LayerShape.Weights.of(hidden, embedDim(), 32);
  }

  public LayerShape.Weights down() {
    return LayerShape.Weights.of(embedDim(), hidden, 33);
  }

  public float[] normWeight(int which) {
    return Views.randomArray(embedDim(), 1, Problem.SEED + 41 + which);
  }

  public float[] normBias(int which) {
    return Views.randomArray(embedDim(), 0.5, Problem.SEED + 51 + which);
  }

  public Norm norm(int which) {
    return rms ? Norm.rms(normWeight(which), EPSILON) : Norm.layer(normWeight(which), normBias(which), EPSILON);
  }

  public FeedForward feedForward() {
    return gated
        ? FeedForward.gated(linear(gate()), linear(up()), linear(down()), activation)
        : FeedForward.of(linear(up()), linear(down()), activation);
  }

  private static Linear linear(LayerShape.Weights weights) {
    return Linear.of(weights.weight(), weights.bias(), weights.inputs(), weights.outputs());
  }

  public TransformerLayer encoderLayer() {
    return TransformerLayer.encoder(attention.layer(), norm(0), feedForward(), norm(1), placement);
  }

  public TransformerLayer decoderLayer() {
    return TransformerLayer.decoder(attention.layer(), norm(0), cross().layer(), norm(2), feedForward(), norm(1), placement);
  }
}
