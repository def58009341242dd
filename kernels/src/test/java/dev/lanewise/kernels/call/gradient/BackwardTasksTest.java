package dev.lanewise.kernels.call.gradient;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The cut of a backward pass: which parts of which units a task computes, and in which order sums are joined. */
@Tag("twice")
class BackwardTasksTest {
  /** A pass over {@code heads} heads whose keys and values are each shared by two. */
  private static BackwardProblem problem(int batch, int heads, int queries, int keys, @Nullable Bias bias) {
    Heads query = Heads.zeros(batch, heads, queries, 2);
    Heads key = Heads.zeros(batch, heads / 2, keys, 2);
    ScoreFormula formula = ScoreFormula.STANDARD.withNormaliser(Normaliser.softmaxWithSinks(new float[heads]));
    formula = bias == null ? formula : formula.with(new ScoreChange.AddedBias(bias, false));
    AttentionProblem forward =
        new AttentionProblem(CallShape.of(query, key, null), formula, null, null, new CallResults(key, null, null, null, List.of()));
    float[] ofBias = bias == null ? null : new float[bias.data().length];
    GradientResults gradients = new GradientResults(null, null, null, ofBias, null, null, new float[heads], new float[1], null);
    return new BackwardProblem(forward, query, new float[batch * heads * queries], Heads.zeros(batch, heads, queries, 2), null, gradients);
  }

  /** What each task runs, as "unit: part". */
  private static List<List<String>> runs(BackwardProblem problem) {
    List<String> run = new ArrayList<>();
    BackwardTasks tasks = new BackwardTasks(problem, () -> (call, unit, part, sums) -> run.add(unit + ": " + part));
    List<List<String>> runs = new ArrayList<>();
    for (int task = 0; task < tasks.count(); task++) {
      run.clear();
      tasks.run(task);
      runs.add(List.copyOf(run));
    }
    return runs;
  }

  @Test
  void aTaskIsAUnitIfThereAreMany() {
    List<List<String>> runs = runs(problem(4, 4, 300, 500, null));
    assertThat(runs).hasSize(8);
    assertThat(runs.get(5)).containsExactly("5: " + new BackwardPart(0, true, true, 0, 300, 0, 500));
  }

  @Test
  void fewUnitsAreCutIntoPartsOfQueriesAndOfKeys() {
    List<List<String>> runs = runs(problem(1, 4, 130, 500, null));
    assertThat(runs).hasSize(2 * (2 + 4));
    assertThat(runs.get(0)).containsExactly("0: " + new BackwardPart(0, true, false, 0, 65, 0, 500));
    assertThat(runs.get(7)).containsExactly("1: " + new BackwardPart(1, true, false, 65, 130, 0, 500));
    assertThat(runs.get(8)).containsExactly("1: " + new BackwardPart(0, false, true, 0, 130, 0, 125));
    assertThat(runs.get(11)).containsExactly("1: " + new BackwardPart(0, false, true, 0, 130, 375, 500));
  }

  @Test
  void unitsThatShareElementsOfABiasAreOneTask() {
    Bias ofHeads = Bias.of(new float[16 * 5 * 3], 16, 5, 3);
    List<List<String>> runs = runs(problem(3, 16, 5, 3, ofHeads));
    assertThat(runs).hasSize(8);
    assertThat(runs.get(2)).extracting(run -> run.substring(0, run.indexOf(':'))).containsExactly("2", "10", "18");
    Bias ofEntries = Bias.of(new float[9 * 3], 9, 1, 1, 3);
    runs = runs(problem(9, 4, 5, 3, ofEntries));
    assertThat(runs).hasSize(9);
    assertThat(runs.get(2)).extracting(run -> run.substring(0, run.indexOf(':'))).containsExactly("4", "5");
    assertThat(runs(problem(9, 4, 5, 3, Bias.of(new float[3], 3)))).hasSize(1);
  }

  @Test
  void sumsAreJoinedInOrderWhateverTheOrderOfTasks() {
    BackwardProblem problem = problem(2, 4, 200, 200, null);
    BackwardTasks tasks =
        new BackwardTasks(
            problem,
            () ->
                (call, unit, part, sums) -> {
                  if (part.ofQueries()) {
                    sums.addScale(unit, part.number(), Math.pow(10, 3 * unit + part.number()));
                    sums.addSink(unit, part.number(), 1, unit + 1);
                  }
                });
    for (int task = tasks.count() - 1; task >= 0; task--) {
      tasks.run(task);
    }
    assertThat(problem.gradients.scale()).containsExactly((float) (11 + 11e3 + 11e6 + 11e9));
    assertThat(problem.gradients.sinks()).containsExactly(0, 2 * (1 + 3), 0, 2 * (2 + 4));
  }

  @Test
  void aPassWithoutUnitsHasGradientsOf0() {
    BackwardProblem problem = problem(0, 2, 5, 5, null);
    problem.gradients.scale()[0] = 7;
    assertThat(runs(problem)).isEmpty();
    assertThat(problem.gradients.scale()).containsExactly(0);
  }
}
