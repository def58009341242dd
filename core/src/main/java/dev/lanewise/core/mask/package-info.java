/**
 * Masks: which keys a query sees.
 *
 * <p>Users come in by the factories of {@link dev.lanewise.core.mask.Mask} and join masks with {@code and} and {@code or}. A mask states
 * its formula, checks that it fits a call, and describes itself to {@code mask.lowering}.
 *
 * <p>A mask holds no scores and knows no kernel. A new mask shows ranges of keys if it can, because kernels skip whole tiles of a range.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.mask;
