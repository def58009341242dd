package dev.lanewise.spark.job.cluster;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;

/**
 * Estimates how long jobs take on 1 to 1 000 executors of one core, from costs that {@link ScaleMeasurements} measures on this machine.
 *
 * <p>A corpus: executors start and load the model at the same time; the driver sends the model to each of them, unless they have it; tasks
 * run in waves; the driver starts tasks and commits their files one after another.
 *
 * <p>One step of decoding: the driver starts a job with a task for each shard, tasks read their keys and values at the same time, and the
 * driver receives and merges the answers one after another.
 *
 * @param start seconds until executors have started
 * @param load seconds until an executor has loaded the model
 * @param modelBytes bytes of the model that the driver sends to each executor; 0 if they have it
 * @param bandwidth bytes a second that the driver sends or receives: an assumption
 * @param text seconds of one core for a text
 * @param taskOfDriver seconds of the driver for starting a task and receiving its result
 * @param taskOfExecutor seconds of an executor for a task, beside its texts or keys
 * @param commit seconds of the driver for committing the file of a task
 * @param job seconds of a job with one empty task
 * @param key seconds of one core for the keys and values of one position
 * @param answerBytes bytes of a shard's answer
 * @param merge seconds of the driver for merging an answer
 */
record ScaleModel(
    double start,
    double load,
    double modelBytes,
    double bandwidth,
    double text,
    double taskOfDriver,
    double taskOfExecutor,
    double commit,
    double job,
    double key,
    double answerBytes,
    double merge) {
  /** Executors in the tables. */
  static final List<Integer> EXECUTORS = List.of(1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000);

  /** A cluster whose executors have this efficiency or more still scales. */
  private static final double LEAST_EFFICIENCY = 0.5;

  /** Bytes a second of a network of 10 Gbit/s. */
  static final double TEN_GIGABIT = 1.25e9;

  /** Seconds of embedding a corpus. */
  double corpus(long texts, int textsPerTask, int executors) {
    long tasks = ceil(texts, textsPerTask);
    long waves = ceil(tasks, executors);
    double work = waves * (Math.min(texts, textsPerTask) * text + taskOfExecutor);
    return start + load + executors * modelBytes / bandwidth + Math.max(work, tasks * taskOfDriver) + tasks * commit;
  }

  /** Seconds of a step of decoding with one shard for each executor. */
  double step(long keys, int executors) {
    return job + (executors - 1) * taskOfDriver + ceil(keys, executors) * key + executors * (answerBytes / bandwidth + merge);
  }

  /** The largest number of executors, of those in the tables, that are at least half used; the first number if there is none. */
  static int stops(IntToDoubleFunction seconds) {
    double one = seconds.applyAsDouble(1);
    return EXECUTORS.stream()
        .filter(n -> one / (n * seconds.applyAsDouble(n)) >= LEAST_EFFICIENCY)
        .reduce((before, next) -> next)
        .orElse(EXECUTORS.getFirst());
  }

  private static long ceil(long number, long divisor) {
    return (number + divisor - 1) / divisor;
  }

  /** Prints a table of both jobs as Markdown. */
  void print(PrintStream out) {
    int perTask = 2000;
    List<Long> corpora = List.of(1_000_000L, 100_000_000L);
    List<Long> contexts = List.of(1_000_000L, 100_000_000L);
    out.println(
        "| executors | 1 M texts, s | speed-up | 100 M texts, s | speed-up | step over 1 M keys, ms | speed-up | 100 M keys, ms | speed-up"
            + " |");
    out.println("|---|---|---|---|---|---|---|---|---|");
    for (int n : EXECUTORS) {
      StringBuilder row = new StringBuilder("| " + n);
      for (long texts : corpora) {
        row.append(cells(corpus(texts, perTask, n), corpus(texts, perTask, 1), 1));
      }
      for (long keys : contexts) {
        row.append(cells(step(keys, n), step(keys, 1), 1e3));
      }
      out.println(row + " |");
    }
    out.printf(
        Locale.ROOT,
        "At least half used up to %d, %d, %d and %d executors.%n",
        stops(n -> corpus(corpora.get(0), perTask, n)),
        stops(n -> corpus(corpora.get(1), perTask, n)),
        stops(n -> step(contexts.get(0), n)),
        stops(n -> step(contexts.get(1), n)));
  }

  private static String cells(double seconds, double one, double unit) {
    return String.format(Locale.ROOT, " | %s | %s", rounded(seconds * unit), rounded(one / seconds));
  }

  private static String rounded(double number) {
    return String.format(Locale.ROOT, number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number);
  }

  /** Prints the costs that the tables are made of. */
  void printCosts(PrintStream out) {
    out.println("| cost | seconds |");
    out.println("|---|---|");
    cost(out, "start of executors", start);
    cost(out, "load of the model", load);
    cost(out, "a text, one core", text);
    cost(out, "a task, driver", taskOfDriver);
    cost(out, "a task, executor", taskOfExecutor);
    cost(out, "commit of a task's file, driver", commit);
    cost(out, "a job with one empty task", job);
    cost(out, "a key and value (8 heads of 64), one core", key);
    cost(out, "merge of an answer, driver", merge);
    out.printf(
        Locale.ROOT,
        "Model: %.0f MB to each executor; answer: %.0f bytes; network of the driver: %.2f GB/s (an assumption).%n",
        modelBytes / 1e6,
        answerBytes,
        bandwidth / 1e9);
  }

  private static void cost(PrintStream out, String name, double seconds) {
    out.printf(Locale.ROOT, "| %s | %.3g |%n", name, seconds);
  }
}
