/**
 * Generation of tokens.
 *
 * <p>Users come in by {@link dev.lanewise.core.generation.Sampling}, which chooses a token from the logits of a language model.
 *
 * <p>Nothing of {@code core} depends on this package. Text belongs to {@code core/text}: here are only token ids.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.generation;
