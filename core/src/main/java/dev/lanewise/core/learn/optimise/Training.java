package dev.lanewise.core.learn.optimise;

import dev.lanewise.kernels.runtime.Checks;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The loop of a run: forward and backward passes of the caller, the mean gradient of several batches, clipping, the learning rate, a step
 * of the optimiser, progress, and checkpoints. Immutable.
 *
 * <pre>{@code
 * Training training =
 *     Training.of(optimiser, Schedule.cosine(0.01, 200).withWarmUp(20))
 *         .withClip(GradientClip.globalNorm(1))
 *         .withCheckpoints(path, 50)
 *         .withListener(progress -> progress.loss() > 0.001); // false ends the run
 * boolean finished =
 *     training.run(
 *         200,
 *         number -> { // the number of the batch, from 0: it chooses the rows, and the random numbers of dropout
 *           model.forward(x, y, trace.train(seed, number));
 *           double loss = CrossEntropy.standard().compute(y, targets, y);
 *           model.backward(trace, y, null);
 *           return new Training.Batch(loss, x.rows());
 *         });
 * }</pre>
 *
 * <p><b>Continuing.</b> A run whose checkpoint file exists continues from it, if it has at least as many steps as the optimiser. A run that
 * was killed anywhere therefore ends with the bits of an unbroken run, if the same batch numbers (or positions, see {@link Task#seek}) give
 * the same gradients. A file that is no complete checkpoint ends the run with an exception before anything changes.
 *
 * <p><b>Stopping.</b> A loss or a gradient that is NaN or infinite ends the run with an {@link ArithmeticException} before parameters
 * change; the last checkpoint stays as it is. An interrupt of the thread ends it with a {@link java.util.concurrent.CancellationException},
 * and Ctrl-C or the end of the JVM ends it too; both write a last checkpoint first. In each case parameters, optimiser and data are those
 * after the last complete step, and {@link #run} may be called again.
 */
public final class Training {
  private final Settings settings;

  private Training(Settings settings) {
    this.settings = settings;
  }

  /**
   * The settings of a run.
   *
   * @param path the file of checkpoints, or null for none
   * @param everySteps steps between two checkpoints
   * @param everyNanos nanoseconds between two checkpoints
   */
  record Settings(
      Optimiser optimiser,
      Schedule schedule,
      int accumulation,
      GradientClip clip,
      Listener listener,
      @Nullable Path path,
      long everySteps,
      long everyNanos) {}

  /** Training without accumulation, clipping and checkpoints. */
  public static Training of(Optimiser optimiser, Schedule schedule) {
    Objects.requireNonNull(optimiser, "optimiser");
    Objects.requireNonNull(schedule, "schedule");
    GradientClip clip = GradientClip.globalNorm(Double.POSITIVE_INFINITY);
    return new Training(new Settings(optimiser, schedule, 1, clip, progress -> true, null, Long.MAX_VALUE, Long.MAX_VALUE));
  }

  /** The forward and backward pass of a batch, and the data that batches come from. */
  @FunctionalInterface
  public interface Task {
    /**
     * Computes the loss of a batch and adds its gradients to those of the parameters.
     *
     * @param number the number of the batch in the run, from 0; it counts every batch, also those of one step
     */
    Batch batch(long number);

    /** Where the data is, for a checkpoint: nothing if the number of a batch determines its rows. Called after each step. */
    default Map<String, Long> position() {
      return Map.of();
    }

    /** Moves the data to a {@link #position} of before, when a run continues or has stopped within a step. */
    default void seek(Map<String, Long> position) {}
  }

  /**
   * What a batch gave.
   *
   * @param loss its loss, a mean over its rows
   * @param rows its number of rows, for progress only
   */
  public record Batch(double loss, long rows) {}

  /** Receives progress after each step, on the thread of the run. */
  @FunctionalInterface
  public interface Listener {
    /** Returns whether the run continues; false ends it with a checkpoint. */
    boolean step(Progress progress);
  }

  /**
   * A complete step.
   *
   * @param step the number of complete steps
   * @param steps the number of steps of the run
   * @param loss the mean loss of the step's batches
   * @param learningRate the learning rate of the step
   * @param gradientNorm the global norm of the mean gradient, before clipping
   * @param rowsPerSecond rows of the step's batches by the time of the step
   */
  public record Progress(long step, long steps, double loss, double learningRate, double gradientNorm, double rowsPerSecond) {}

  /**
   * Returns a copy that makes each step of several batches. The gradient is the mean of theirs: for batches of equal size, that of one
   * large batch.
   *
   * @param batches batches of a step, at least 1
   */
  public Training withAccumulation(int batches) {
    Checks.atLeast("batches", batches, 1);
    Settings s = settings;
    return new Training(new Settings(s.optimiser, s.schedule, batches, s.clip, s.listener, s.path, s.everySteps, s.everyNanos));
  }

  /** Returns a copy that clips the gradient of each step. */
  public Training withClip(GradientClip clip) {
    Objects.requireNonNull(clip, "clip");
    Settings s = settings;
    return new Training(new Settings(s.optimiser, s.schedule, s.accumulation, clip, s.listener, s.path, s.everySteps, s.everyNanos));
  }

  /** Returns a copy that reports each step to a listener, instead of another one. */
  public Training withListener(Listener listener) {
    Objects.requireNonNull(listener, "listener");
    Settings s = settings;
    return new Training(new Settings(s.optimiser, s.schedule, s.accumulation, s.clip, listener, s.path, s.everySteps, s.everyNanos));
  }

  /**
   * Returns a copy that writes a checkpoint at the start, after every {@code steps} steps, and at the end of the run.
   *
   * @param path the file; a run continues from it if it exists
   * @param steps at least 1
   */
  public Training withCheckpoints(Path path, long steps) {
    Checks.atLeast("steps", steps, 1);
    return withCheckpoints(path, steps, Long.MAX_VALUE);
  }

  /**
   * Returns a copy that writes a checkpoint at the start, after the first step that ends when some time has passed, and at the end of the
   * run.
   *
   * @param path the file; a run continues from it if it exists
   * @param time not negative
   */
  public Training withCheckpoints(Path path, Duration time) {
    Objects.requireNonNull(time, "time");
    Checks.atLeast("time", time.toSeconds(), 0);
    return withCheckpoints(path, Long.MAX_VALUE, time.toNanos());
  }

  private Training withCheckpoints(Path path, long everySteps, long everyNanos) {
    Objects.requireNonNull(path, "path");
    Settings s = settings;
    return new Training(new Settings(s.optimiser, s.schedule, s.accumulation, s.clip, s.listener, path, everySteps, everyNanos));
  }

  /**
   * Runs until the optimiser has made a number of steps, those of earlier calls and of a checkpoint included.
   *
   * @param steps the number of steps of the whole run, at least 0
   * @param task the passes of a batch; its exceptions end the run
   * @return whether all steps have been made: false if the listener or the end of the JVM stopped the run
   * @throws ArithmeticException if a loss or a gradient is NaN or infinite; the message has the number of the step
   * @throws java.util.concurrent.CancellationException if the thread is interrupted; its interrupt status stays set
   * @throws java.io.UncheckedIOException if a checkpoint cannot be read or written
   * @throws IllegalArgumentException if the checkpoint has other parameters or another kind of optimiser
   */
  public boolean run(long steps, Task task) {
    Checks.atLeast("steps", steps, 0);
    Objects.requireNonNull(task, "task");
    return new TrainingRun(settings, steps, task).run();
  }
}
