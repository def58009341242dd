/**
 * How tokens become text again.
 *
 * <p>The reader of files makes {@link dev.lanewise.text.tokenizer.decoder.Decoder}s. Decoding of a whole text and decoding token by token
 * are the same steps, so both give the same characters.
 *
 * <p>No class here knows ids or a file.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.decoder;
