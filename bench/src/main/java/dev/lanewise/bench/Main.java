package dev.lanewise.bench;

import dev.lanewise.bench.demo.DemoCommand;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/** The command line of the jar. Exit codes: 0 done, 1 failed, 2 wrong option. */
@Command(
    name = "lanewise-bench",
    description = "Attention on the JVM's SIMD lanes: a demo on a real model, and measurements.",
    subcommands = {DemoCommand.class},
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = false,
    footer = {"", "Start java with --add-modules jdk.incubator.vector; without it everything runs, slowly, on plain Java."})
public final class Main implements Runnable {
  private static final String LOG_FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";

  /** The tokenizer's library reports each GPU that it does not find. Held here, since loggers are otherwise garbage-collected. */
  private static final Logger TOKENIZER_LOGGER = Logger.getLogger("ai.djl");

  private Main() {}

  /** Runs the command that {@code args} name and ends the JVM with its exit code. */
  public static void main(String[] args) {
    oneLineALogRecord();
    TOKENIZER_LOGGER.setLevel(Level.SEVERE);
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler((exception, args) -> reject(exception))
        .setExecutionExceptionHandler((exception, commandLine, parsed) -> fail(exception, commandLine));
  }

  @Override
  public void run() {
    throw new ParameterException(commandLine(), "no command given");
  }

  private static int reject(ParameterException exception) {
    CommandLine commandLine = exception.getCommandLine();
    String help = commandLine.getCommandSpec().qualifiedName() + " --help";
    commandLine.getErr().println(exception.getMessage().lines().findFirst().orElse("wrong option") + " (see " + help + ")");
    return commandLine.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** What may go wrong outside of this program gets one line; anything else is a defect and shows where. */
  private static int fail(Exception exception, CommandLine commandLine) throws Exception {
    if (!(exception instanceof IOException || exception instanceof IllegalStateException)) {
      throw exception;
    }
    commandLine.getErr().println("lanewise-bench: " + exception.getMessage());
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }

  private static void oneLineALogRecord() {
    @Nullable String chosen = System.getProperty(LOG_FORMAT_PROPERTY);
    if (chosen == null) {
      System.setProperty(LOG_FORMAT_PROPERTY, "%4$s: %5$s%6$s%n");
    }
  }
}
