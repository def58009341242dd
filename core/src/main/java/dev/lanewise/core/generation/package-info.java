/**
 * Generation of tokens: a language model runs, a token is chosen from its logits, and the model runs again.
 *
 * <p>Users come in by {@link dev.lanewise.core.generation.Generator#of}, which runs the loop over the sequences of a batch, and by {@link
 * dev.lanewise.core.generation.Sampling}, which chooses a token.
 *
 * <p>The loop knows a model only by the package-private {@code Passes}: append rows, verify a tree, keep a path. Tests give it a table in
 * place of a model. Nothing of {@code core} depends on this package. Text belongs to {@code core/text}: here are only token ids.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.generation;
