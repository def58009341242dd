package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code fuzz}: random calls of attention against a plain reference, in a JVM for each path. */
@Command(
    name = "fuzz",
    sortOptions = false,
    description = "Makes random calls of attention with every option and compares their results with a plain reference in double.",
    footer = {
      "",
      "A JVM for each path, one after the other, makes the same calls. The command also checks that nothing outside of the results is",
      "written, and that neither threads nor layout change a bit. The first wrong call ends the run. It is made as small as possible while",
      "it is still wrong, and is printed. Ctrl-C ends the run and prints the number of calls. Exit code 1: a call was wrong."
    })
public final class FuzzCommand extends BenchCommand {
  private static final double MOST_MINUTES = 100_000;

  @Option(names = "--minutes", defaultValue = "1", description = "The time for all paths together (default: ${DEFAULT-VALUE}).")
  private double minutes;

  @Option(
      names = "--calls",
      paramLabel = "N",
      description = "The number of calls on each path, however long they take, instead of --minutes.")
  private @Nullable Long calls;

  @Option(
      names = "--digest",
      description =
          "Makes --calls calls on each path without judging them and prints a SHA-256 of the bits of all their results: the same"
              + " calls before and after a change of the library.")
  private boolean digest;

  @Option(names = "--seed", description = "The seed of all calls (default: a random one, which is printed).")
  private @Nullable Long seed;

  @Option(
      names = "--paths",
      split = ",",
      description = "The code to run: bits of a SIMD vector, or scalar (default: those of 512,256,128,scalar that this machine has).")
  private List<String> paths = List.of();

  @Option(names = "--call", paramLabel = "N", description = "Only the call with this number, as a failure names it.")
  private @Nullable Long call;

  @Option(
      names = "--first",
      paramLabel = "N",
      defaultValue = "0",
      description = "The number of the first call (default: ${DEFAULT-VALUE}).")
  private long first;

  @Option(
      names = "--failures",
      paramLabel = "N",
      defaultValue = "1",
      description = "The number of wrong calls that ends a path (default: ${DEFAULT-VALUE}).")
  private int failures;

  @Option(
      names = "--without",
      paramLabel = "TEXT",
      split = ",",
      description = "Leaves out calls whose description, as failures print it, contains one of these texts: a known fault.")
  private List<String> without = List.of();

  @Option(names = "--here", hidden = true, description = "Runs on this JVM's own path, whose name is given.")
  private @Nullable String here;

  private final Map<KernelPath, String> counts = new EnumMap<>(KernelPath.class);
  private final Map<KernelPath, String> digests = new EnumMap<>(KernelPath.class);

  private final List<String> flags;

  /** For picocli, which sets the options. */
  public FuzzCommand() {
    this(ChildJvm.ownFlags());
  }

  /** Starts JVMs with these flags. */
  FuzzCommand(List<String> flags) {
    this.flags = List.copyOf(flags);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<KernelPath> chosen = check();
    long from = seed == null ? ThreadLocalRandom.current().nextLong(1_000_000_000) : seed;
    return here == null ? all(chosen, from) : here(here, from);
  }

