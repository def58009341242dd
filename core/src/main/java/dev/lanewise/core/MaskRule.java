package dev.lanewise.core;

import dev.lanewise.kernels.Visibility;

/** What every {@link Mask} does for a call, behind the public door. */
sealed interface MaskRule extends Mask permits RangeMask, DocumentMask, TreeMask, MatrixMask, MapMask, Masks.Both, Masks.Either {

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

  /** Adds the mask to a lowering whose extents have passed {@link #check}. */
  void lower(Lowering lowering);

  /** The mask as the kernels read it, for one call whose extents have passed {@link #check}. */
  default Visibility lower(Extents extents) {
    Lowering lowering = new Lowering(extents);
    lower(lowering);
    return lowering.visibility();
  }
}
