/**
 * The command line: {@link dev.lanewise.bench.cli.Main} names the commands, runs one of them and turns every error into one line and an
 * exit code.
 *
 * <p>The launcher jar starts {@code Main}. Each command is a class in the package of its subject; it extends {@link
 * dev.lanewise.bench.cli.console.BenchCommand} and has its options as fields.
 *
 * <p>No other package may use this one: commands know their subject, and only {@code Main} knows all commands. Commands of other programs
 * are found by name, because only the profile {@code peers} compiles them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli;
