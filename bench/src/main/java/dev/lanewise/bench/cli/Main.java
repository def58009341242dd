package dev.lanewise.bench.cli;

import dev.lanewise.bench.cli.console.Arguments;
import dev.lanewise.bench.cli.console.OutputFailedException;
import dev.lanewise.bench.cli.console.Printable;
import dev.lanewise.bench.cli.console.StandardStreams;
import dev.lanewise.bench.cli.console.Utf8Jvm;
import dev.lanewise.bench.cli.demo.DemoCommand;
import dev.lanewise.bench.cli.embed.EmbedCommand;
import dev.lanewise.bench.cli.embed.ExportCommand;
import dev.lanewise.bench.cli.embed.RerankCommand;
import dev.lanewise.bench.cli.embed.SimilarCommand;
import dev.lanewise.bench.cli.explain.ExplainCommand;
import dev.lanewise.bench.cli.generate.GenerateCommand;
import dev.lanewise.bench.cli.generate.QuantiseCommand;
import dev.lanewise.bench.cli.learn.LearnCommand;
import dev.lanewise.bench.cli.train.FinetuneCommand;
import dev.lanewise.bench.cli.train.TrainLmCommand;
import dev.lanewise.bench.report.ReportCommand;
import dev.lanewise.bench.throughput.ThroughputCommand;
import dev.lanewise.bench.verify.files.FuzzFilesCommand;
import dev.lanewise.bench.verify.fuzz.FuzzCommand;
import dev.lanewise.bench.verify.soak.SoakCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line of the jar. Exit codes: 0 success, 1 failure, 2 wrong option, 141 the reader of a pipe has closed it. */
@Command(
    name = "lanewise-bench",
    description = "Attention on the JVM's SIMD lanes: a demo on a real model, embeddings of texts, measurements and tests under load.",
    versionProvider = Version.class,
    footer = {
      "",
      "Start java with --add-modules jdk.incubator.vector; without it everything runs on plain Java, many times slower.",
      "",
      "FILE may be - for standard input or output, a pipe or a device. An existing file is replaced only with --force, and only once the"
          + " new one is complete. All text is UTF-8. Write -- before a text that begins with -.",
      "",
      "Exit codes: 0 success; 1 failure, also if standard output or standard error cannot be written; 2 wrong option; 141 the reader of a"
          + " pipe, such as head, has closed it."
    })
public final class Main implements Runnable {
  private static final String LOG_FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";

