/**
 * Text in, text out: vectors of texts, scores of pairs of texts, and texts that follow a prompt.
 *
 * <p>Users come in by {@link dev.lanewise.text.TextEncoder}, {@link dev.lanewise.text.Reranker} and {@link
 * dev.lanewise.text.TextGenerator}. The first two read a {@link dev.lanewise.text.model.EncoderModel}, the last one a {@link
 * dev.lanewise.text.causal.CausalModel}. {@link dev.lanewise.text.LongTexts} says what happens to texts that are too long.
 *
 * <p>{@code TextTokens} divides texts into tokens, {@code TokenGroups} packs them, and {@code PackedEncoder} runs the encoder over the
 * groups. Tokenizers, models and files are in packages of their own, and nothing of their work is repeated here. Nothing here reads from a
 * network.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text;
