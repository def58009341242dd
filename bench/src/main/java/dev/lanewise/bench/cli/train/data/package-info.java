/**
 * What the commands of {@code cli.train} learn from, and what they measure: texts, pairs of texts, pairs that are made up, how well a text
 * compresses, and how well a model finds the right text.
 *
 * <p>{@link dev.lanewise.bench.cli.train.data.Corpus} and {@link dev.lanewise.bench.cli.train.data.PairFile} read files, {@link
 * dev.lanewise.bench.cli.train.data.MadeUpPairs} invents pairs from a seed, {@link dev.lanewise.bench.cli.train.data.Compression} and
 * {@link dev.lanewise.bench.cli.train.data.Retrieval} are the figures.
 *
 * <p>Nothing here may know a model or a layer: data and figures stay the same whatever learns from them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.train.data;
