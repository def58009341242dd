package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import java.util.Objects;

/**
 * Positions that act inside each layer, on queries and keys or on scores: the argument of {@link MultiHeadAttention#withPositions}, {@link
 * TransformerLayer#withPositions} and {@link TransformerStack#withPositions}. {@link InputPositions} act once, before the first layer, and
 * are not of this type.
 */
@SuppressWarnings("exports") // the effect is internal: only layers use it
public sealed interface LayerPositions extends Positions permits Rotary, RotaryEffect, AlibiPositions, RelativePositions, NoPositions {
  /**
   * Returns the attention with the effect of these positions on scores, in place of an earlier one, for calls of this shape. The effect is
   * added to the attention's bias, and follows the tree of its mask, so set the mask before. The last query has the position of the last
   * key, and the position of a node of a {@link Mask#tree} is its depth. Positions without an effect on scores return the attention itself.
   *
   * @param attention with any settings, but without {@link Attention#withAlibi} if these positions are ALiBi
   * @param queries query rows of the later calls, of the longest sequence if sequences are packed
   * @param keys key rows, of the longest sequence if sequences are packed; keys less queries must be the same for each packed sequence
   * @throws IllegalArgumentException if a size is negative, a tree of the mask does not fit, or both have slopes
   */
  default Attention apply(Attention attention, int queries, int keys) {
    return Objects.requireNonNull(attention, "attention");
  }

  /**
   * The effect of these positions on the calls of a layer.
   *
   * @hidden
   */
  PositionEffect effect();
}
