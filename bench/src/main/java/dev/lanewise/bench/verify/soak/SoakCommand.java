package dev.lanewise.bench.verify.soak;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code soak}: interrupts long calls, and makes random calls for minutes while memory is measured. */
@Command(
    name = "soak",
    sortOptions = false,
    description = "Interrupts long calls and times them, then makes random calls on many threads and looks whether memory grows.",
    footer = {
      "",
      "Attention, layers, projections and caches of random shapes run on platform and virtual threads, on helpers of the library and of a",
      "pool of the caller's, and are interrupted at random; an eighth are repeated on one thread and must give the same bits. From time to",
      "time all pause, and after a garbage collection the heap, the process and its threads are measured. Exit code 1: something failed or",
      "grew, or a call took more than 50 ms to stop. Each line is printed as it comes: Ctrl-C keeps what has been seen."
    })
public final class SoakCommand extends BenchCommand {
  /** The number of samples of memory. */
  private static final int SAMPLES = 40;

  /** A sample waits for more than a thousand calls. */
  private static final int EMBED_SAMPLES = 12;

  private static final int EMBED_TEXTS = 300;
  private static final String MODEL = "all-minilm-l6-v2";

  @Option(names = "--minutes", defaultValue = "10", description = "The number of minutes (default: ${DEFAULT-VALUE}).")
  private double minutes;

  @Option(names = "--seed", defaultValue = "20261121", description = "The seed of all shapes and choices (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--op",
      defaultValue = "mixed",
      description =
          "mixed: calls of everything. embed: 64 platform and 1000 virtual threads on one TextEncoder (default: ${DEFAULT-VALUE}).")
  private String op = "mixed";

  @Option(names = "--any-stop-time", description = "Report how long calls take to stop, but do not fail for it: for a busy machine.")
  private boolean anyStopTime;

  /** For picocli, which sets the options. */
  public SoakCommand() {}

  @Override
  public Integer call() throws InterruptedException, IOException {
    requirePositive("--minutes", minutes);
    List<String> faults = new ArrayList<>();
    switch (op) {
      case "mixed" -> {
        faults.addAll(stopTimes());
        faults.addAll(soak(new MixedLoad(seed), SAMPLES));
      }
      case "embed" -> faults.addAll(soak(new EmbedLoad(TextEncoder.load(ModelFiles.onClassPath(MODEL)), EMBED_TEXTS, seed), EMBED_SAMPLES));
      default -> throw rejected("--op is " + op + ", must be mixed or embed");
    }
    faults.forEach(fault -> err().println("soak: " + fault));
    out().println(faults.isEmpty() ? "flat" : "NOT flat, or failed; seed " + seed);
    return faults.isEmpty() ? 0 : 1;
  }

  private List<String> stopTimes() throws InterruptedException {
    out().println(String.format("%-32s %8s", "interrupted", "ms, most"));
    Map<String, Double> longest = new StopTimes(seed).measure();
    longest.forEach((call, seconds) -> out().println(StopTimes.line(call, seconds)));
    out().println();
    double worst = StopTimes.worst(longest);
    boolean slow = worst > StopTimes.LIMIT_SECONDS && !anyStopTime;
    return slow ? List.of(String.format(Locale.ROOT, "a call stopped %.0f ms after it was interrupted", worst * 1e3)) : List.of();
  }

  private List<String> soak(Load load, int sampleCount) throws InterruptedException {
    long start = System.nanoTime();
    double seconds = 60 * minutes;
    Samples samples = new Samples();
    Soak soak = new Soak(load, seed);
    out().println(Samples.Sample.HEADER);
    try (soak;
        Progress progress = Progress.of("Soaking", sampleCount)) {
      for (int sample = 1; sample <= sampleCount && soak.failure() == null; sample++) {
        double wait = seconds * sample / sampleCount - (System.nanoTime() - start) / 1e9;
        Thread.sleep(Math.max(1, (long) (1e3 * wait)));
        out().println(soak.sample(samples, (System.nanoTime() - start) / 1e9).line());
        out().flush();
        progress.to(sample);
      }
    }
    List<String> faults = new ArrayList<>(samples.growth());
    faults.addAll(load.leaks());
    load.close();
    Throwable failure = soak.failure();
    if (failure instanceof OutOfMemoryError error) {
      throw error;
    }
    if (failure != null) {
      failure.printStackTrace(err());
      faults.add("a call failed: " + failure);
    }
    out().println(soak.cancelled() + " calls were interrupted");
    return faults;
  }
}
