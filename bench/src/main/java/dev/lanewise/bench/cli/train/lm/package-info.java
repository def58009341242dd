/**
 * The small language model of {@code train-lm}: a decoder-only model whose tokens are bytes, with the parts of Llama.
 *
 * <p>{@link dev.lanewise.bench.cli.train.lm.ByteModel} makes the model that learns, {@link dev.lanewise.bench.cli.train.lm.ByteWindows} its
 * batches, {@link dev.lanewise.bench.cli.train.lm.HeldOut} measures what it has learned with the layers for inference, and {@link
 * dev.lanewise.bench.cli.train.lm.LlamaFolder} writes the folder that {@code generate} loads.
 *
 * <p>A batch depends on the seed and on the number of the step alone, so a run that continues has the bits of an unbroken one.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.train.lm;
