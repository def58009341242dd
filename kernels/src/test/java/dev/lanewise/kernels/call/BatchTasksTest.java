package dev.lanewise.kernels.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.testing.Interrupts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The order of packed sequences, and where their tasks are cut into runs: as soon as a run has its share of the work. */
@Tag("once")
class BatchTasksTest {
  private static final int MOST_RUNS = 16; // for each thread

  private static int[] starts(int... lengths) {
    int[] starts = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      starts[i + 1] = starts[i] + lengths[i];
    }
    return starts;
  }

  private static AttentionProblem packed(int[] queries, int[] keys) {
    int[] queryStarts = starts(queries);
    int[] keyStarts = starts(keys);
    Heads query = Heads.zeros(1, 1, queryStarts[queries.length], 1);
    Heads key = Heads.zeros(1, 1, keyStarts[keys.length], 1);
    return AttentionCall.of(query, key).sequences(PackedSequences.of(queryStarts, keyStarts)).build();
  }

  /** Entries with {@code perEntry} tasks, if they have queries; each task is noted as its entry and number. */
  private record Noted(AttentionProblem problem, int perEntry, List<String> found) implements EntryTasks {
    @Override
    public int tasks(int batchEntry) {
      return problem.shape.queries(batchEntry) == 0 ? 0 : perEntry;
    }

    @Override
    public RowKernel open() {
      return (_, _, _, _) -> {};
    }

    @Override
    public void run(RowKernel kernel, int batchEntry, int task) {
      found.add(batchEntry + "/" + task);
    }
  }

  /** Number of tasks of each run. */
  private static List<Integer> runs(AttentionProblem problem, int threads, int perEntry) {
    List<String> found = new ArrayList<>();
    BatchTasks tasks = new BatchTasks(problem, threads, new Noted(problem, perEntry, found));
    List<Integer> runs = new ArrayList<>();
    for (int task = 0; task < tasks.count(); task++) {
      int before = found.size();
      tasks.run(task);
      runs.add(found.size() - before);
    }
    List<String> all = new ArrayList<>();
    for (int entry : BatchTasks.longestFirst(problem)) {
      for (int i = 0; i < perEntry && problem.shape.queries(entry) > 0; i++) {
        all.add(entry + "/" + i);
      }
    }
    assertThat(found).isEqualTo(all);
    return runs;
  }

  @Test
  void sequencesOfTheSameWorkKeepTheirOrder() {
    AttentionProblem problem = packed(new int[] {4, 6, 2, 3, 12}, new int[] {3, 2, 9, 4, 1});
    assertThat(BatchTasks.longestFirst(problem)).containsExactly(2, 0, 1, 3, 4);
  }

  /** The sum of the work of a run's tasks, each of which has its part of (queries + 8) · (keys + 8). */
  private static void assertCut(AttentionProblem problem, int threads, int perEntry) {
    List<Double> work = new ArrayList<>();
    for (int entry : BatchTasks.longestFirst(problem)) {
      for (int i = 0; i < perEntry && problem.shape.queries(entry) > 0; i++) {
        work.add((problem.shape.queries(entry) + 8.0) * (problem.shape.keys(entry) + 8) / perEntry);
      }
    }
    double share = work.stream().mapToDouble(x -> x).sum() / (MOST_RUNS * threads);
    List<Integer> expected = new ArrayList<>();
    int tasks = 0;
    double done = 0;
    for (double x : work) {
      done += x;
      tasks++;
      if (done >= share * (1 - 1e-12)) {
        expected.add(tasks);
        tasks = 0;
        done = 0;
      }
    }
    if (tasks > 0) {
      expected.add(tasks);
    }
    assertThat(runs(problem, threads, perEntry)).as("%s tasks each, %s threads", perEntry, threads).isEqualTo(expected);
  }

  @Test
  void runsEndWithTheirShareOfTheWork() {
    int[] equal = new int[64];
    Arrays.fill(equal, 10);
    assertThat(runs(packed(equal, equal), 2, 1)).hasSize(32).containsOnly(2);
    int[] rising = IntStream.range(0, 200).map(i -> 1 + i / 3).toArray();
    int[] falling = IntStream.range(0, 200).map(i -> 1 + (i * 7919) % 61).toArray();
    for (int threads : new int[] {2, 3}) {
      for (int perEntry : new int[] {1, 3}) {
        assertCut(packed(rising, rising), threads, perEntry);
        assertCut(packed(rising, falling), threads, perEntry);
      }
    }
  }

  /** They have no task, however many keys they have, and no share of the work. */
  @Test
  void sequencesWithoutQueriesDoNotCount() {
    int[] queries = IntStream.range(0, 90).map(i -> i % 3 == 0 ? 0 : 5).toArray();
    int[] keys = IntStream.range(0, 90).map(i -> i % 3 == 0 ? 1000 : 20 + i).toArray();
    assertCut(packed(queries, keys), 2, 1);
  }

  @Test
  void fewTasksAndThoseOfOneThreadAreNotCut() {
    int[] uneven = IntStream.range(0, 32).map(i -> 1 + i).toArray();
    assertThat(runs(packed(uneven, uneven), 2, 1)).hasSize(32).containsOnly(1);
    assertThat(runs(packed(uneven, uneven), 1, 1)).containsExactly(32);
  }

  @Test
  void runEndsAtAnInterrupt() {
    List<String> found = new ArrayList<>();
    AttentionProblem problem = packed(new int[] {2, 3}, new int[] {2, 3});
    BatchTasks tasks = new BatchTasks(problem, 1, new Noted(problem, 1, found));
    Interrupts.assertCancels(() -> tasks.run(0));
    assertThat(found).isEmpty();
  }
}
