package dev.lanewise.text.bert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.weights.NamedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tensors that are missing, renamed, have another shape or are extra are refused with a message, whatever their names are. */
@Timeout(300) // prevents endless tests
class BertNamesFuzzTest {
  private static final long SEED = 20261129;
  private static final int ROUNDS = 1500 * Integer.getInteger("lanewise.fuzzFactor", 1);
  private static final int WIDTH = 6;
  private static final int LONGEST_MESSAGE = 20_000;

  private static final List<String> NAMES =
      List.of(
          "", "encoder.layer.00.x", "encoder.layer.1.x", "x.embeddings.word_embeddings.weight", "pooler.\n", "\u0000\u0007".repeat(200));

  private static final long[][] SHAPES = {
    {}, {0}, {1}, {WIDTH}, {WIDTH, WIDTH}, {2 * WIDTH, WIDTH}, {0, 0}, {0, WIDTH}, {WIDTH, 0}, {0, Long.MAX_VALUE}, {1, 1, 1}
  };

  /** Names of an encoder of the BERT family, with the right shapes. */
  private static Map<String, long[]> bert() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String table : List.of("word", "position", "token_type")) {
      shapes.put("embeddings." + table + "_embeddings.weight", new long[] {5, WIDTH});
    }
    String layer = "encoder.layer.0.";
    for (String square : List.of("self.query", "self.key", "self.value", "output.dense")) {
      shapes.put(layer + "attention." + square + ".weight", new long[] {WIDTH, WIDTH});
      shapes.put(layer + "attention." + square + ".bias", new long[] {WIDTH});
    }
    shapes.put(layer + "intermediate.dense.weight", new long[] {2 * WIDTH, WIDTH});
    shapes.put(layer + "intermediate.dense.bias", new long[] {2 * WIDTH});
    shapes.put(layer + "output.dense.weight", new long[] {WIDTH, 2 * WIDTH});
    shapes.put(layer + "output.dense.bias", new long[] {WIDTH});
    for (String norm : List.of("embeddings.", layer + "attention.output.", layer + "output.")) {
      shapes.put(norm + "LayerNorm.weight", new long[] {WIDTH});
      shapes.put(norm + "LayerNorm.bias", new long[] {WIDTH});
    }
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
  private static Map<String, long[]> changed(SplittableRandom random) {
    Map<String, long[]> shapes = bert();
    for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
      List<String> names = new ArrayList<>(shapes.keySet());
      String name = names.get(random.nextInt(names.size()));
      String other = NAMES.get(random.nextInt(NAMES.size()));
      long[] shape = SHAPES[random.nextInt(SHAPES.length)];
      switch (random.nextInt(4)) {
        case 0 -> shapes.remove(name);
        case 1 -> shapes.put(other, shapes.remove(name));
        case 2 -> shapes.put(other, shape);
        default -> shapes.put(name, shape);
      }
    }
    return shapes;
  }

  @Test
  void changedTensorsAreRefused() {
    BertWeights.of(tensors(bert()), 2).encoder();
    SplittableRandom random = new SplittableRandom(SEED);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      NamedTensors tensors = tensors(changed(random));
      try {
        BertWeights.of(tensors, 2).encoder();
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e.getMessage().length()).as("round %s of seed %s: %s", round, SEED, e.getMessage()).isBetween(10, LONGEST_MESSAGE);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of seed " + SEED + ": " + tensors.names(), e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
  }

  @Test
  void manyEmbeddings() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (int i = 0; i < 20_000; i++) {
      shapes.put(i + ".embeddings.word_embeddings.weight", new long[] {0});
    }
    NamedTensors many = tensors(shapes);
    assertThatThrownBy(() -> BertWeights.of(many, 2).encoder())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20000 tensors")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(LONGEST_MESSAGE));
  }
}
