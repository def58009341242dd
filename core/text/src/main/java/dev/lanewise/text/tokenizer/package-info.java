/**
 * Text to tokens, as the model's own tokenizer divides it.
 *
 * <p>Users come in by {@link dev.lanewise.text.tokenizer.MiniLmTokenizer}; its answer is {@link dev.lanewise.text.tokenizer.Tokens}.
 *
 * <p>The tables of characters are files of this module, not those of the JDK, so that tokens do not change with the version of Java. No
 * class here knows a model's weights.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer;
