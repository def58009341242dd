package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.testing.NamedShapes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Readable files whose tensors have other names or shapes than a model's: each makes the requested layers, or is refused with an {@link
 * IllegalArgumentException} with a short message.
 */
@Timeout(1200) // prevents endless tests
@Tag("once")
class WeightNamesFuzzTest {
  private static final long SEED = 20261124;
  private static final int WIDTH = NamedShapes.WIDTH;

  private static Map<String, long[]> shapes(NamedTensors tensors) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.names().forEach(name -> shapes.put(name, tensors.shape(name)));
    return shapes;
  }

  private static NamedTensors tensors(Map<String, long[]> shapes) {
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes.forEach((name, shape) -> builder.add(name, NamedShapes.elements(shape), shape));
    return builder.build();
  }

  private static void fuzz(NamedTensors valid, long seed, Consumer<NamedTensors> load) {
    NamedShapes.fuzz(shapes(valid), seed, WeightNamesFuzzTest::tensors, load);
  }

  @Test
  void pyTorch() {
    Initialisation made = Initialisation.xavier(SEED);
    fuzz(made.attention(WIDTH), SEED, tensors -> TorchWeights.of(tensors, 2).attention(""));
    fuzz(made.attention(WIDTH, 4, 5), SEED + 1, tensors -> TorchWeights.of(tensors, 2).attention(""));
    fuzz(made.encoder(WIDTH, 2 * WIDTH, 2), SEED + 2, tensors -> TorchWeights.of(tensors, 2).encoder(""));
    fuzz(made.decoder(WIDTH, 2 * WIDTH, 1), SEED + 3, tensors -> TorchWeights.of(tensors, 2).decoder(""));
    fuzz(made.transformer(WIDTH, 2 * WIDTH, 1, 1), SEED + 4, tensors -> TorchWeights.of(tensors, 2).transformer(""));
  }

  /** Names of many layers with one tensor each need no more than a multiple of what exists, and the message names some. */
  @Test
  void manyLayersOfOneTensor() {
    Map<String, long[]> shapes = shapes(Initialisation.xavier(SEED).encoder(WIDTH, 2 * WIDTH, 1));
    for (int layer = 1; layer < 20_000; layer++) {
      shapes.put("layers." + layer + ".norm1.weight", new long[] {0});
    }
    NamedTensors many = tensors(shapes);
    assertThatThrownBy(() -> TorchWeights.of(many, 2).encoder(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(NamedShapes.LONGEST_MESSAGE));
  }
}
