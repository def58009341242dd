package dev.lanewise.spark.job.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScaleModelTest {
  private static final double TINY = 1e-9;

  /** Costs that are easy to add up by hand. */
  private static final ScaleModel MODEL = new ScaleModel(10, 1, 100, 1000, 0.01, 0.002, 0.5, 0.001, 0.05, 1e-6, 2000, 0.0001);

  @Test
  void aCorpusIsStartAndWavesOfTasksAndCommits() {
    // 10 tasks of 100 texts: 1.5 s each; the last wave of 3 executors has one task
    assertThat(MODEL.corpus(1000, 100, 1)).isEqualTo(10 + 1 + 0.1 + 10 * 1.5 + 0.01, within(TINY));
    assertThat(MODEL.corpus(1000, 100, 3)).isEqualTo(10 + 1 + 0.3 + 4 * 1.5 + 0.01, within(TINY));
    assertThat(MODEL.corpus(10, 100, 3)).isEqualTo(10 + 1 + 0.3 + 0.6 + 0.001, within(TINY));
  }

  @Test
  void theDriverLimitsManyExecutors() {
    // 10 000 tasks of 1 text: 0.51 s each in 1 000 executors, but the driver needs 20 s to start them
    assertThat(MODEL.corpus(10_000, 1, 1000)).isEqualTo(10 + 1 + 100 + 20 + 10, within(TINY));
  }

  @Test
  void aStepReadsKeysInParallelAndMergesOneAfterAnother() {
    assertThat(MODEL.step(1_000_000, 1)).isEqualTo(0.05 + 1 + 2 + 0.0001, within(TINY));
    assertThat(MODEL.step(1_000_000, 4)).isEqualTo(0.05 + 3 * 0.002 + 0.25 + 4 * (2 + 0.0001), within(TINY));
  }

  @Test
  void stopsWhereExecutorsAreHalfUsed() {
    assertThat(ScaleModel.stops(n -> 1.0 / n)).isEqualTo(1000);
    assertThat(ScaleModel.stops(n -> 1)).isEqualTo(2); // two that are as fast as one are half used
    assertThat(ScaleModel.stops(n -> 1.0 / n + 0.01 * n)).isEqualTo(8);
    assertThat(ScaleModel.stops(n -> n)).isEqualTo(1);
  }

  @Test
  void printsARowForEachNumberOfExecutors() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    MODEL.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .hasSize(2 + ScaleModel.EXECUTORS.size() + 1)
        .anyMatch(line -> line.startsWith("| 1000 | "));
  }
}
