package dev.lanewise.bench.cli.learn;

import dev.lanewise.bench.cli.console.Progress;
import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Findings;
import dev.lanewise.bench.cli.learn.claim.Variant;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Runs the trainings of all variants, several at the same time, each on one thread. */
final class Trainings {
  private final List<Experiment> experiments;
  private final int seeds;
  private final int threads;
  private final Findings findings = new Findings();
  private final long start = System.nanoTime();
  private volatile boolean stopped;

  Trainings(List<Experiment> experiments, int seeds, int threads) {
    this.experiments = experiments;
    this.seeds = seeds;
    this.threads = threads;
  }

  /** A training. */
  private record Training(Experiment experiment, Variant variant, int seed) {}

  /** The outcomes so far. */
  Findings findings() {
    return findings;
  }

  /** Time since the beginning. */
  double seconds() {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Makes all trainings end at their next step, without an outcome. */
  void stop() {
    stopped = true;
  }

  /** All trainings: those of the first seed, then those of the second. */
  private List<Training> all() {
    return IntStream.rangeClosed(1, seeds)
        .boxed()
        .flatMap(
            seed ->
                experiments.stream()
                    .flatMap(experiment -> experiment.variants().stream().map(variant -> new Training(experiment, variant, seed))))
        .toList();
  }

  /**
   * Runs all trainings.
   *
   * @param messages gets a line for each seed, unless a terminal shows a bar
   */
  void run(PrintWriter messages) throws InterruptedException {
    List<Training> all = all();
    int round = all.size() / seeds;
    try (ExecutorService workers = Executors.newFixedThreadPool(threads, Trainings::daemon);
        Progress progress = Progress.of("Training", all.size())) {
      List<? extends Future<?>> running = all.stream().map(training -> workers.submit(() -> run(training))).toList();
      try {
        for (int i = 0; i < running.size(); i++) {
          await(running.get(i));
          progress.step();
          if ((i + 1) % round == 0 && !Progress.isShown() && !stopped) {
            messages.printf(Locale.ROOT, "seed %d of %d: %.0f s%n", (i + 1) / round, seeds, seconds());
            messages.flush();
          }
        }
      } finally {
        stop(); // before the workers are closed, which waits for the trainings that run
      }
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "training");
    thread.setDaemon(true);
    return thread;
  }

  private void run(Training training) {
    findings.put(
        training.experiment,
        training.variant,
        training.seed,
        training.variant.lesson().run(training.seed, training.seed == 1 && training.variant.showsMap(), () -> stopped));
  }

  private static void await(Future<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (CancellationException e) {
      // stopped, and the findings so far are written
      return;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CancellationException) {
        return;
      }
      throw new IllegalStateException("a training failed: " + e.getCause(), e.getCause());
    }
  }
}
