package dev.lanewise.bench.cli.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.bench.cli.learn.claim.Experiment;
import dev.lanewise.bench.cli.learn.claim.Variant;
import dev.lanewise.bench.cli.learn.model.Design;
import dev.lanewise.bench.cli.learn.model.ReadingLesson;
import dev.lanewise.bench.cli.learn.task.LookupTask;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // against trainings that go on for hours
class TrainingsTest {
  private final PrintWriter messages = new PrintWriter(new StringWriter());

  private static Trainings endless(int firstSteps) {
    LookupTask task = new LookupTask(2, 2);
    Design design = Design.attention().withEmbedDim(8);
    // a question of 1 token where the task needs more: this training fails in its first step
    Variant first = new Variant("first", new ReadingLesson(task, design, firstSteps, 8, firstSteps == 1 ? 1 : 9, 0, 1e-2, false), false);
    Variant second = new Variant("second", new ReadingLesson(task, design, 1 << 30, 8, 9, 0, 1e-2, false), false);
    return new Trainings(List.of(new Experiment("e", "", "", "", "", 0.5, List.of(first, second), List.of())), 1, 2);
  }

  @Test
  void anInterruptEndsTheTrainingsThatRun() {
    Trainings trainings = endless(1 << 30);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> trainings.run(messages)).isInstanceOf(InterruptedException.class);
    assertThat(trainings.findings().count()).isZero();
  }

  @Test
  void aTrainingThatFailsEndsTheOthers() {
    assertThatThrownBy(() -> endless(1).run(messages)).isInstanceOf(IllegalStateException.class).hasMessageContaining("a training failed");
  }
}
