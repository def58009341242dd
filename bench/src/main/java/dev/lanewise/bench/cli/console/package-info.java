/**
 * Standard streams and command-line arguments, where the program meets the shell.
 *
 * <p>{@code Main} installs {@code StandardStreams} before a command runs, and recovers the arguments with {@code Arguments} where the
 * locale has damaged them. Commands print to the writers of their {@code CommandSpec} and need to check nothing: a write that fails throws
 * {@code OutputFailedException}, which only {@code Main} handles. {@code Printable} makes a text safe for a terminal.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.console;
