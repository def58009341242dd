/**
 * Pre-tokenizers: how a normalised text is split into words before a vocabulary is asked.
 *
 * <p>The reader of files makes {@link dev.lanewise.text.tokenizer.splitter.Splitter}s.
 *
 * <p>No class here knows a vocabulary or a file. Splitters keep the alignment with the original text.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.splitter;
