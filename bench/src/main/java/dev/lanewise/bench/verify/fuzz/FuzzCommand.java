package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Random calls of attention against a plain reference. */
@Command(
    name = "fuzz",
    sortOptions = false,
    description = "Makes random calls of attention, of every option, and compares what comes of them with a plain reference in double.",
    footer = {
      "",
      "A JVM for each path, one after the other, all with the same calls. Besides the numbers it checks that nothing outside of the"
          + " results",
      "is written, and that neither threads nor layout change a bit. The first call that is wrong ends the run, is made as small as it may",
      "be while it is still wrong, and is printed. Ctrl-C ends the run and says how many calls were made. Exit code 1: a call was wrong."
    })
public final class FuzzCommand implements Callable<Integer> {
  private static final double MOST_MINUTES = 100_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  @Option(names = "--minutes", defaultValue = "1", description = "How long, all paths together (default: ${DEFAULT-VALUE}).")
  private double minutes;

  @Option(names = "--calls", paramLabel = "N", description = "How many calls on each path, however long they take, in place of --minutes.")
  private @Nullable Long calls;

  @Option(
      names = "--digest",
      description =
          "Makes --calls calls on each path without judging them and prints a SHA-256 of the bits of all their results: the same"
              + " calls before and after a change of the library.")
  private boolean digest;

  @Option(names = "--seed", description = "What the calls depend on (default: a random one, which is printed).")
  private @Nullable Long seed;

  @Option(
      names = "--paths",
      split = ",",
      defaultValue = "512,256,128,scalar",
      description = "Which code: bits of a SIMD vector, or scalar (default: ${DEFAULT-VALUE}).")
  private List<String> paths = List.of();

  @Option(names = "--call", paramLabel = "N", description = "Only the call of this number, as a failure names it.")
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
      description = "How many wrong calls end a path (default: ${DEFAULT-VALUE}).")
  private int failures;

  @Option(
      names = "--without",
      paramLabel = "TEXT",
      split = ",",
      description = "Leaves out calls whose description, as failures print it, has one of these: a fault that is known.")
  private List<String> without = List.of();

  @Option(names = "--here", hidden = true, description = "On this JVM's own path, whose name is given.")
  private @Nullable String here;

  private final Map<KernelPath, String> counts = new EnumMap<>(KernelPath.class);
  private final Map<KernelPath, String> digests = new EnumMap<>(KernelPath.class);

  /** For picocli, which sets the options. */
  public FuzzCommand() {}

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
    if (call != null && call < 0) {
      throw rejected("--call is " + call + ", must be at least 0");
    }
    if (failures < 1) {
      throw rejected("--failures is " + failures + ", must be at least 1");
    }
    if (first < 0) {
      throw rejected("--first is " + first + ", must be at least 0");
    }
    if (calls != null && calls < 1) {
      throw rejected("--calls is " + calls + ", must be at least 1");
    }
    if (digest && calls == null) {
      throw rejected("--digest needs --calls");
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

  /** What a child does. */
  private int here(String expected, long from) {
    String actual = Kernels.selected().path();
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    if (!actual.equals(expected)) {
      throw new IllegalStateException("this machine runs " + actual + " where " + expected + " was asked for; leave it out of --paths");
    }
    Session session = new Session(Trial.real(), from, failures, without, out);
    if (digest) {
      session.digest(first, most());
      return 0;
    }
    boolean right = call == null ? session.run(first, most(), minutes() * 60) : session.one(call);
    out.flush();
    return right ? 0 : 1;
  }

  private long most() {
    return calls == null ? Long.MAX_VALUE : calls;
  }

  private double minutes() {
    return calls == null ? minutes : MOST_MINUTES;
  }

  private int all(List<KernelPath> chosen, long from) throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    out.println("seed " + from);
    out.flush();
    Thread farewell = new Thread(this::summarise);
    Runtime.getRuntime().addShutdownHook(farewell);
    int failed = 0;
    long whole = calls == null ? Math.round(600 * minutes) : calls * chosen.size();
    try (Progress progress = Progress.of("Fuzzing", whole)) {
      for (int n = 0; n < chosen.size(); n++) {
        failed += one(chosen.get(n), from, minutes / chosen.size(), progress, whole * n / chosen.size()) ? 0 : 1;
      }
    } finally {
      Runtime.getRuntime().removeShutdownHook(farewell);
    }
    summarise();
    return failed == 0 ? 0 : 1;
  }

  private boolean one(KernelPath path, long from, double time, Progress progress, long before) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("fuzz", "--here", path.path(), "--seed", String.valueOf(from)));
    arguments.addAll(List.of("--minutes", String.valueOf(time), "--first", String.valueOf(first)));
    arguments.addAll(List.of("--failures", String.valueOf(failures)));
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
    long start = System.nanoTime();
    List<String> said = new ArrayList<>();
    int code =
        path.run(
            arguments,
            line -> {
              if (line.startsWith(Session.COUNT)) {
                String count = line.substring(Session.COUNT.length());
                counted(path, count);
                progress.to(
                    before
                        + (calls == null
                            ? (System.nanoTime() - start) / 100_000_000
                            : Long.parseLong(count.substring(0, count.indexOf(" ")))));
              } else if (line.startsWith(Session.DIGEST)) {
                digested(path, line.substring(Session.DIGEST.length()));
              } else {
                said.add(line);
              }
            });
    if (code != 0) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(path.path() + " fails:");
      said.stream().filter(line -> !line.startsWith("INFO")).forEach(out::println);
      out.flush();
    } else if (call != null) {
      counted(path, "1 0");
    }
    return code == 0;
  }

  private synchronized void counted(KernelPath path, String count) {
    counts.put(path, count);
  }

  private synchronized void digested(KernelPath path, String sum) {
    digests.put(path, sum);
  }

  /** How many calls were made, path by path; also where somebody stops the run. */
  private synchronized void summarise() {
    PrintWriter out = spec.commandLine().getOut();
    counts.forEach(
        (path, count) -> {
          String[] numbers = count.split(" ", 2);
          String beyond = numbers[1] + " beyond the budget of plain float code but within rounding";
          out.println(
              path.path() + ": " + numbers[0] + " calls, " + (digest ? "digest " + digests.getOrDefault(path, "not done") : beyond));
        });
    out.flush();
  }

  private ParameterException rejected(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
