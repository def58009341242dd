/**
 * Models that read text.
 *
 * <p>Users come in by {@link dev.lanewise.text.MiniLm}: text in, one vector for each text out. {@link dev.lanewise.text.MiniLmArtifact}
 * finds the model's files on the class path.
 *
 * <p>This package joins a tokenizer, an encoder and a file of weights. Each of these is in a package of its own, and nothing of their work
 * is repeated here. Nothing here reads from a network.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.text;
