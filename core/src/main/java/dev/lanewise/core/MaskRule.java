package dev.lanewise.core;

import dev.lanewise.kernels.Visibility;

/** What every {@link Mask} does for a call, behind the public door. */
sealed interface MaskRule extends Mask permits RangeMask, DocumentMask, TreeMask, MatrixMask, MapMask, Masks.Both {

  /** The mask as a rule: each is one. */
  static MaskRule of(Mask mask) {
    return (MaskRule) mask;
  }

  /**
   * Checks that the mask fits the call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  void check(Extents extents);

  /** The mask as the kernels read it, for one call whose extents have passed {@link #check}. */
  Visibility lower(Extents extents);
}
