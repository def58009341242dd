package dev.lanewise.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Function;

/** Names and shapes of the tensors of a model, seeded changes of them, and the check that loading refuses those that do not fit. */
public final class NamedShapes {
  /** The width of the model. */
  public static final int WIDTH = 6;

  /** The length of the longest message with which loading may refuse. */
  public static final int LONGEST_MESSAGE = 20_000;

  private static final int ROUNDS = 1500 * Sample.fuzzFactor();

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

  private NamedShapes() {}

  /** An array of the elements of a shape, all 0. */
  public static float[] elements(long[] shape) {
    long size = Arrays.stream(shape).anyMatch(dimension -> dimension == 0) ? 0 : Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return new float[(int) size];
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

  /**
   * Changes shapes again and again. Each time they are loaded, or refused with an {@link IllegalArgumentException} with a short message.
   *
   * @param make makes tensors of these names and shapes
   * @param load makes the model
   */
  public static <T> void fuzz(Map<String, long[]> valid, long seed, Function<Map<String, long[]>, T> make, Consumer<T> load) {
    load.accept(make.apply(valid));
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Map<String, long[]> shapes = changed(valid, random);
      T tensors = make.apply(shapes);
      try {
        load.accept(tensors);
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e.getMessage().length()).as("round %s of seed %s: %s", round, seed, e.getMessage()).isBetween(10, LONGEST_MESSAGE);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("round " + round + " of seed " + seed + ": " + shapes.keySet(), e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
  }
}
