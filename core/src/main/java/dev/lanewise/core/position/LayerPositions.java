package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.Placement;
import dev.lanewise.core.layer.Encoder;
import dev.lanewise.core.layer.EncoderLayer;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;

/**
 * Positions that act inside of each layer, on queries and keys or on scores: what {@link MultiHeadAttention#withPositions}, {@link
 * EncoderLayer#withPositions} and {@link Encoder#withPositions} take. {@link InputPositions} are none of these: they act once, before the
 * first layer.
 */
@SuppressWarnings("exports") // layers ask for the placement, users do not
public sealed interface LayerPositions extends Positions permits Rotary, AlibiPositions, RelativePositions, NoPositions {
  /**
   * The attention with what these positions add to scores, in place of what others added, for calls of this shape. They add to its bias,
   * and follow the tree of its mask: give it its mask before. The last query stands at the last key, and the nodes of a {@link Mask#tree}
   * at their depth. Positions that leave scores alone return the attention itself.
   *
   * @param attention of any settings, but without {@link Attention#withAlibi} if these positions are ALiBi
   * @param queries query rows of the calls to come, of the longest sequence if they are packed
   * @param keys key rows likewise; packed sequences must each have as many more keys than queries as these say
   * @throws IllegalArgumentException if a size is negative, a tree of the mask does not fit, or both have slopes
   */
  Attention applyTo(Attention attention, int queries, int keys);

  /**
   * What these positions do to the calls of a layer.
   *
   * @hidden
   */
  Placement placement();
}
