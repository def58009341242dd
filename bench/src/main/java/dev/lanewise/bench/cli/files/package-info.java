/**
 * Files that commands read and write.
 *
 * <p>{@link dev.lanewise.bench.cli.files.Input} opens texts and refuses everything that looks like another kind of file, and {@link
 * dev.lanewise.bench.cli.files.TextLines} reads their lines. {@link dev.lanewise.bench.cli.files.OutputFile} writes a file whole or not at
 * all. {@link dev.lanewise.bench.cli.files.Resource} reads texts that are part of the program.
 *
 * <p>No command may open a user's file in another way: that a file is replaced only on request, and only by a whole one, is decided here.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.files;
