/**
 * Special tokens around a text or a pair of texts, and the lists of tokens that they are put around.
 *
 * <p>The reader of files makes {@link dev.lanewise.text.tokenizer.template.Template}s; the tokenizer fills {@link
 * dev.lanewise.text.tokenizer.template.TokenList}s.
 *
 * <p>No class here divides text.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer.template;
