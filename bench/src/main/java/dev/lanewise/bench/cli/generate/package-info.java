/**
 * Commands for decoder-only language models in folders of published checkpoints.
 *
 * <p>{@link dev.lanewise.bench.cli.generate.GenerateCommand} prints the tokens that follow a prompt, {@link
 * dev.lanewise.bench.cli.generate.QuantiseCommand} writes a folder with narrower weights. Both take {@link
 * dev.lanewise.bench.cli.model.Checkpoints} as the way in: a folder that cannot be loaded is a wrong option, with the message of the
 * library on one line.
 *
 * <p>Standard output of {@code generate} holds the text or the token ids and nothing else, since other programs read it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.generate;
