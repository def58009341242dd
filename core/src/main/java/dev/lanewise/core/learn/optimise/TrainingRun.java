package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.optimise.Training.Batch;
import dev.lanewise.core.learn.optimise.Training.Progress;
import dev.lanewise.core.learn.optimise.Training.Settings;
import dev.lanewise.core.learn.optimise.Training.Task;
import dev.lanewise.kernels.runtime.Interruption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One call of {@link Training#run}. */
final class TrainingRun {
  private static final double NANOS = 1e9;

  private final Settings settings;
  private final Optimiser optimiser;
  private final long steps;
  private final Task task;

  /** The position of the data after the last complete step. */
  private Map<String, Long> position;

  private long savedStep = -1;
  private long savedNanos = System.nanoTime();

  TrainingRun(Settings settings, long steps, Task task) {
    this.settings = settings;
    this.optimiser = settings.optimiser();
    this.steps = steps;
    this.task = task;
    this.position = Map.copyOf(task.position());
  }

  boolean run() {
    Interruption.check();
    open();
    if (settings.path() == null) {
      return loop(null);
    }
    StopAtExit exit = StopAtExit.begin(this::save);
    try {
      return loop(exit);
    } finally {
      exit.end();
    }
  }

  /** Continues from the checkpoint, or writes the first one, which finds a path that cannot be written before any work. */
  private void open() {
    Path path = settings.path();
    if (path == null) {
      return;
    }
    if (!Files.exists(path)) {
      save();
      return;
    }
    try {
      if (Checkpoint.read(path).step() >= optimiser.steps()) {
        position = Checkpoint.load(path, optimiser).position();
        savedStep = optimiser.steps();
        task.seek(position);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean loop(@Nullable StopAtExit exit) {
    boolean goesOn = true;
    while (goesOn && optimiser.steps() < steps) {
      try {
        Interruption.check();
        goesOn = settings.listener().step(step()); // a listener that measures may end by an interrupt, as a step does
      } catch (RuntimeException e) {
        backToLastStep();
        boolean stopped = exit != null && exit.isStopping();
        if (stopped || Thread.currentThread().isInterrupted()) {
          save();
        }
        if (stopped) {
          return false;
        }
        throw e;
      }
      goesOn = goesOn && (exit == null || !exit.isStopping());
      if (isDue()) {
        save();
      }
    }
    save();
    return optimiser.steps() >= steps;
  }

  private Progress step() {
    long start = System.nanoTime();
    long step = optimiser.steps();
    int batches = settings.accumulation();
    optimiser.clearGradients();
    double loss = 0;
    long rows = 0;
    for (int part = 0; part < batches; part++) {
      Batch batch = task.batch(step * batches + part);
      checkFinite("loss", batch.loss(), step);
      loss += batch.loss();
      rows += batch.rows();
    }
    double norm = settings.clip().norm(optimiser.parameters()) / batches;
    checkFinite("norm of the gradients", norm, step);
    double rate = settings.schedule().rate(step);
    optimiser.step(rate, settings.clip().factor(norm) / batches);
    position = Map.copyOf(task.position());
    double seconds = Math.max(1, System.nanoTime() - start) / NANOS;
    return new Progress(optimiser.steps(), steps, loss / batches, rate, norm, rows / seconds);
  }

  private void checkFinite(String what, double value, long step) {
    if (!Double.isFinite(value)) {
      String saved = settings.path() == null ? "" : "; the checkpoint " + settings.path() + " is of step " + savedStep;
      throw new ArithmeticException(
          "the " + what + " is " + value + " in step " + (step + 1) + " of " + steps + ": parameters are those after step " + step + saved);
    }
  }

  /** Forgets the gradients and the data of a step that is not complete. */
  private void backToLastStep() {
    optimiser.clearGradients();
    task.seek(position);
  }

  private boolean isDue() {
    return optimiser.steps() - savedStep >= settings.everySteps() || System.nanoTime() - savedNanos >= settings.everyNanos();
  }

  /** Writes a checkpoint of the last complete step, unless there is one. */
  private synchronized void save() {
    Path path = settings.path();
    if (path == null || savedStep == optimiser.steps()) {
      return;
    }
    try {
      Checkpoint.save(path, optimiser, position);
    } catch (IOException e) {
      throw new UncheckedIOException("the checkpoint after step " + optimiser.steps() + " cannot be written to " + path, e);
    }
    savedStep = optimiser.steps();
    savedNanos = System.nanoTime();
  }
}
