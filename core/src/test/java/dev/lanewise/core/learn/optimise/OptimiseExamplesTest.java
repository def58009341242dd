package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.loss.CrossEntropy;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class OptimiseExamplesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Optimiser",
        "AdamW",
        "Sgd",
        "GradientClip",
        "Schedule",
        "SeededOrder",
        "Checkpoint",
        "Training",
        "LowRank",
        "LowRankWeight"
      })
  void examplesAreThoseOfTheJavadoc(String type) throws IOException {
    assertThat(OptimiseExamples.blocks()).containsAll(ReadmeBlocks.shownInJavadoc(type + ".java"));
  }

  @Test
  void theLoopLearns() {
    TrainableLinear model = TrainableLinear.xavier(1, 2, 2);
    SequenceBatch x = SequenceBatch.of(new float[] {1, 0, 0, 1, 1, 0.1f, 0.2f, 1}, 1, 4, 2);
    SequenceBatch y = SequenceBatch.zeros(1, 4, 2);
    int[] targets = {0, 1, 0, 1};
    OptimiseExamples.loop(model, x, y, targets, Trace.create(), Schedule.constant(0.1), 100);
    model.forward(x, y, Trace.create());
    assertThat(CrossEntropy.standard().compute(y, targets, null)).isLessThan(0.1);
    OptimiseExamples.adamW(model);
    OptimiseExamples.sgd(model);
    OptimiseExamples.clip(model.parameters(), Sgd.of(model.parameters()), 0.1);
    assertThat(OptimiseExamples.schedule()).isCloseTo(6e-7, within(1e-18));
    assertThat(OptimiseExamples.order(List.of("a", "b", "c"), 3, 1)).containsExactlyInAnyOrder("a", "b", "c");
  }

  @Test
  void aRunEndsWithACheckpoint(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("run");
    TrainableLinear model = TrainableLinear.xavier(1, 2, 2);
    SequenceBatch x = SequenceBatch.of(new float[] {1, 0, 0, 1, 1, 0.1f, 0.2f, 1}, 1, 4, 2);
    AdamW optimiser = AdamW.of(model.parameters());
    int[] targets = {0, 1, 0, 1};
    assertThat(OptimiseExamples.training(path, model, optimiser, x, SequenceBatch.zeros(1, 4, 2), targets, Trace.create())).isTrue();
    assertThat(Checkpoint.read(path).step()).isEqualTo(200);
    assertThat(OptimiseExamples.checkpoint(path, optimiser, 7)).isEqualTo(7);
  }

  @Test
  void anAdapterIsMerged() {
    TrainableLinear projection = TrainableLinear.xavier(1, 8, 8);
    SequenceBatch x = SequenceBatch.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 1, 8);
    SequenceBatch y = SequenceBatch.zeros(1, 1, 8);
    assertThat(OptimiseExamples.lowRank(projection, x, y, x, Trace.create()).inputs()).isEqualTo(8);
  }

  @Test
  void anAdapterOfTheQueriesLearns() {
    TrainableAttention attention = TrainableAttention.builder(16, 2).xavier(1);
    float[] before = attention.parameters().get(0).values().clone();
    SequenceBatch x = SequenceBatch.zeros(1, 3, 16);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] = i % 7 - 3;
    }
    OptimiseExamples.lowRankWeight(attention, x, SequenceBatch.zeros(1, 3, 16), x, Trace.create());
    float[] after = attention.parameters().get(0).values();
    assertThat(Arrays.copyOf(after, 16 * 16)).isNotEqualTo(Arrays.copyOf(before, 16 * 16));
    assertThat(Arrays.copyOfRange(after, 16 * 16, after.length)).isEqualTo(Arrays.copyOfRange(before, 16 * 16, before.length));
  }
}
