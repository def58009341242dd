package dev.lanewise.bench.cli.learn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.bench.cli.learn.task.LookupTask;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class ReadingLessonTest {
  private static final ReadingLesson LESSON =
      new ReadingLesson(new LookupTask(2, 3), Design.attention().withEmbedDim(16), 150, 32, 9, 18, 1e-2, true);

  @Test
  void aModelLearnsALookup() {
    Outcome outcome = LESSON.run(1, true, () -> false);
    assertThat(outcome.accuracy()).isGreaterThan(0.8);
    assertThat(outcome.beyond()).isBetween(0.0, 1.0);
    assertThat(outcome.losses()).hasSize(Lesson.PARTS);
    assertThat(outcome.losses()[Lesson.PARTS - 1]).isLessThan(outcome.losses()[0] / 2);
    assertThat(outcome.speed()).isBetween(0.1, 1.0);
    assertThat(outcome.diverged()).isFalse();
    assertThat(outcome.byDistance()).hasSameSizeAs(LESSON.distances());
    AttentionMap map = Objects.requireNonNull(outcome.after());
    int last = map.queries().size() - 1;
    float[] row = map.weights()[0][last];
    assertThat(row[map.answers()[last][0]]).isEqualTo(largest(row));
    assertThat(outcome.before()).isNotNull();
  }

  private static float largest(float[] row) {
    float largest = 0;
    for (float weight : row) {
      largest = Math.max(largest, weight);
    }
    return largest;
  }

  @Test
  void theSameSeedGivesTheSameBits() {
    ReadingLesson shorter = new ReadingLesson(LESSON.task(), LESSON.design(), 60, 8, 9, 0, 1e-2, false);
    assertThat(shorter.run(4, false, () -> false).losses()).isEqualTo(shorter.run(4, false, () -> false).losses());
    assertThat(shorter.run(5, false, () -> false).losses()).isNotEqualTo(shorter.run(4, false, () -> false).losses());
  }

  @Test
  void aLossThatIsNotFiniteEndsTheTraining() {
    Outcome outcome = new ReadingLesson(LESSON.task(), LESSON.design(), 100, 8, 9, 0, 1e30, false).run(1, false, () -> false);
    assertThat(outcome.diverged()).isTrue();
    assertThat(outcome.losses().length).isLessThan(Lesson.PARTS);
    assertThat(Arrays.toString(outcome.losses())).doesNotContain("NaN", "Infinity");
    assertThat(outcome.accuracy()).isBetween(0.0, 1.0);
    assertThat(outcome.speed()).isFinite();
  }

  @Test
  void aTrainingCanBeStopped() {
    assertThatThrownBy(() -> LESSON.run(1, false, () -> true)).isInstanceOf(CancellationException.class).hasMessageContaining("step 0");
  }
}
