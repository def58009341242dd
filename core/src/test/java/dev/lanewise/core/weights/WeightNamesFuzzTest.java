package dev.lanewise.core.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Readable files whose tensors have other names or shapes than a model's: each makes the requested layers, or is refused with an {@link
 * IllegalArgumentException} with a short message.
 */
@Timeout(300) // prevents endless tests
class WeightNamesFuzzTest {
  private static final long SEED = 20261124;
  private static final int ROUNDS = 1500 * Integer.getInteger("lanewise.fuzzFactor", 1);
  private static final int WIDTH = 6;
  private static final int LONGEST_MESSAGE = 20_000;

  private static final List<String> NAMES =
      List.of(
          "",
          ".",
          "layers.",
          "layers.0.",
          "layers.00.norm1.weight",
          "layers.7.norm1.weight",
          "layers.-1.norm1.weight",
          "layers.2147483648.norm1.weight",
          "layers.99999999999999999999.norm1.weight",
          "encoder.layer.1.x",
          "x.embeddings.word_embeddings.weight",
          "embeddings.word_embeddings.weight",
          "norm.weight",
          "norm.bias",
          "in_proj_weight",
          "q_proj_weight",
          "bias_k",
          "pooler.\n",
          "../../escaped",
          "\u0000\u0007".repeat(200),
          "\ud83d\ude00".repeat(100));

  private static final long[][] SHAPES = {
    {},
    {0},
    {1},
    {WIDTH},
    {3 * WIDTH},
    {WIDTH, WIDTH},
    {2 * WIDTH, WIDTH},
    {WIDTH, 2 * WIDTH},
    {3 * WIDTH, WIDTH},
    {0, 0},
    {0, WIDTH},
    {WIDTH, 0},
    {0, 1L << 40},
    {3L << 40, 0},
    {0, Integer.MAX_VALUE},
    {0, Long.MAX_VALUE},
    {1, 1, 1},
    {WIDTH, WIDTH, 1}
  };

  private static Map<String, long[]> shapes(NamedTensors tensors) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.names().forEach(name -> shapes.put(name, tensors.shape(name)));
    return shapes;
  }

  private static NamedTensors tensors(Map<String, long[]> shapes) {
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes.forEach((name, shape) -> builder.add(name, new float[(int) elements(shape)], shape));
    return builder.build();
  }

  private static long elements(long[] shape) {
    return Arrays.stream(shape).anyMatch(size -> size == 0) ? 0 : Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  /** One to three tensors are removed, renamed, get another shape, or are added. */
  private static Map<String, long[]> changed(Map<String, long[]> valid, SplittableRandom random) {
    Map<String, long[]> shapes = new LinkedHashMap<>(valid);
    for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
      List<String> names = new ArrayList<>(shapes.keySet());
      String name = names.get(random.nextInt(names.size()));
      String other = NAMES.get(random.nextInt(NAMES.size()));
      long[] shape = SHAPES[random.nextInt(SHAPES.length)];
      switch (random.nextInt(5)) {
        case 0 -> shapes.remove(name);
        case 1 -> shapes.put(other, shapes.remove(name));
        case 2 -> shapes.put(other, shape);
        case 3 -> shapes.replaceAll((each, old) -> old.length == shape.length ? shape : old);
        default -> shapes.put(name, shape);
      }
    }
    return shapes;
  }

  private static void fuzz(Map<String, long[]> valid, long seed, Consumer<NamedTensors> load) {
    load.accept(tensors(valid));
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      NamedTensors tensors = tensors(changed(valid, random));
      try {
        load.accept(tensors);
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e.getMessage().length()).as("round %s of seed %s: %s", round, seed, e.getMessage()).isBetween(10, LONGEST_MESSAGE);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of seed " + seed + ": " + tensors.names(), e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
  }

  @Test
  void pyTorch() {
    Initialisation made = Initialisation.xavier(SEED);
    fuzz(shapes(made.attention(WIDTH)), SEED, tensors -> TorchWeights.of(tensors, 2).attention(""));
    fuzz(shapes(made.attention(WIDTH, 4, 5)), SEED + 1, tensors -> TorchWeights.of(tensors, 2).attention(""));
    fuzz(shapes(made.encoder(WIDTH, 2 * WIDTH, 2)), SEED + 2, tensors -> TorchWeights.of(tensors, 2).encoder(""));
    fuzz(shapes(made.decoder(WIDTH, 2 * WIDTH, 1)), SEED + 3, tensors -> TorchWeights.of(tensors, 2).decoder(""));
    fuzz(shapes(made.transformer(WIDTH, 2 * WIDTH, 1, 1)), SEED + 4, tensors -> TorchWeights.of(tensors, 2).transformer(""));
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
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(LONGEST_MESSAGE));
  }
}
