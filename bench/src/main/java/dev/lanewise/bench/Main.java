package dev.lanewise.bench;

import dev.lanewise.bench.demo.DemoCommand;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line of the jar. Exit codes: 0 done, 1 failed, 2 wrong option. */
@Command(
    name = "lanewise-bench",
    description = "Attention on the JVM's SIMD lanes: a demo on a real model, and measurements.",
    subcommands = {DemoCommand.class},
    footer = {"", "Start java with --add-modules jdk.incubator.vector; without it everything runs on plain Java, many times slower."})
public final class Main {
  private static final String LOG_FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";

  /** The tokenizer's library reports each GPU that it does not find. Held here, since loggers are otherwise garbage-collected. */
  private static final Logger TOKENIZER_LOGGER = Logger.getLogger("ai.djl");

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this text.")
  @SuppressWarnings("UnusedVariable") // read by picocli
  private boolean help;

  private Main() {}

  /** Runs the command that {@code args} name and ends the JVM with its exit code. */
  public static void main(String[] args) {
    if (System.getProperty(LOG_FORMAT_PROPERTY) == null) {
      System.setProperty(LOG_FORMAT_PROPERTY, "%4$s: %5$s%6$s%n");
    }
    TOKENIZER_LOGGER.setLevel(Level.SEVERE);
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler((exception, args) -> reject(exception))
        .setExecutionExceptionHandler((exception, commandLine, parsed) -> fail(exception, commandLine));
  }

  private static int reject(ParameterException exception) {
    CommandLine commandLine = exception.getCommandLine();
    String name = commandLine.getCommandSpec().qualifiedName();
    commandLine.getErr().println(name + ": " + exception.getMessage() + " (" + name + " --help lists the options)");
    return commandLine.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** What may go wrong outside of this program gets one line; anything else is a defect and shows where. */
  private static int fail(Exception exception, CommandLine commandLine) throws Exception {
    if (!(exception instanceof IOException || exception instanceof IllegalStateException)) {
      throw exception;
    }
    commandLine.getErr().println(commandLine.getCommandSpec().qualifiedName() + ": " + exception.getMessage());
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }
}
