package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.Band;
import dev.lanewise.core.mask.lowering.Lowering;
import org.jspecify.annotations.Nullable;

/** A mask that shows each query one range of keys, the same for all heads. */
sealed interface RangeMask extends Mask
    permits Masks.None,
        Masks.Causal,
        Masks.CausalOffsets,
        Masks.Window,
        Masks.FirstKeys,
        Masks.KeyLengths,
        Masks.QueryLengths,
        Masks.Prefix {

  /** Removes from {@code entry} the keys that this mask hides in a batch entry. */
  void narrow(Band.Entry entry, int batchEntry);

  @Override
  default int @Nullable [] depths() {
    return null;
  }

  @Override
  default void lower(Lowering lowering) {
    for (int b = 0; b < lowering.shape().batch(); b++) {
      narrow(lowering.band().entry(b), b);
    }
  }
}
