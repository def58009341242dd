package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import org.jspecify.annotations.Nullable;

/** What a call needs from its mask. */
public interface MaskRule {

  /**
   * Checks that the mask fits the call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   * @hidden
   */
  void check(CallShape shape);

  /**
   * The depth of each node of the mask's tree, whose nodes are the last queries and keys. Positions count depths instead of rows then. The
   * result is null if there is no tree, or if each node is the child of the node before it.
   *
   * @throws IllegalArgumentException if there are two different trees
   * @hidden
   */
  int @Nullable [] depths();

  /**
   * Adds the mask to a lowering whose shape have passed {@link #check}.
   *
   * @hidden
   */
  void lower(Lowering lowering);

  /**
   * The mask as the kernels read it, for one call whose shape have passed {@link #check}.
   *
   * @hidden
   */
  default Visibility lower(CallShape shape) {
    Lowering lowering = new Lowering(shape);
    lower(lowering);
    return lowering.visibility();
  }
}
