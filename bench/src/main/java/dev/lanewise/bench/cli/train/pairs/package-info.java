/**
 * Fine-tuning of MiniLM on pairs of texts by InfoNCE: every other text of a batch is a wrong answer to a query.
 *
 * <p>{@link dev.lanewise.bench.cli.train.pairs.PairRun} trains; {@link dev.lanewise.bench.cli.train.pairs.PairBatches} packs the tokens of
 * a batch; {@link dev.lanewise.bench.cli.train.pairs.PairSettings} is what a run is made from.
 *
 * <p>A batch depends on the seed and on its number alone, so a run that continues has the bits of an unbroken one. What is measured is
 * measured with the model for inference that {@code embed} uses, never with the layers that learn.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.train.pairs;
