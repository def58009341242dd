package dev.lanewise.bench.cli.learn.model;

import java.util.List;

/**
 * The attention weights of one sequence.
 *
 * @param queries texts of the rows
 * @param keys texts of the columns
 * @param answers for each query the keys that its answer depends on
 * @param weights heads × queries × keys
 */
public record AttentionMap(List<String> queries, List<String> keys, int[][] answers, float[][][] weights) {}
