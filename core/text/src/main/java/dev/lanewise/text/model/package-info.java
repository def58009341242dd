/**
 * Encoder models from their files: a folder of a published checkpoint, an ONNX file, or an artifact with an ONNX file inside.
 *
 * <p>Users come in by {@link dev.lanewise.text.model.ModelFiles}, which says where the files are, and {@link
 * dev.lanewise.text.model.EncoderModel}, which reads them: encoder, tokenizer, heads, and what the files say about pooling, prefixes and
 * length.
 *
 * <p>Tensors, graphs and vocabularies are read by other packages. This package joins them and compares what they say: a setting that is not
 * understood is an error, and nothing that changes the numbers is guessed. Nothing here reads from a network, and nothing here pools or
 * batches texts.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.model;
