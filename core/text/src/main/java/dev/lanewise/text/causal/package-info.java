/**
 * Decoder-only language models from published checkpoints: a folder with {@code config.json} and safetensors.
 *
 * <p>Users come in by {@link dev.lanewise.text.causal.CausalModel}, which makes a model of module dev.lanewise.core out of a folder.
 *
 * <p>A family of models is a row of a table: names of keys, names of tensors, and switches. No family has a class of its own. This package
 * knows token ids, but no text and no tokenizer.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.causal;
