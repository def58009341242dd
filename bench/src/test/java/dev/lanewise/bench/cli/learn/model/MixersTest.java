package dev.lanewise.bench.cli.learn.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of the layers of this package against differences of their outputs. */
class MixersTest {
  private static final int BATCH = 2;
  private static final int LENGTH = 5;
  private static final int WIDTH = 4;
  private static final float STEP = 1e-2f;

  private static SequenceBatch random(long seed, int rows, int width) {
    SequenceBatch x = SequenceBatch.zeros(BATCH, rows, width);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < x.data().length; i++) {
      x.data()[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double dot(SequenceBatch x, SequenceBatch y) {
    double sum = 0;
    for (int i = 0; i < x.data().length; i++) {
      sum += (double) x.data()[i] * y.data()[i];
    }
    return sum;
  }

  /** Compares a gradient with central differences of a loss. */
  private static void check(String name, float[] values, float[] gradient, DoubleSupplier loss) {
    for (int i = 0; i < values.length; i++) {
      float before = values[i];
      values[i] = before + STEP;
      double above = loss.getAsDouble();
      values[i] = before - STEP;
      double below = loss.getAsDouble();
      values[i] = before;
      assertThat((double) gradient[i]).as("%s[%d]", name, i).isCloseTo((above - below) / (2 * STEP), within(5e-3));
    }
  }

  private static void checkParameters(Trainable layer, DoubleSupplier loss) {
    for (Parameter parameter : layer.parameters()) {
      check(parameter.name(), parameter.values(), parameter.gradient(), loss);
    }
  }

  private static void checkMixing(Mixing mixing, int asked) {
    SequenceBatch x = random(1, LENGTH, WIDTH);
    SequenceBatch yGradient = random(2, asked, WIDTH);
    SequenceBatch y = SequenceBatch.zeros(BATCH, asked, WIDTH);
    SequenceBatch xGradient = random(3, LENGTH, WIDTH);
    Trace trace = Trace.create();
    mixing.forward(x, y, trace);
    mixing.backward(trace, yGradient, xGradient);
    assertThat(trace.size()).isZero();
    DoubleSupplier loss =
        () -> {
          mixing.forward(x, y, trace.evaluate());
          return dot(y, yGradient);
        };
    check("x", x.data(), xGradient.data(), loss);
    checkParameters(mixing, loss);
  }

  @ParameterizedTest
  @ValueSource(ints = {LENGTH, 2, 1})
  void aWindow(int asked) {
    checkMixing(new WindowMixer(7, 2, WIDTH), asked);
  }

  @ParameterizedTest
  @ValueSource(ints = {LENGTH, 2, 1})
  void aMean(int asked) {
    checkMixing(new MeanMixer(7, WIDTH), asked);
  }

  @ParameterizedTest
  @ValueSource(ints = {LENGTH, 2, 1})
  void attentionOfTheLastRows(int asked) {
    checkMixing(new AttentionMixer(Design.attention().withEmbedDim(WIDTH).withHeads(2), 7), asked);
  }

  /** The last rows are those of a call that computes all rows. */
  @Test
  void theLastRowsAreThoseOfAllRows() {
    SequenceBatch x = random(1, LENGTH, WIDTH);
    Trace trace = Trace.create();
    for (Mixing mixing :
        List.of(new WindowMixer(7, 2, WIDTH), new MeanMixer(7, WIDTH), new AttentionMixer(Design.attention().withEmbedDim(WIDTH), 7))) {
      SequenceBatch all = SequenceBatch.zeros(BATCH, LENGTH, WIDTH);
      SequenceBatch last = SequenceBatch.zeros(BATCH, 2, WIDTH);
      mixing.forward(x, all, trace.evaluate());
      mixing.forward(x, last, trace.evaluate());
      for (int b = 0; b < BATCH; b++) {
        for (int row = 0; row < 2; row++) {
          for (int c = 0; c < WIDTH; c++) {
            assertThat(last.get(b, row, c)).isCloseTo(all.get(b, LENGTH - 2 + row, c), within(1e-6f));
          }
        }
      }
    }
  }

  @Test
  void aStepOfARecurrentNetwork() {
    GruCell cell = new GruCell(5, 3, WIDTH);
    SequenceBatch x = random(1, 1, 3);
    SequenceBatch state = random(2, 1, WIDTH);
    SequenceBatch next = SequenceBatch.zeros(BATCH, 1, WIDTH);
    SequenceBatch nextGradient = random(3, 1, WIDTH);
    SequenceBatch xGradient = SequenceBatch.zeros(BATCH, 1, 3);
    SequenceBatch stateGradient = SequenceBatch.zeros(BATCH, 1, WIDTH);
    Trace trace = Trace.create();
    cell.forward(x, state, next, trace);
    cell.backward(trace, nextGradient, xGradient, stateGradient);
    assertThat(trace.size()).isZero();
    DoubleSupplier loss =
        () -> {
          cell.forward(x, state, next, trace.evaluate());
          return dot(next, nextGradient);
        };
    check("x", x.data(), xGradient.data(), loss);
    check("state", state.data(), stateGradient.data(), loss);
    checkParameters(cell, loss);
  }
}
