/**
 * What all commands share around them: arguments as the shell gave them, standard streams that report lost output, progress bars, other
 * JVMs of the same program, and the base class of the commands.
 *
 * <p>{@link dev.lanewise.bench.cli.console.BenchCommand} is the way in for a command, {@link
 * dev.lanewise.bench.cli.console.StandardStreams} and {@link dev.lanewise.bench.cli.console.Arguments} are for {@code Main}.
 *
 * <p>Nothing here knows a command: the main class is known by its name alone. Nothing else in bench may start a JVM or write to {@code
 * System.out} directly.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.console;
