package dev.lanewise.core;

/**
 * Positions that act inside of each layer, on queries and keys or on scores: what {@link MultiHeadAttention#withPositions}, {@link
 * EncoderLayer#withPositions} and {@link Encoder#withPositions} take. {@link InputPositions} are none of these: they act once, before the
 * first layer.
 */
public sealed interface LayerPositions extends Positions permits QueryKeyPositions, ScorePositions, NoPositions {}