  private List<KernelPath> check() {
    if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
      throw rejected("--minutes is " + minutes + ", must be above 0 and at most " + (long) MOST_MINUTES);
    }
    requireAtLeast("--call", call == null ? 0 : call, 0);
    requireAtLeast("--failures", failures, 1);
    requireAtLeast("--first", first, 0);
    requireAtLeast("--calls", calls == null ? 1 : calls, 1);
    if (digest && calls == null) {
      throw rejected("--digest needs --calls");
    }
    if (paths.isEmpty()) {
      return KernelPath.ofThisMachine();
    }
    List<KernelPath> chosen = new ArrayList<>();
    for (String option : paths) {
      chosen.add(KernelPath.of(option).orElseThrow(() -> rejected("--paths has " + option + ", which is none of 512, 256, 128, scalar")));
    }
    if (new HashSet<>(chosen).size() < chosen.size()) {
      throw rejected("--paths has a path twice: " + String.join(",", paths));
    }
    return chosen;
  }

  /** Makes the calls in this JVM. */
  private int here(String expected, long from) {
    String actual = Kernels.selected().path();
    if (!actual.equals(expected)) {
      throw new IllegalStateException("this machine runs " + actual + " instead of " + expected + "; leave it out of --paths");
    }
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    Session session = new Session(CallCheck.real(), from, failures, without, out);
    long most = calls == null ? Long.MAX_VALUE : calls;
    if (digest) {
      session.digest(first, most);
      return 0;
    }
    boolean right = call == null ? session.run(first, most, 60 * (calls == null ? minutes : MOST_MINUTES)) : session.one(call);
    out.flush();
    return right ? 0 : 1;
  }

  private int all(List<KernelPath> chosen, long from) throws IOException, InterruptedException {
    out().println("seed " + from);
    out().flush();
    Thread summary = new Thread(this::summarise);
    Runtime.getRuntime().addShutdownHook(summary);
    boolean right = true;
    long steps = calls == null ? Math.round(600 * minutes / chosen.size()) : calls;
    try (Progress progress = Progress.of("Fuzzing", steps * chosen.size())) {
      for (int n = 0; n < chosen.size(); n++) {
        right &= one(chosen.get(n), arguments(chosen.get(n), from, minutes / chosen.size()), progress, steps * n);
      }
    } finally {
      Runtime.getRuntime().removeShutdownHook(summary);
    }
    summarise();
    return right ? 0 : 1;
  }

  private List<String> arguments(KernelPath path, long from, double time) {
    List<String> arguments =
        new ArrayList<>(List.of("fuzz", "--here", path.path(), "--seed", String.valueOf(from), "--minutes", String.valueOf(time)));
    arguments.addAll(List.of("--first", String.valueOf(first), "--failures", String.valueOf(failures)));
    if (call != null) {
      arguments.addAll(List.of("--call", String.valueOf(call)));
    }
    if (calls != null) {
      arguments.addAll(List.of("--calls", String.valueOf(calls)));
    }
    without.forEach(text -> arguments.addAll(List.of("--without", text)));
    if (digest) {
      arguments.add("--digest");
    }
    return arguments;
  }

  /** Makes all calls on one path, in a JVM of its own; returns whether all were right. */
  private boolean one(KernelPath path, List<String> arguments, Progress progress, long before) throws IOException, InterruptedException {
    long start = System.nanoTime();
    List<String> messages = new ArrayList<>();
    int code =
        path.run(
            flags,
            arguments,
            line -> {
              if (line.startsWith(Session.COUNT)) {
                String count = line.substring(Session.COUNT.length());
                note(counts, path, count);
                long tenths = (System.nanoTime() - start) / 100_000_000;
                progress.to(before + (calls == null ? tenths : Long.parseLong(count.substring(0, count.indexOf(' ')))));
              } else if (line.startsWith(Session.DIGEST)) {
                note(digests, path, line.substring(Session.DIGEST.length()));
              } else if (!line.startsWith("INFO")) {
                messages.add(line);
              }
            });
    if (code != 0) {
      out().println(path.path() + " fails:");
      messages.forEach(out()::println);
      out().flush();
    } else if (call != null) {
      note(counts, path, "1 0");
    }
    return code == 0;
  }

  private synchronized void note(Map<KernelPath, String> notes, KernelPath path, String text) {
    notes.put(path, text);
  }

  /** Prints the number of calls on each path, also when the run is stopped. */
  private synchronized void summarise() {
    counts.forEach(
        (path, count) -> {
          String[] numbers = count.split(" ", 2);
          String beyond = numbers[1] + " beyond the budget of plain float code but within rounding";
          String result = digest ? "digest " + digests.getOrDefault(path, "not done") : beyond;
          out().println(path.path() + ": " + numbers[0] + " calls, " + result);
        });
    out().flush();
  }
}
