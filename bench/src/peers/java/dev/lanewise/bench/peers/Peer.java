package dev.lanewise.bench.peers;

/** Another program that computes some of what Lanewise does. */
interface Peer extends AutoCloseable {
  /** Its name with its version. */
  String name();

  /** Attention of many heads, without projections. */
  default PeerTask attention(AttentionTask task) {
    throw missing("attention on its own");
  }

  /** The gradients of attention without projections. */
  default PeerTask backward(BackwardTask task) {
    throw missing("gradients of attention");
  }

  /** The forward and the backward pass of an encoder layer. */
  default PeerTask trainStep(TrainStepTask task) {
    throw missing("gradients of an encoder layer");
  }

  /** A layer: self-attention with its four projections. */
  default PeerTask layer(LayerTask task) {
    throw missing("an attention layer with projections");
  }

  /** A product of two matrices. */
  default PeerTask product(ProductTask task) {
    throw missing("products of matrices that are measured here");
  }

  /** The softmax of rows. */
  default PeerTask softmax(SoftmaxTask task) {
    throw missing("a softmax that is measured here");
  }

  /** The whole model. */
  default PeerTask model(ModelTask task) {
    throw missing("model of this file");
  }

  /** The exception for something that the program does not have. */
  default UnsupportedOperationException missing(String what) {
    return new UnsupportedOperationException(name() + " has no " + what);
  }

  @Override
  default void close() {}
}
