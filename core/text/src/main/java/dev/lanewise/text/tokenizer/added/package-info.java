/**
 * Tokens that a file adds to a vocabulary, and that are found in a text before a word is divided: {@code [MASK]}, {@code <|endoftext|>}.
 *
 * <p>{@link dev.lanewise.text.tokenizer.added.AddedTokens} divides a text at them. Hugging Face's rules hold: the leftmost token, and the
 * longest one there.
 *
 * <p>No class here knows a file or the model behind the vocabulary.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.added;
