package dev.lanewise.core.layer;

/**
 * Position of the norm in a layer.
 *
 * <p>For an example see {@link EncoderLayer}.
 */
public enum NormPlacement {
  /** Before each sublayer: x + sublayer(norm(x)). The rows are summed from layer to layer, so a norm after the last layer is usual. */
  PRE,
  /** After each sum: norm(x + sublayer(x)), as in "Attention Is All You Need" and BERT. */
  POST
}
