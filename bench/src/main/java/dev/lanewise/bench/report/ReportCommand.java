package dev.lanewise.bench.report;

import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.report.Case.Chart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Measures a suite of operations and shows the results. */
@Command(
    name = "report",
    sortOptions = false,
    description = "Measures a suite of operations, each in two JVMs of its own, and writes the results as JSON and as one page.",
    footer = {
      "",
      "New files are written again after each case, so that Ctrl-C keeps what has been measured. If --force replaces files, they are"
          + " written at the end, and Ctrl-C keeps the old ones.",
      "",
      "With --against, cases that changed by more than the noise of both runs are marked. The noise of a case is the distance between its"
          + " two JVMs or between its middle and its fastest sample, but at least 10 %%."
    })
public final class ReportCommand extends BenchCommand {
  private static final double QUICK_SECONDS = 0.5;
  private static final double FULL_SECONDS = 3;

  /** JVMs for each case. */
  private static final int FORKS = 2;

  /** A duel takes longer, because its time is that of both programs with their warm-up. Its ratio is no steadier after 4 s than after 2. */
  private static final double QUICK_DUEL_SECONDS = 2;

  private static final double FULL_DUEL_SECONDS = 6;
  private static final double DUEL_FACTOR = 4;

  private final Fork fork;

  @Option(
      names = "--quick",
      description = "The quick suite, at most 5 minutes, and as long again with other programs; this is the default.")
  private boolean quick;

