/**
 * What happens to a text before it is split: lower case, accents, Unicode forms, replacements.
 *
 * <p>The reader of files makes {@link dev.lanewise.text.tokenizer.normaliser.Normaliser}s. They take and return {@link
 * dev.lanewise.text.tokenizer.normaliser.AlignedText}, which knows for every character the range of the original text.
 *
 * <p>No class here knows a vocabulary or a file. Results must not depend on the JDK's version where Hugging Face's tables are known.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.normaliser;
