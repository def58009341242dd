package dev.lanewise.bench.throughput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TrainStepOperationTest {
  private static ShapeOptions sizes() {
    ShapeOptions sizes = new ShapeOptions();
    new CommandLine(sizes).parseArgs("--batch", "3", "--heads", "2", "--queries", "21", "--head-dim", "8");
    return sizes;
  }

  /** Forward and backward pass cost three times the products of the forward pass: 12 of 16 × 16 a row, and 2 × 21 × 16 of attention. */
  @Test
  void countsItsWorkAndHasTheGradientsOfPlainJava() {
    for (int threads = 1; threads <= 2; threads++) {
      try (Team team = new Team(threads);
          Operation operation =
              Operations.named("train-step")
                  .apply(new Setup(sizes(), new VariantOptions(), new CacheOptions(), new ModelOptions(), Kernels.selected(), team))) {
        assertThat(operation.flops()).isEqualTo(3L * 3 * 21 * 2 * (12 * 16 * 16 + 2 * 21 * 16));
        assertThat(operation.shape()).containsEntry("feedForward", 64).containsEntry("rows", 21);
        operation.run();
        operation.run();
        Accuracy accuracy = operation.accuracy();
        assertThat(accuracy).isNotNull();
        assertThat(accuracy.maxAbsError()).isLessThan(2e-5);
      }
    }
  }
}
