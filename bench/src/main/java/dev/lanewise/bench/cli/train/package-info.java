/**
 * Commands that train: {@code train-lm} makes a small language model of any text, {@code finetune} teaches MiniLM pairs of texts.
 *
 * <p>The commands are the way in. What they learn from and what they measure is in {@code cli.train.data}, the language model is in {@code
 * cli.train.lm}, the text encoder in {@code cli.train.pairs}.
 *
 * <p>A run that was ended in any way continues from its last check-point with the bits of an unbroken run: nothing here may depend on the
 * clock, on the number of threads, or on what an earlier process had in memory.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.train;
