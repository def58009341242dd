/**
 * Commands for files of text and of weights: {@code embed} turns lines of text into vectors, {@code similar} finds the lines that are most
 * like a query, {@code rerank} those that a cross-encoder finds best, {@code export} writes a model as a folder.
 *
 * <p>The commands are the way in. {@code VectorOutput} is where embeddings are written, with {@code JsonLines} and {@code RowFile} as its
 * formats.
 *
 * <p>A file that is written here must stay usable after an interruption: everything before the last flush counts, and {@code --resume}
 * continues behind it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.embed;
