/**
 * The command {@code fuzz-files}: damaged files for every reader of the library.
 *
 * <p>{@link dev.lanewise.bench.verify.files.FuzzFilesCommand} takes the {@link dev.lanewise.bench.verify.files.Subject}s, each a small
 * model that is made here by code, lets {@link dev.lanewise.bench.verify.files.FileMutations} change one of its files, and holds {@link
 * dev.lanewise.bench.verify.files.Attempt} against what SECURITY.md promises: what is wrong with a file is an IOException or an
 * IllegalArgumentException that names it, for little memory and time.
 *
 * <p>Nothing here knows what a reader accepts. No file of a published model is in this package.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.files;
