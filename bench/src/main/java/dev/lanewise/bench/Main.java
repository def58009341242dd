package dev.lanewise.bench;

import dev.lanewise.bench.demo.DemoCommand;
import dev.lanewise.bench.embed.EmbedCommand;
import dev.lanewise.bench.embed.SimilarCommand;
import dev.lanewise.bench.explain.ExplainCommand;
import dev.lanewise.bench.fuzz.FuzzCommand;
import dev.lanewise.bench.minilm.ExportCommand;
import dev.lanewise.bench.report.ReportCommand;
import dev.lanewise.bench.soak.SoakCommand;
import dev.lanewise.bench.throughput.ThroughputCommand;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line of the jar. Exit codes: 0 done, 1 failed, 2 wrong option. */
@Command(
    name = "lanewise-bench",
    description = "Attention on the JVM's SIMD lanes: a demo on a real model, and measurements.",
    subcommands = {
      DemoCommand.class,
      ThroughputCommand.class,
      ExportCommand.class,
      EmbedCommand.class,
      SimilarCommand.class,
      ExplainCommand.class,
      ReportCommand.class,
      FuzzCommand.class,
      SoakCommand.class
    },
    footer = {"", "Start java with --add-modules jdk.incubator.vector; without it everything runs on plain Java, many times slower."})
public final class Main implements Runnable {
  private static final String LOG_FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";

  private static final List<String> PEERS_COMMANDS =
      List.of("dev.lanewise.bench.peers.PeersCommand", "dev.lanewise.bench.peers.DuelCommand");

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help; COMMAND --help explains a command.")
  @SuppressWarnings("UnusedVariable") // its presence is what counts
  private boolean help;

  private Main() {}

  /** Runs the command that {@code args} name and ends the JVM with its exit code. */
  public static void main(String[] args) {
    if (System.getProperty(LOG_FORMAT_PROPERTY) == null) {
      // The kernels log which path runs, or why it is the slow one and the flag that mends it: one line is enough.
      System.setProperty(LOG_FORMAT_PROPERTY, "%4$s: %5$s%6$s%n");
    }
    System.exit(commandLine().execute(args));
  }

  /** The commands, with errors as one line. */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Main());
    peers().forEach(commandLine::addSubcommand);
    return commandLine
        .setExpandAtFiles(false) // a sentence may begin with @
        .setParameterExceptionHandler((exception, args) -> reject(exception))
        .setExecutionExceptionHandler((exception, failed, parsed) -> fail(exception, failed));
  }

  /** Whether this build has other programs to compare with. */
  public static boolean comparesWithPeers() {
    return !peers().isEmpty();
  }

  /** The commands that only the profile {@code peers} compiles. */
  private static List<Class<?>> peers() {
    List<Class<?>> commands = new ArrayList<>();
    for (String name : PEERS_COMMANDS) {
      try {
        commands.add(Class.forName(name));
      } catch (ClassNotFoundException e) {
        return List.of();
      }
    }
    return commands;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "missing command; one of " + String.join(", ", spec.subcommands().keySet()));
  }

  private static int reject(ParameterException exception) {
    CommandLine commandLine = exception.getCommandLine();
    String message = String.valueOf(exception.getMessage()).lines().findFirst().orElse("wrong option");
    commandLine.getErr().println(commandLine.getCommandSpec().qualifiedName() + ": " + message);
    return commandLine.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** What may go wrong outside of this program gets one line; anything else is a defect and shows where. */
  private static int fail(Exception exception, CommandLine commandLine) throws Exception {
    if (!(exception instanceof IOException || exception instanceof IllegalStateException)) {
      throw exception;
    }
    commandLine.getErr().println(commandLine.getCommandSpec().qualifiedName() + ": " + reason(exception));
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }

  /** Java's own messages are often nothing but the name of the file. */
  private static String reason(Exception exception) {
    String message = String.valueOf(exception.getMessage());
    if (exception instanceof FileSystemException failed && failed.getReason() == null) {
      return message + ": " + failed.getClass().getSimpleName().replace("Exception", "");
    }
    return message;
  }
}
