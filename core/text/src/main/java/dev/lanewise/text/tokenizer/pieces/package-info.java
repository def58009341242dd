/**
 * Vocabularies: how a word becomes pieces, and pieces become numbers.
 *
 * <p>The reader of files makes {@link dev.lanewise.text.tokenizer.pieces.PieceModel}s from a {@link
 * dev.lanewise.text.tokenizer.pieces.Vocabulary}.
 *
 * <p>No class here knows the text around a word, or a file.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.pieces;
