package dev.lanewise.bench.cli.learn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.bench.cli.learn.model.TranslationLesson.Scores;
import dev.lanewise.bench.cli.learn.task.Translation;
import dev.lanewise.bench.cli.learn.task.Translation.Pairs;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.loss.CrossEntropy;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TranslatorTest {
  private static final Translation TASK = new Translation(2);
  private static final float STEP = 2e-2f;

  /** Gradients of some elements of all parameters against differences of the loss. */
  @ParameterizedTest
  @EnumSource(Scores.class)
  void gradientsAreDifferences(Scores scores) {
    Translator model = new Translator(TASK, scores, 6, 3);
    Pairs pairs = TASK.draw(new SplittableRandom(1), 4);
    CrossEntropy loss = CrossEntropy.standard();
    Trace trace = Trace.create();
    DoubleSupplier run = () -> model.learn(pairs, logits -> loss.compute(logits, pairs.target(), logits), trace.train(1, 0));
    model.clearGradients();
    assertThat(run.getAsDouble()).isBetween(1.0, 6.0);
    assertThat(trace.size()).isZero();
    float[][] gradients = model.parameters().stream().map(parameter -> parameter.gradient().clone()).toArray(float[][]::new);
    for (int p = 0; p < gradients.length; p++) {
      Parameter parameter = model.parameters().get(p);
      for (int i = 0; i < parameter.size(); i += Math.max(1, parameter.size() / 17)) {
        float before = parameter.values()[i];
        parameter.values()[i] = before + STEP;
        double above = run.getAsDouble();
        parameter.values()[i] = before - STEP;
        double below = run.getAsDouble();
        parameter.values()[i] = before;
        assertThat((double) gradients[p][i]).as("%s[%d]", parameter.name(), i).isCloseTo((above - below) / (2 * STEP), within(1e-3));
      }
    }
  }

  @Test
  void aTranslatorLearns() {
    TranslationLesson lesson = new TranslationLesson(TASK, Scores.ADDITIVE, 250, 16, 24, 5e-3);
    Outcome outcome = lesson.run(2, true, () -> false);
    assertThat(outcome.accuracy()).isGreaterThan(0.6);
    assertThat(outcome.losses()[Lesson.PARTS - 1]).isLessThan(outcome.losses()[0] / 2);
    AttentionMap map = Objects.requireNonNull(outcome.after());
    assertThat(map.keys()).hasSize(TASK.length()).endsWith(".");
    for (float[] row : map.weights()[0]) {
      assertThat(IntStream.range(0, row.length).mapToDouble(i -> row[i]).sum()).isCloseTo(1, within(1e-5));
    }
    assertThat(new TranslationLesson(TASK, Scores.NONE, 4, 4, 8, 1e-3).run(1, true, () -> false).after()).isNull();
  }
}
