package dev.lanewise.text.tokenizer.file;

import dev.lanewise.text.tokenizer.added.AddedTokens;
import dev.lanewise.text.tokenizer.decoder.Decoder;
import dev.lanewise.text.tokenizer.normaliser.Normaliser;
import dev.lanewise.text.tokenizer.pieces.PieceModel;
import dev.lanewise.text.tokenizer.splitter.Splitter;
import dev.lanewise.text.tokenizer.template.PostProcessor;
import dev.lanewise.text.tokenizer.template.Truncation;
import org.jspecify.annotations.Nullable;

/**
 * What a file says about a tokenizer.
 *
 * @param truncation null for none
 */
public record TokenizerParts(
    AddedTokens added,
    Normaliser normaliser,
    Splitter splitter,
    PieceModel model,
    PostProcessor postProcessor,
    Decoder decoder,
    @Nullable Truncation truncation) {}
