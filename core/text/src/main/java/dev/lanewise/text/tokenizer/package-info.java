/**
 * Text to tokens and back, as the tokenizer of a model does it.
 *
 * <p>Users come in by {@link dev.lanewise.text.tokenizer.Tokenizer}, which reads a tokenizer.json; its answer is an {@link
 * dev.lanewise.text.tokenizer.Encoding}. {@link dev.lanewise.text.tokenizer.StreamingDecoder} makes text of tokens as a model generates
 * them.
 *
 * <p>The packages below hold the steps, and none of them is exported. The tables of characters are files of this module where Hugging
 * Face's differ from those of the JDK. No class here knows a model's weights.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.tokenizer;