  @Option(names = "--full", description = "The full suite, some 10 minutes, and as long again with other programs.")
  private boolean full;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      defaultValue = "lanewise-report.html",
      description = "The page; the results are written beside it as .json (default: ${DEFAULT-VALUE}).")
  private Path output = Path.of("");

  @Option(names = "--force", description = "Replace existing page and results, once the new ones are complete.")
  private boolean force;

  @Option(names = "--against", paramLabel = "JSON", description = "An earlier run's results to compare with; - is standard input.")
  private @Nullable Path against;

  @Option(names = "--only", paramLabel = "TEXT", description = "Measure only the cases with this in their name, such as decode.")
  private String only = "";

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads that share the work of a case (default: ${DEFAULT-VALUE}, and some cases with other programs also on two).")
  private int threads;

  @Option(names = "--seconds", paramLabel = "SECONDS", description = "How long to measure a case (default: 0.5 quick, 3 full).")
  private @Nullable Double seconds;

  /** Creates the command; picocli sets the options. */
  public ReportCommand() {
    this(new Fork(ChildJvm.ownFlags()));
  }

  ReportCommand(Fork fork) {
    this.fork = fork;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    List<Case> cases = suite().stream().filter(chosen -> chosen.id().contains(only)).toList();
    if (cases.isEmpty()) {
      throw rejected("--only " + only + " is in the name of no case");
    }
    Results before = against == null ? null : Results.read(against);
    Results results = Results.begin(full ? "full" : "quick", threads);
    boolean replaces = Files.exists(output) || Files.exists(jsonFile());
    int failed = measure(cases, results, before, !replaces);
    if (replaces && !results.timings().isEmpty()) {
      write(results, before);
    }
    summarise(results, before, failed);
    return failed == 0 ? 0 : 1;
  }

  /** The chosen suite. Where all cases run on several threads, or the machine has one processor, it has no cases of two threads. */
  private List<Case> suite() {
    boolean twoThreads = threads == 1 && Runtime.getRuntime().availableProcessors() > 1;
    return full ? Suite.full(comparesWithPeers(), twoThreads) : Suite.quick(comparesWithPeers(), twoThreads);
  }

  /** Whether this build has the command that compares with other programs. */
  private boolean comparesWithPeers() {
    CommandSpec program = spec().parent();
    return program != null && program.subcommands().containsKey("duel");
  }

  private void check() {
    if (quick && full) {
      throw rejected("--quick and --full exclude each other");
    }
    requireAtLeast("--threads", threads, 1);
    if (seconds != null && !(seconds > 0 && seconds < Double.POSITIVE_INFINITY)) {
      throw rejected("--seconds is " + seconds + ", must be above 0 and finite");
    }
    if (against != null && Input.obstacle(against).isPresent()) {
      throw rejected("--against " + against + " is no file");
    }
    if (OutputFile.isStream(output)) {
      throw rejected("--output " + output + " is no regular file, which the results need beside it");
    }
    if (against != null && against.toAbsolutePath().normalize().equals(jsonFile().toAbsolutePath().normalize())) {
      throw rejected("--against " + against + " is where the new results would be written; choose another --output");
    }
    for (Path file : List.of(output, jsonFile())) {
      Optional<String> obstacle = OutputFile.obstacle(file, force);
      if (obstacle.isPresent()) {
        throw rejected("--output " + file + obstacle.get());
      }
    }
  }

  private Path jsonFile() {
    String name = String.valueOf(output.getFileName());
    return output.resolveSibling((name.endsWith(".html") ? name.substring(0, name.length() - 5) : name) + ".json");
  }

  /** Measures in rounds: the JVMs of a case are minutes apart, so that their difference shows what else the machine does. */
  private int measure(List<Case> cases, Results results, @Nullable Results before, boolean writesEachCase)
      throws IOException, InterruptedException {
    Map<String, List<JsonObject>> forks = new HashMap<>();
    Set<String> failed = new HashSet<>();
    List<Case> runs = runs(cases);
    try (Progress progress = Progress.of("Measuring", runs.size())) {
      for (int i = 0; i < runs.size(); i++) {
        Case chosen = runs.get(i);
        if (!failed.contains(chosen.id())) {
          try {
            List<JsonObject> earlier = forks.computeIfAbsent(chosen.id(), id -> new ArrayList<>());
            earlier.add(fork.run(arguments(chosen, earlier)));
            results.put(chosen, Results.fastest(earlier));
          } catch (IOException e) {
            results.fail(chosen, String.valueOf(e.getMessage()));
            err().println(chosen.id() + ": " + e.getMessage());
            failed.add(chosen.id());
          }
          if (writesEachCase) {
            write(results, before);
          }
        }
        progress.to(i + 1L);
      }
    }
    return failed.size();
  }

  private void write(Results results, @Nullable Results before) throws IOException {
    results.write(jsonFile());
    OutputFile.write(output, ReportPage.of(results, before));
  }

  /** All runs in order. A duel runs once, because its ratio is steady; other cases run in several JVMs, which may compile differently. */
  private static List<Case> runs(List<Case> cases) {
    List<Case> runs = new ArrayList<>(cases);
    for (int n = 1; n < FORKS; n++) {
      cases.stream().filter(chosen -> chosen.chart() != Chart.PEER).forEach(runs::add);
    }
    return runs;
  }

  /** The arguments of a run; the machine's limits are measured in the first JVM of a case only. */
  private List<String> arguments(Case chosen, List<JsonObject> before) {
    List<String> arguments = new ArrayList<>(chosen.argumentsOn(threads));
    if (!before.isEmpty()) {
      JsonObject first = before.getFirst();
      arguments.add("--limits=" + first.get("fmaPeakGflops").getAsDouble() + "," + first.get("readBandwidth").getAsDouble());
    }
    arguments.addAll(List.of("--seconds", String.format(Locale.ROOT, "%s", time(chosen))));
    return arguments;
  }

  private double time(Case chosen) {
    if (chosen.chart() == Chart.PEER) {
      return seconds == null ? full ? FULL_DUEL_SECONDS : QUICK_DUEL_SECONDS : seconds * DUEL_FACTOR;
    }
    return seconds == null ? full ? FULL_SECONDS : QUICK_SECONDS : seconds;
  }

  private void summarise(Results results, @Nullable Results before, int failed) {
    int measured = results.timings().size();
    out().println(output + ": " + measured + " cases" + (failed > 0 ? ", " + failed + " failed" : ""));
    List<String> unsettled = results.unsettled();
    if (!unsettled.isEmpty()) {
      out().println("not settled when they were measured, as on a busy machine: " + String.join(", ", unsettled));
    }
    if (before != null) {
      Comparison.json(before, results)
          .entrySet()
          .forEach(
              change -> {
                String verdict = change.getValue().getAsJsonObject().get("verdict").getAsString();
                double ratio = change.getValue().getAsJsonObject().get("ratio").getAsDouble();
                if (!verdict.equals(Comparison.Verdict.SAME.name())) {
                  out().printf(Locale.ROOT, "%s: %s, %.2f times%n", change.getKey(), verdict.toLowerCase(Locale.ROOT), ratio);
                }
              });
    }
  }
}