  private static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          ThroughputCommand.class,
          ExportCommand.class,
          EmbedCommand.class,
          SimilarCommand.class,
          RerankCommand.class,
          ExplainCommand.class,
          GenerateCommand.class,
          QuantiseCommand.class,
          LearnCommand.class,
          TrainLmCommand.class,
          FinetuneCommand.class,
          ReportCommand.class,
          FuzzCommand.class,
          FuzzFilesCommand.class,
          SoakCommand.class);

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

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show the version and end.")
  @SuppressWarnings("UnusedVariable")
  private boolean version;

  private Main() {}

  /** Runs the command that {@code args} name and ends the JVM with its exit code. */
  public static void main(String[] args) {
    if (System.getProperty(LOG_FORMAT_PROPERTY) == null) {
      // The kernels log which path runs, and if it is the slow one, why and which flag helps: one line is enough.
      System.setProperty(LOG_FORMAT_PROPERTY, "%4$s: %5$s%6$s%n");
    }
    StandardStreams streams = StandardStreams.install();
    System.exit(streams.finish(run(args, streams)));
  }

  private static int run(String[] args, StandardStreams streams) {
    try {
      String[] recovered = Arguments.recover(args);
      OptionalInt elsewhere = Utf8Jvm.run(args, recovered);
      return elsewhere.isPresent()
          ? elsewhere.getAsInt()
          : commandLine(recovered).setOut(streams.out()).setErr(streams.err()).execute(recovered);
    } catch (OutputFailedException e) {
      return ExitCode.SOFTWARE;
    } catch (IOException e) {
      streams.err().println("lanewise-bench: " + e.getMessage());
      return ExitCode.USAGE;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.SOFTWARE;
    }
  }

  /**
   * The commands; errors are printed as one line.
   *
   * @param args if the first one names a command, only this one is created: picocli takes a tenth of a second for the options of all
   */
  public static CommandLine commandLine(String... args) {
    CommandLine commandLine = new CommandLine(new Main());
    commands(args).forEach(commandLine::addSubcommand);
    commandLine.getSubcommands().values().forEach(command -> command.getCommandSpec().versionProvider(new Version()));
    return commandLine
        .setExpandAtFiles(false) // a sentence may begin with @
        .setPosixClusteredShortOptionsAllowed(false) // and with -h
        .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF)) // no escapes for terminals
        .setExecutionStrategy(Main::execute)
        .setParameterExceptionHandler(Main::reject)
        .setExecutionExceptionHandler((exception, failed, parsed) -> fail(exception, failed));
  }

  private static List<Class<?>> commands(String[] args) {
    for (Class<?> command : COMMANDS) {
      if (args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0])) {
        return List.of(command);
      }
    }
    return Stream.concat(COMMANDS.stream(), peers().stream()).toList();
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

  /** Runs a command; errors of Java that are no defects of the program become exceptions that {@link #fail} knows. */
  private static int execute(ParseResult parsed) {
    try {
      return new RunLast().execute(parsed);
    } catch (ParameterException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      CommandLine command = parsed.asCommandLineList().getLast();
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof OutputFailedException lost) {
          throw new ExecutionException(command, "lost output", lost);
        }
        if (cause instanceof OutOfMemoryError) {
          throw new ExecutionException(command, "out of memory", outOfMemory(cause));
        }
      }
      throw e;
    }
  }

  private static Exception outOfMemory(Throwable error) {
    long megabytes = Runtime.getRuntime().maxMemory() >> 20;
    return new IllegalStateException(
        "out of memory (" + error.getMessage() + "): the heap may have " + megabytes + " MB; give java more, such as -Xmx2g", error);
  }

  private static int reject(ParameterException exception, String[] args) {
    CommandLine commandLine = exception.getCommandLine();
    CommandSpec command = commandLine.getCommandSpec();
    String message = exception.getMessage() + hint(exception, command, args);
    commandLine.getErr().println(command.qualifiedName() + ": " + Printable.line(message));
    return command.exitCodeOnInvalidInput();
  }

  /** Advice for an argument that was misunderstood; empty if there is none. */
  private static String hint(ParameterException exception, CommandSpec command, String[] args) {
    if (exception.getCause() instanceof InvalidPathException && !Arguments.namesAreUtf8()) {
      return "; for names beyond ASCII start with LC_ALL=C.UTF-8, or with another UTF-8 locale";
    }
    boolean mistaken = exception instanceof UnmatchedArgumentException || exception instanceof MissingParameterException;
    boolean takesText = !command.positionalParameters().isEmpty();
    boolean dash =
        Stream.of(args)
            .takeWhile(arg -> !arg.equals("--"))
            .anyMatch(arg -> arg.length() > 1 && arg.startsWith("-") && !command.optionsMap().containsKey(arg.split("=", 2)[0]));
    return mistaken && takesText && dash ? "; write -- before a text that begins with -" : "";
  }

  /** Prints one line for what can fail outside of this program; anything else is a defect, thrown with its stack trace. */
  private static int fail(Exception exception, CommandLine commandLine) throws Exception {
    if (exception instanceof OutputFailedException) {
      return ExitCode.SOFTWARE; // StandardStreams prints the message
    }
    Exception reason = exception instanceof UncheckedIOException unchecked ? unchecked.getCause() : exception;
    if (OutputFailedException.isClosedPipe(reason)) {
      return StandardStreams.CLOSED_PIPE;
    }
    if (!(reason instanceof IOException || reason instanceof IllegalStateException)) {
      throw exception;
    }
    commandLine.getErr().println(commandLine.getCommandSpec().qualifiedName() + ": " + Printable.line(reason(reason)));
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }

  /** The message; Java's own are often only the name of the file, so the kind of failure is added. */
  private static String reason(Exception exception) {
    String message = String.valueOf(exception.getMessage());
    if (exception instanceof FileSystemException failed && failed.getReason() == null) {
      return message + ": " + failed.getClass().getSimpleName().replace("Exception", "");
    }
    return message;
  }
}
