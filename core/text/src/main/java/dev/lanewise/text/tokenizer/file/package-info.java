/**
 * Reads tokenizer.json and vocab.txt.
 *
 * <p>{@link dev.lanewise.text.tokenizer.Tokenizer} comes in by {@link dev.lanewise.text.tokenizer.file.TokenizerFile}. One factory class
 * reads each section of the file.
 *
 * <p>A type or a field that is not known is an {@link java.io.IOException} of one line that names it; nothing is ignored silently. Memory
 * is bounded: the vocabulary and the merges are read as a stream, the rest has a limit.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.file;
