package dev.lanewise.text.tokenizer.decoder;

/**
 * One step of a decoder, which makes tokens of tokens. Immutable and thread-safe. Implementations hold back only what later tokens can
 * still change.
 */
public sealed interface DecoderStep
    permits ByteFallbackStep, ByteLevelStep, FuseStep, MetaspaceStep, ReplaceStep, StripStep, SuffixStep, WordPieceStep {}
