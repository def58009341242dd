package dev.lanewise.bench.cli.embed;

/**
 * A line of text and its embedding.
 *
 * @param line its number, from 1 on
 * @param text what it says
 * @param embedding a vector of length 1
 */
@SuppressWarnings("ArrayRecordComponent")
record Embedded(long line, String text, float[] embedding) {}
