/**
 * The models of commands: which one an option names, how it is used, and folders of models.
 *
 * <p>A command that runs an encoder has {@link dev.lanewise.bench.cli.model.ModelOptions} as a mixin, or {@link
 * dev.lanewise.bench.cli.model.EmbeddingOptions} if it computes vectors. {@link dev.lanewise.bench.cli.model.Checkpoints} writes a folder
 * of a model whole or not at all.
 *
 * <p>No command may look for the files of an encoder in another way, so that all accept the same models and refuse the same options.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.model;
