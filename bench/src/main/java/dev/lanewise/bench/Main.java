package dev.lanewise.bench;

import dev.lanewise.bench.throughput.ThroughputCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line: {@code java --add-modules jdk.incubator.vector -jar lanewise-bench.jar COMMAND}. */
@Command(
    name = "lanewise-bench",
    description = "Measures and shows Lanewise. Start java with --add-modules jdk.incubator.vector, or plain Java kernels run.",
    subcommands = ThroughputCommand.class)
public final class Main implements Runnable {
  private static final String LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help; COMMAND --help explains a command.")
  @SuppressWarnings("UnusedVariable") // its presence is what counts
  private boolean help;

  private Main() {}

  /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong option. */
  public static void main(String[] args) {
    if (System.getProperty(LOG_FORMAT) == null) {
      // The kernels log which path runs, or why it is the slow one; one line is enough.
      System.setProperty(LOG_FORMAT, "%4$s: %5$s%n");
    }
    System.exit(commandLine().execute(args));
  }

  /** The commands, with errors as one line and exit code 2. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler(
            (e, args) -> {
              CommandLine command = e.getCommandLine();
              String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong option");
              command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + message);
              return command.getCommandSpec().exitCodeOnInvalidInput();
            });
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "missing command; one of " + String.join(", ", spec.subcommands().keySet()));
  }
}
