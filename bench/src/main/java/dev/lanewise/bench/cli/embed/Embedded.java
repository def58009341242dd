package dev.lanewise.bench.cli.embed;

/**
 * A line of text and its embedding.
 *
 * @param line number of the line, from 1
 * @param text text of the line
 * @param embedding a vector of length 1
 */
@SuppressWarnings("ArrayRecordComponent")
record Embedded(long line, String text, float[] embedding) {}
