package dev.lanewise.bench.throughput;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.bench.throughput.timing.Stopwatch.Timing;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Times one operation and prints one JSON object on one line; the module's README explains its fields. */
@Command(
    name = "throughput",
    sortOptions = false,
    description = "Times one operation and prints one JSON object on one line.",
    footer = "An operation reads the sizes that concern it: scores, softmax, output and exp work on one head of --queries x --keys.")
public final class ThroughputCommand extends BenchCommand {
  private static final double WARM_UP_SECONDS = 1;

  /** If SECONDS is below 0.5, the warm-up takes at least so many times as long as the measurement. */
  private static final double WARM_UP_FACTOR = 2;

  private static final int MAX_WARM_UP = 10;

  private static final Map<String, Supplier<Kernels>> PATHS =
      Map.of("auto", Kernels::selected, "vector", Kernels::vector, "scalar", Kernels::scalar);

  @Option(
      names = "--op",
      paramLabel = "OP",
      required = true,
      description =
          "What to time: attention, backward, decode, token, encoder, train-step, gemm, scores, softmax, output, exp, fma-peak or"
              + " read-bandwidth.")
  private String op = "";

  @Mixin private ShapeOptions sizes = new ShapeOptions();

  @Mixin private VariantOptions variant = new VariantOptions();

  @Mixin private CacheOptions cache = new CacheOptions();

  @Mixin private ModelOptions model = new ModelOptions();

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Threads that share the work (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--path",
      paramLabel = "PATH",
      defaultValue = "auto",
      description = "Kernels: auto, vector or scalar (default: ${DEFAULT-VALUE}).")
  private String path = "";

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "3",
      description =
          "How long to measure (default: ${DEFAULT-VALUE}). The warm-up before takes at least a second, or 2 * SECONDS if SECONDS is below"
              + " 0.5.")
  private double seconds;

  @Option(
      names = "--limits",
      paramLabel = "N",
      hidden = true,
      split = ",",
      description = "fmaPeakGflops and readBandwidth, where they have been measured just before: they are not measured again then.")
  private List<Double> limits = List.of();

  @Override
  public Integer call() {
    checkOptions();
    try (Team team = new Team(threads)) {
      Setup setup = prepare(() -> new Setup(sizes, variant, cache, model, kernels(), team));
      try (Operation operation = prepare(() -> Operations.named(op).apply(setup))) {
        Limits most = prepare(() -> limits.isEmpty() ? Limits.measure(team) : new Limits(limits.get(0), limits.get(1)));
        Timing timing = Stopwatch.of(Math.min(WARM_UP_SECONDS, WARM_UP_FACTOR * seconds), MAX_WARM_UP, seconds).samples(operation::run);
        Report report = new Report(op, setup.kernels().path(), threads, operation, timing, most, operation.accuracy());
        out().println(report.json());
      }
    }
    return 0;
  }

  private void checkOptions() {
    requireAtLeast("--threads", threads, 1);
    requirePositive("--seconds", seconds);
    if (!limits.isEmpty() && (limits.size() != 2 || !limits.stream().allMatch(limit -> limit > 0))) {
      throw rejected("--limits is " + limits + ", must be two numbers above 0");
    }
    if (op.equals("decode") || op.equals("token")) {
      setStepDefaults();
    }
    if (op.equals("token")) {
      setModelDefaults();
    }
    prepare(
        () -> {
          sizes.check(op);
          Function<Setup, Operation> operation = Operations.named(op);
          variant.check(op, sizes);
          cache.check(op, sizes);
          model.check(op, sizes);
          return operation;
        });
  }

  /** A step of generating text has one query, and keys and values of one width, unless it is said otherwise. */
  private void setStepDefaults() {
    ParseResult given = spec().commandLine().getParseResult();
    if (!given.hasMatchedOption("--queries")) {
      sizes.queries = 1;
    }
    if (!given.hasMatchedOption("--value-dim")) {
      sizes.valueDim = sizes.headDim;
    }
  }

  /** A model has fewer key/value heads than query heads, unless it is said otherwise. */
  private void setModelDefaults() {
    ParseResult given = spec().commandLine().getParseResult();
    if (!given.hasMatchedOption("--heads")) {
      sizes.heads = 16;
      if (!given.hasMatchedOption("--kv-heads")) {
        sizes.keyValueHeads = 4;
      }
    }
  }

  private Kernels kernels() {
    Supplier<Kernels> choice = PATHS.get(path);
    if (choice == null) {
      throw new IllegalArgumentException("--path is " + path + ", must be auto, vector or scalar");
    }
    return choice.get();
  }

  /** Runs a step of the preparation; a failure there is reported as a wrong option. */
  private <T> T prepare(Supplier<T> step) {
    try {
      return step.get();
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw rejected(e.getMessage());
    } catch (OutOfMemoryError e) {
      throw rejected("this needs more memory than the heap has; give java a larger -Xmx");
    }
  }
}
