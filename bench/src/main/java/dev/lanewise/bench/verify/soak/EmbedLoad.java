package dev.lanewise.bench.verify.soak;

import dev.lanewise.text.TextEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Texts, lists and streams of texts through one {@link TextEncoder}. Every vector must have the bits of a lone call before the soak. */
final class EmbedLoad implements Load {
  private static final int MOST_WORDS = 30;
  private static final String[] WORDS =
      "the law will never be perfect but justice must be done when it rained all day the river rose above unbelievable bridges"
          .split(" ", -1);

  private final List<String> texts = new ArrayList<>();
  private final float[][] alone;

  /** The encoder with one, two and three threads for each call; they share the weights. */
  private final TextEncoder[] encoders = new TextEncoder[3];

  EmbedLoad(TextEncoder encoder, int count, long seed) {
    alone = new float[count][];
    Arrays.setAll(encoders, i -> encoder.withThreads(i + 1));
    Random random = new Random(seed);
    for (int text = 0; text < count; text++) {
      StringBuilder words = new StringBuilder();
      for (int word = random.nextInt(MOST_WORDS); word >= 0; word--) {
        words.append(WORDS[random.nextInt(WORDS.length)]).append(' ');
      }
      texts.add(words.toString());
      alone[text] = encoder.embed(texts.get(text));
    }
  }

  @Override
  public int platformThreads() {
    return 64;
  }

  @Override
  public int virtualThreads() {
    return 1000;
  }

  @Override
  public void call(int thread, Random random) {
    TextEncoder encoder = encoders[random.nextInt(encoders.length)];
    int count = random.nextInt(20) == 0 ? random.nextInt(60) : 1 + random.nextInt(3);
    int[] chosen = random.ints(count, 0, alone.length).toArray();
    List<String> some = Arrays.stream(chosen).mapToObj(texts::get).toList();
    float[][] vectors =
        switch (random.nextInt(3)) {
          case 0 -> some.stream().map(encoder::embed).toArray(float[][]::new);
          case 1 -> encoder.embed(some);
          default -> encoder.embed(some.stream()).toArray(float[][]::new);
        };
    if (vectors.length != count) {
      throw new AssertionError(vectors.length + " vectors of " + count + " texts");
    }
    for (int i = 0; i < count; i++) {
      int differs = Arrays.mismatch(vectors[i], alone[chosen[i]]);
      if (differs >= 0) {
        throw new AssertionError("the vector of \"" + some.get(i) + "\" differs from that of a lone call at " + differs);
      }
    }
  }

  @Override
  public List<String> leaks() {
    return List.of();
  }

  @Override
  public void close() {}
}
