package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.optimise.Training.Batch;
import dev.lanewise.core.learn.optimise.Training.Progress;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.runtime.Interruption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class TrainingTest {
  @TempDir private Path folder;

  private static void assertSame(List<Parameter> actual, List<Parameter> expected) {
    for (int i = 0; i < expected.size(); i++) {
      Views.assertSameBits(actual.get(i).values(), expected.get(i).values(), expected.get(i).name());
    }
  }

  private static SmallRun unbroken(int steps) {
    SmallRun run = new SmallRun(10, 6);
    assertThat(SmallRun.training(run.adamW()).run(steps, run)).isTrue();
    return run;
  }

  @Test
  void aRunIsTheLoopWrittenByHand() {
    SmallRun run = new SmallRun(10, 6);
    List<Progress> seen = new ArrayList<>();
    assertThat(SmallRun.training(run.adamW()).withListener(seen::add).run(20, run)).isTrue();
    SmallRun same = new SmallRun(10, 6);
    AdamW optimiser = same.adamW();
    Schedule schedule = Schedule.cosine(0.02, 40).withWarmUp(5);
    for (int step = 0; step < 20; step++) {
      optimiser.clearGradients();
      double loss = same.batch(step).loss();
      double norm = GradientClip.globalNorm(1).norm(same.parameters);
      optimiser.step(schedule.rate(step), Math.min(1, 0.7 / norm));
      Progress progress = seen.get(step);
      assertThat(progress)
          .usingRecursiveComparison()
          .ignoringFields("rowsPerSecond")
          .isEqualTo(new Progress(step + 1, 20, loss, schedule.rate(step), norm, 0));
      assertThat(progress.rowsPerSecond()).isPositive().isFinite();
    }
    assertSame(run.parameters, same.parameters);
    assertThat(seen.getLast().loss()).isLessThan(seen.getFirst().loss());
  }

  /** Ten batches of one row are one batch of ten rows, but for rounding. */
  @Test
  void smallBatchesAreOneLargeBatch() {
    SmallRun large = new SmallRun(10, 6);
    assertThat(Training.of(Sgd.of(large.parameters), Schedule.constant(0.1)).run(6, large)).isTrue();
    for (int size : new int[] {1, 2, 5}) {
      SmallRun small = new SmallRun(size, 6);
      assertThat(Training.of(Sgd.of(small.parameters), Schedule.constant(0.1)).withAccumulation(10 / size).run(6, small)).isTrue();
      assertThat(small.position()).isEqualTo(large.position());
      for (int i = 0; i < 4; i++) {
        float[] expected = large.parameters.get(i).values();
        for (int j = 0; j < expected.length; j++) {
          assertThat(small.parameters.get(i).values()[j]).isCloseTo(expected[j], within(2e-6f));
        }
      }
    }
  }

  @Test
  void batchesAreNumberedAcrossSteps() {
    SmallRun run = new SmallRun(1, 6);
    List<Long> numbers = new ArrayList<>();
    Training training = Training.of(Sgd.of(run.parameters), Schedule.constant(0.1)).withAccumulation(3);
    Training.Task task =
        number -> {
          numbers.add(number);
          return new Batch(1, 1);
        };
    assertThat(training.run(2, task)).isTrue();
    assertThat(training.run(3, task)).isTrue();
    assertThat(training.run(3, task)).isTrue();
    assertThat(numbers).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 7})
  void aRunContinuesFromItsCheckpointWithTheSameBits(int stop) {
    Path path = folder.resolve("run.safetensors");
    SmallRun expected = unbroken(12);
    SmallRun begun = new SmallRun(10, 6);
    boolean finished =
        SmallRun.training(begun.adamW()).withCheckpoints(path, 3).withListener(progress -> progress.step() < stop).run(12, begun);
    assertThat(finished).isFalse();
    SmallRun other = new SmallRun(10, 6);
    AdamW optimiser = other.adamW();
    assertThat(SmallRun.training(optimiser).withCheckpoints(path, Duration.ZERO).run(12, other)).isTrue();
    assertThat(optimiser.steps()).isEqualTo(12);
    assertSame(other.parameters, expected.parameters);
    SmallRun again = new SmallRun(10, 6);
    assertThat(SmallRun.training(again.adamW()).withCheckpoints(path, 3).run(12, again)).isTrue();
    assertSame(again.parameters, expected.parameters);
    // In memory, the first run goes on as well.
    assertThat(SmallRun.training(begun.adamW()).withListener(progress -> progress.step() < stop).run(0, begun)).isTrue();
  }

  @Test
  void checkpointsComeAsOftenAsAsked() throws IOException {
    Path path = folder.resolve("run");
    SmallRun run = new SmallRun(10, 6);
    List<Long> saved = new ArrayList<>();
    Training training =
        SmallRun.training(run.adamW())
            .withCheckpoints(path, 4)
            .withListener(
                progress -> {
                  try {
                    saved.add(Checkpoint.read(path).step());
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                  return true;
                });
    assertThat(training.run(10, run)).isTrue();
    assertThat(saved).containsExactly(0L, 0L, 0L, 0L, 4L, 4L, 4L, 4L, 8L, 8L);
    assertThat(Checkpoint.read(path)).isEqualTo(new Checkpoint(10, run.position()));
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  /** A task whose batch of one number fails, once. */
  private static Training.Task failing(SmallRun run, long number, Runnable failure) {
    boolean[] failed = new boolean[1];
    return new Training.Task() {
      @Override
      public Batch batch(long at) {
        Batch batch = run.batch(at);
        if (at == number && !failed[0]) {
          failed[0] = true;
          failure.run();
          return new Batch(Double.NaN, 1);
        }
        return batch;
      }

      @Override
      public java.util.Map<String, Long> position() {
        return run.position();
      }

      @Override
      public void seek(java.util.Map<String, Long> position) {
        run.seek(position);
      }
    };
  }

  @Test
  void aNanStopsTheRunAndLeavesTheStateBefore() throws IOException {
    Path path = folder.resolve("run");
    SmallRun run = new SmallRun(10, 6);
    Training training = SmallRun.training(run.adamW()).withCheckpoints(path, 4);
    Training.Task task = failing(run, 6, () -> {});
    assertThatThrownBy(() -> training.run(12, task))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("loss is NaN in step 7 of 12: parameters are those after step 6")
        .hasMessageContaining("of step 4");
    assertThat(Checkpoint.read(path).step()).isEqualTo(4);
    assertSame(run.parameters, unbroken(6).parameters);
    for (Parameter parameter : run.parameters) {
      assertThat(parameter.gradient()).containsOnly(0);
    }
    assertThat(training.run(12, task)).isTrue(); // the batch is finite now, and the run goes on in memory
    assertSame(run.parameters, unbroken(12).parameters);
  }

  @Test
  void aGradientThatIsNotFiniteStopsTheRun() {
    SmallRun run = new SmallRun(10, 6);
    Training training = SmallRun.training(run.adamW());
    Training.Task task =
        number -> {
          Batch batch = run.batch(number);
          run.parameters.get(2).gradient()[1] = number == 2 ? Float.POSITIVE_INFINITY : 0;
          return batch;
        };
    assertThatThrownBy(() -> training.run(5, task))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("norm of the gradients is Infinity in step 3 of 5");
    assertThat(run.parameters.get(2).values()).doesNotContain(Float.NaN);
  }

  @Test
  void anInterruptStopsTheRunWithACheckpoint() throws IOException {
    Path path = folder.resolve("run");
    SmallRun run = new SmallRun(10, 6);
    Training training = SmallRun.training(run.adamW()).withCheckpoints(path, 100);
    Training.Task task =
        failing(
            run,
            5,
            () -> {
              Thread.currentThread().interrupt();
              throw new CancellationException("from a layer");
            });
    assertThatThrownBy(() -> training.run(12, task)).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Checkpoint.read(path).step()).isEqualTo(5);
    assertSame(run.parameters, unbroken(5).parameters);
    assertThat(training.run(12, task)).isTrue();
    assertSame(run.parameters, unbroken(12).parameters);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> training.run(13, task)).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  /** A listener that measures or samples reacts to an interrupt by itself. */
  @Test
  void anInterruptWithinTheListenerStopsTheRunWithACheckpoint() throws IOException {
    Path path = folder.resolve("run");
    SmallRun run = new SmallRun(10, 6);
    Training training =
        SmallRun.training(run.adamW())
            .withCheckpoints(path, 100)
            .withListener(
                progress -> {
                  if (progress.step() == 5) {
                    Thread.currentThread().interrupt();
                    Interruption.check();
                  }
                  return true;
                });
    assertThatThrownBy(() -> training.run(12, run)).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Checkpoint.read(path)).isEqualTo(new Checkpoint(5, run.position()));
    assertSame(run.parameters, unbroken(5).parameters);
    assertThat(training.run(12, run)).isTrue();
    assertSame(run.parameters, unbroken(12).parameters);
  }

  @Test
  void whatIsNoCheckpointIsNotTaken() throws IOException {
    Path path = folder.resolve("run");
    Files.write(path, new byte[] {1, 2, 3});
    SmallRun run = new SmallRun(10, 6);
    SmallRun untouched = new SmallRun(10, 6);
    Training training = SmallRun.training(run.adamW()).withCheckpoints(path, 2);
    assertThatThrownBy(() -> training.run(5, run)).isInstanceOf(UncheckedIOException.class).hasMessageContaining(path.toString());
    assertSame(run.parameters, untouched.parameters);
    assertThat(Files.size(path)).isEqualTo(3);
    Training nowhere = SmallRun.training(run.adamW()).withCheckpoints(path.resolve("below a file"), 2);
    assertThatThrownBy(() -> nowhere.run(5, run)).isInstanceOf(UncheckedIOException.class).hasMessageContaining("below a file");
    assertSame(run.parameters, untouched.parameters);
  }

  @Test
  void wrongArguments() {
    Training training = SmallRun.training(new SmallRun(1, 6).adamW());
    SmallRun run = new SmallRun(1, 6);
    Path path = folder.resolve("run");
    List.of(
            Wrong.argument("batches", t -> training.withAccumulation(0), "batches", "0", "1"),
            Wrong.argument("steps", t -> training.withCheckpoints(path, 0), "steps", "0", "1"),
            Wrong.argument("time", t -> training.withCheckpoints(path, Duration.ofMillis(-1)), "time", "-1", "0"),
            Wrong.argument("steps", t -> training.run(-1, run), "steps", "-1", "0"),
            Wrong.isNull("task", t -> training.run(1, Wrong.nothing())),
            Wrong.isNull("path", t -> training.withCheckpoints(Wrong.nothing(), 1)),
            Wrong.isNull("listener", t -> training.withListener(Wrong.nothing())),
            Wrong.isNull("clip", t -> training.withClip(Wrong.nothing())),
            Wrong.isNull("optimiser", t -> Training.of(Wrong.nothing(), Schedule.constant(1))))
        .forEach(Wrong::verify);
  }
}
