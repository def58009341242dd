/**
 * Masks in the form that kernels read: a range of keys for each query, with bits where the range has holes.
 *
 * <p>A mask adds itself to the {@link dev.lanewise.core.mask.lowering.Lowering} of a call.
 *
 * <p>No class here knows which masks exist. None keeps anything of a call after it. Nothing here is exported.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.mask.lowering;
