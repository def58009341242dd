package dev.lanewise.kernels.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The cut of calls: every row is in exactly one task, and tasks have the intended size. Products of packed operands are complete. */
class TilingTest {
  private static final long SEED = 20261127;

  /** A task as a row kernel receives it. */
  private record Run(int unit, int from, int to) {}

  private static List<Run> runs(AttentionProblem problem, int threads, int granularity) {
    List<Run> runs = new ArrayList<>();
    EntryTasks entries =
        new RowTasks(
            problem,
            threads,
            granularity,
            () ->
                (called, unit, from, to) -> {
                  assertThat(called).isSameAs(problem);
                  runs.add(new Run(unit, from, to));
                });
    AttentionTasks tasks = new BatchTasks(problem, threads, entries);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
    return runs;
  }

  private static void assertEachRowOnce(AttentionProblem problem, List<Run> runs, String what) {
    Map<Integer, int[]> computed = new HashMap<>();
    for (Run run : runs) {
      assertThat(run.from).as(what).isBetween(0, run.to - 1);
      int[] times = computed.computeIfAbsent(run.unit, unit -> new int[problem.rows(unit)]);
      for (int row = run.from; row < run.to; row++) {
        times[row]++;
      }
    }
    for (int unit = 0; unit < problem.units(); unit++) {
      int[] times = computed.getOrDefault(unit, new int[problem.rows(unit)]);
      assertThat(Arrays.stream(times).filter(n -> n != 1).count()).as("rows of unit %s not computed once, %s", unit, what).isZero();
    }
  }

  @Test
  void eachRowIsInOneTask() {
    for (int threads : new int[] {1, 2, 3, 8}) {
      for (int granularity : new int[] {1, 16, 64}) {
        for (int queries : new int[] {0, 1, 15, 64, 100, 1000}) {
          for (int batch : new int[] {0, 1, 5}) {
            AttentionProblem problem = AttentionCall.of(Heads.zeros(batch, 6, queries, 1), Heads.zeros(batch, 2, 3, 1)).build();
            String what = threads + " threads, granularity " + granularity + ", " + queries + " queries, batch " + batch;
            List<Run> runs = runs(problem, threads, granularity);
            assertEachRowOnce(problem, runs, what);
            assertSizes(runs, problem.units(), 3 * queries, threads, granularity, what);
          }
        }
      }
    }
  }

