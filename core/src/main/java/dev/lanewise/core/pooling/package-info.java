/**
 * One row for each sequence, and attention outside of transformers.
 *
 * <p>Users come in by {@link dev.lanewise.core.pooling.Pooling} and {@link dev.lanewise.core.pooling.AttentionPooling} for a sequence's one
 * row, by {@link dev.lanewise.core.pooling.RecurrentAttention} for recurrent decoders, and by {@link dev.lanewise.core.pooling.Neighbours}
 * for baselines without attention.
 *
 * <p>Nothing else in the module depends on this package. Padding is never read here.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.pooling;
