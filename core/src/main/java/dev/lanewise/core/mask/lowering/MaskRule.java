package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.Visibility;
import org.jspecify.annotations.Nullable;

/** What a call asks of its mask. */
public interface MaskRule {

  /**
   * Checks that the mask fits the call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   * @hidden
   */
  void check(Extents extents);

  /**
   * The depth of each node of the tree that the last queries and keys are, by which positions count; null if they are none, or each stands
   * behind the one before it.
   *
   * @throws IllegalArgumentException if there are two different trees
   * @hidden
   */
  int @Nullable [] depths();

  /**
   * Adds the mask to a lowering whose extents have passed {@link #check}.
   *
   * @hidden
   */
  void lower(Lowering lowering);

  /**
   * The mask as the kernels read it, for one call whose extents have passed {@link #check}.
   *
   * @hidden
   */
  default Visibility lower(Extents extents) {
    Lowering lowering = new Lowering(extents);
    lower(lowering);
    return lowering.visibility();
  }
}
