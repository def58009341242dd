/**
 * Encoders of the BERT family: embeddings of tokens, positions and token types, and encoder layers.
 *
 * <p>Users come in by {@link dev.lanewise.text.bert.BertWeights}, which makes a {@link dev.lanewise.text.bert.BertEncoder} of the tensors
 * of a checkpoint, or a {@link dev.lanewise.text.bert.TrainableBert}, which learns and is written under the same names.
 *
 * <p>Layers and attention belong to the module dev.lanewise.core. This package knows token ids, but no text and no tokenizer.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text.bert;