  /** Checks that tasks are whole units on one thread or with many units, and otherwise eight tasks for each thread, last rows first. */
  private static void assertSizes(List<Run> runs, int units, int rows, int threads, int granularity, String what) {
    if (threads == 1 || units >= 8 * threads) {
      assertThat(runs).as(what).hasSize(rows == 0 ? 0 : units);
      return;
    }
    long wanted = 8L * threads;
    long largest = Math.max(granularity, (long) units * rows / wanted);
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      assertThat(run.from % granularity).as(what).isZero();
      assertThat((long) run.to - run.from).as(what).isLessThanOrEqualTo(largest);
      assertThat(run.to == rows || 2L * (run.to - run.from) > largest - granularity).as("%s is too small, %s", run, what).isTrue();
      if (i > 0 && runs.get(i - 1).unit == run.unit) {
        assertThat(run.to).as(what).isEqualTo(runs.get(i - 1).from);
      }
    }
  }

  /** The sequences with the most work come first, and sequences without queries have no task. */
  @Test
  void sequencesAreOrderedByTheirWork() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < 200; round++) {
      int count = random.nextInt(1, 7);
      int[] queryStarts = new int[count + 1];
      int[] keyStarts = new int[count + 1];
      for (int b = 0; b < count; b++) {
        queryStarts[b + 1] = queryStarts[b] + random.nextInt(3) * random.nextInt(40);
        keyStarts[b + 1] = keyStarts[b] + random.nextInt(1, 50);
      }
      PackedSequences starts = PackedSequences.of(queryStarts, keyStarts);
      Heads query = Heads.zeros(1, 4, queryStarts[count], 1);
      AttentionProblem problem = AttentionCall.of(query, Heads.zeros(1, 2, keyStarts[count], 1)).sequences(starts).build();
      for (int threads = 1; threads < 4; threads++) {
        List<Run> runs = runs(problem, threads, 16);
        assertEachRowOnce(problem, runs, "round " + round);
        long before = Long.MAX_VALUE;
        for (Run run : runs) {
          int sequence = run.unit / 2;
          long work = (long) starts.queries(sequence) * starts.keys(sequence);
          assertThat(work).as("round %s: %s", round, runs).isLessThanOrEqualTo(before);
          before = work;
        }
        long rows = 4L * queryStarts[count];
        int perTask = threads == 1 ? Integer.MAX_VALUE : (int) Math.max(1, rows / 16 / (8L * threads)) * 16;
        long expected = 0;
        for (int b = 0; b < count; b++) {
          expected += 2L * Math.ceilDiv(2 * starts.queries(b), perTask);
        }
        assertThat(runs).as("round %s on %s threads", round, threads).hasSize((int) expected);
      }
    }
  }

  /** Many small units share a task of the call: one thread has one task, and no task has much more than its share of the work. */
  @Test
  void smallTasksAreJoined() {
    PackedSequences sequences =
        PackedSequences.of(IntStream.concat(IntStream.of(0, 900), IntStream.range(0, 60).map(i -> 910 + 10 * i)).toArray());
    Heads packed = Heads.zeros(1, 4, 900 + 600, 1);
    AttentionProblem uneven = AttentionCall.of(packed, packed).sequences(sequences).build();
    AttentionProblem even = AttentionCall.of(Heads.zeros(50, 4, 10, 1), Heads.zeros(50, 4, 10, 1)).build();
    for (AttentionProblem problem : List.of(uneven, even)) {
      long all = 4 * (problem == uneven ? 900L * 900 + 60 * 100 : 50 * 100);
      for (int threads : new int[] {1, 2, 3}) {
        long[] work = new long[1];
        EntryTasks entries =
            new RowTasks(
                problem,
                threads,
                16,
                () -> (_, unit, from, to) -> work[0] += (long) (to - from) * problem.shape.keys(problem.batchEntry(unit)));
        AttentionTasks tasks = new BatchTasks(problem, threads, entries);
        assertThat(tasks.count()).as("tasks on %s threads", threads).isBetween(threads == 1 ? 1 : 8, threads == 1 ? 1 : 16 * threads + 1);
        long sum = 0;
        for (int task = 0; task < tasks.count(); task++) {
          work[0] = 0;
          tasks.run(task);
          assertThat(work[0]).as("work of task %s on %s threads", task, threads).isBetween(1L, Math.max(all / 4, threads == 1 ? all : 0));
          sum += work[0];
        }
        assertThat(sum).isEqualTo(all);
      }
    }
  }

  private static Matrix whole(SplittableRandom random, int rows, int columns, int gap) {
    Matrix matrix = new Matrix(new float[(columns + gap) * rows + 3], 2, rows, columns, columns + gap);
    for (int i = 0; i < matrix.data().length; i++) {
      matrix.data()[i] = random.nextInt(-3, 4);
    }
    return matrix;
  }

  private static void assertProduct(Matrix a, Matrix b, boolean turned, float[] start, Matrix actual, String what) {
    int depth = a.columns();
    for (int i = 0; i < actual.rows(); i++) {
      for (int j = 0; j < actual.columns(); j++) {
        double sum = start.length == 0 ? 0 : start[j];
        for (int k = 0; k < depth; k++) {
          sum += a.get(i, k) * (turned ? b.get(j, k) : b.get(k, j));
        }
        assertThat((double) actual.get(i, j)).as("element %s, %s of %s", i, j, what).isEqualTo(sum);
      }
    }
  }

  /** Sizes around blocks of lanes, panels and strips, and depths of one and two blocks. */
  @Test
  void productsOfPackedOperandsAreExact() {
    SplittableRandom random = new SplittableRandom(SEED);
    Kernels kernels = Kernels.selected();
    int[][] shapes = {
      {1, 1, 1}, {3, 5, 7}, {15, 16, 17}, {16, 17, 15}, {17, 15, 16}, {33, 34, 35}, {40, 65, 20}, {41, 31, 1030}, {136, 33, 9}, {48, 64, 0}
    };
    for (int[] shape : shapes) {
      String what = Arrays.toString(shape);
      int rows = shape[0];
      int columns = shape[1];
      int depth = shape[2];
      Matrix left = whole(random, rows, depth, 2);
      Matrix keys = whole(random, columns, depth, 1);
      Matrix values = whole(random, depth, columns, 3);
      float[] bias = whole(random, 1, columns, 0).rows(0, 1).data();
      float[] start = Arrays.copyOf(bias, columns);
      Matrix result = Matrix.zeros(rows, columns);
      kernels.product(left, kernels.pack(values), start, result);
      assertProduct(left, values, false, start, result, "product " + what);
      kernels.product(left, kernels.packTransposed(keys), null, result);
      assertProduct(left, keys, true, new float[0], result, "transposed product " + what);
      kernels.output(left, values, result);
      assertProduct(left, values, false, new float[0], result, "output " + what);
      if (depth > 0) {
        kernels.scores(left, keys, 1, result);
        assertProduct(left, keys, true, new float[0], result, "scores " + what);
      }
    }
  }
}
