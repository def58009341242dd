package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.explain.Tokens;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class AccuracyTest {
  @Test
  void theLayerAgreesWithTheReference() throws IOException {
    FirstLayer model = FirstLayer.load();
    Tokens tokens = Tokens.of(model.model(), "One way or another").withLength(37);
    Accuracy accuracy = Accuracy.measure(model, model.embed(tokens), Kernels.vector());
    assertThat(accuracy.largest()).isGreaterThan(0.1);
    assertThat(accuracy.scalar()).isGreaterThan(0).isLessThan(1e-6 * accuracy.largest());
    assertThat(accuracy.isWithinBudget()).isTrue();
  }

  @Test
  void anErrorBeyondTheBudgetOrNaNIsRefused() {
    assertThat(new Accuracy(4.1e-7, 1e-7, 0.2).isWithinBudget()).isFalse();
    assertThat(new Accuracy(3.9e-7, 1e-7, 0.2).isWithinBudget()).isTrue();
    assertThat(new Accuracy(Double.NaN, 1e-7, 0.2).isWithinBudget()).isFalse();
  }
}
