package dev.lanewise.core.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.testing.ReadmeBlocks;
import dev.lanewise.testing.Sample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Choices compared with plain double code, and the frequencies of many choices with their probabilities. */
@Tag("once")
class SamplingTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final int[] NO_TOKENS = {};

  private static float[] logits(Random random, int vocabulary) {
    float[] logits = new float[vocabulary];
    float spread = (float) Math.exp(random.nextDouble(-2, 2));
    boolean ties = random.nextInt(3) == 0;
    for (int token = 0; token < vocabulary; token++) {
      float logit = (float) random.nextGaussian() * spread;
      logits[token] = ties ? Math.round(logit) : logit;
      if (token > 0 && random.nextInt(5) == 0) {
        logits[token] = -INFINITY;
      }
    }
    return logits;
  }

  private static PlainSampling sampling(Random random) {
    return new PlainSampling(
        random.nextLong(),
        random.nextInt(8) == 0 ? 0 : Math.exp(random.nextDouble(-2, 2)),
        random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(20),
        random.nextBoolean() ? 1 : random.nextDouble(1e-6, 1),
        random.nextBoolean() ? 0 : random.nextDouble(0.5),
        random.nextBoolean() ? 1 : random.nextDouble(0.5, 2),
        random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(8));
  }

  @Test
  void everyChoiceIsThatOfPlainDoubleCode() {
    for (int seed = 0; seed < Sample.count(4000); seed++) {
      Random random = new Random(Problem.SEED + seed);
      PlainSampling plain = sampling(random);
      int vocabulary = 1 + random.nextInt(seed % 50 == 0 ? 5000 : 60);
      float[] logits = logits(random, vocabulary);
      int[] tokens = random.ints(random.nextInt(12), 0, vocabulary).toArray();
      int sequence = random.nextInt(5);
      int expected = plain.choose(logits, tokens, sequence);
      double[] penalised = plain.penalised(logits, tokens);
      assertThat(plain.sampling().choose(logits, tokens, sequence)).as("seed %d, %s", seed, plain).isEqualTo(expected);
      for (int token = 0; token < vocabulary; token++) {
        assertThat((double) logits[token]).isEqualTo(penalised[token]);
      }
    }
  }

  /** Pearson's statistic over the counts of each token; it exceeds its mean by 5 standard deviations once in a million times or less. */
  private static void assertFrequencies(double[] probabilities, int[] chosen) {
    double statistic = 0;
    int degrees = -1;
    for (int token = 0; token < probabilities.length; token++) {
      int wanted = token;
      long count = Arrays.stream(chosen).filter(other -> other == wanted).count();
      double expected = chosen.length * probabilities[token];
      if (expected == 0) {
        assertThat(count).as("token %d", token).isZero();
      } else {
        assertThat(expected).as("a count large enough for the statistic").isGreaterThan(20);
        statistic += (count - expected) * (count - expected) / expected;
        degrees++;
      }
    }
    assertThat(statistic).as("%d degrees of freedom", degrees).isLessThan(degrees + 5 * Math.sqrt(2 * degrees));
  }

  @Test
  void drawsHaveTheirProbabilitiesOverStepsSequencesAndSeeds() {
    float[] logits = {0.5f, -1, 2, 1.5f, -0.5f, 0, 1, -INFINITY, -1.5f, 0.25f};
    double[] penalised = IntStream.range(0, logits.length).mapToDouble(token -> logits[token]).toArray();
    for (PlainSampling plain :
        List.of(
            new PlainSampling(1, 1, Integer.MAX_VALUE, 1, 0, 1, 1),
            new PlainSampling(2, 0.7, 6, 1, 0, 1, 1),
            new PlainSampling(3, 1.3, Integer.MAX_VALUE, 0.8, 0, 1, 1),
            new PlainSampling(4, 1, 8, 0.95, 0.1, 1, 1))) {
      double[] probabilities = plain.probabilities(penalised);
      Sampling sampling = plain.sampling();
      assertFrequencies(probabilities, IntStream.range(0, 20_000).map(step -> sampling.choose(logits, step, 3)).toArray());
      assertFrequencies(probabilities, IntStream.range(0, 20_000).map(sequence -> sampling.choose(logits, 7, sequence)).toArray());
      assertFrequencies(probabilities, IntStream.range(0, 20_000).map(seed -> sampling.withSeed(seed).choose(logits, 7, 3)).toArray());
    }
  }

  @Test
  void successiveDrawsAreIndependent() {
    int bins = 8;
    int[] pairs =
        IntStream.range(0, 40_000)
            .map(step -> bins * (int) (bins * Sampling.uniform(5, 0, step)) + (int) (bins * Sampling.uniform(5, 0, step + 1)))
            .toArray();
    double[] even = new double[bins * bins];
    Arrays.fill(even, 1.0 / even.length);
    assertFrequencies(even, pairs);
    int[] sequences =
        IntStream.range(0, 40_000)
            .map(n -> bins * (int) (bins * Sampling.uniform(5, n, 9)) + (int) (bins * Sampling.uniform(5, n + 1, 9)))
            .toArray();
    assertFrequencies(even, sequences);
  }

  @Test
  void aChoiceDependsOnNoOtherCall() {
    Random random = new Random(Problem.SEED);
    Sampling sampling = Sampling.random(9).withTopP(0.9).withTopK(300);
    float[][] logits = new float[64][];
    Arrays.setAll(logits, i -> logits(random, 1 + random.nextInt(1000)));
    int[] alone = IntStream.range(0, logits.length).map(i -> sampling.choose(logits[i], NO_TOKENS, i)).toArray();
    int[] together = IntStream.range(0, logits.length).parallel().map(i -> sampling.choose(logits[i], NO_TOKENS, i)).toArray();
    assertThat(together).isEqualTo(alone);
  }

  @Test
  void theFirstOfEqualLogitsIsTheLarger() {
    float[] logits = {1, 3, 3, 2, 3};
    assertThat(Sampling.greedy().choose(logits, NO_TOKENS, 0)).isEqualTo(1);
    for (int sequence = 0; sequence < 200; sequence++) {
      assertThat(Sampling.random(1).withTopK(2).choose(logits, NO_TOKENS, sequence)).isBetween(1, 2);
      assertThat(Sampling.random(1).withTopP(0.2).choose(logits, NO_TOKENS, sequence)).isEqualTo(1);
    }
  }

  @Test
  void anInfiniteLogitIsCertain() {
    assertThat(Sampling.greedy().choose(new float[] {1, INFINITY, -INFINITY}, NO_TOKENS, 0)).isEqualTo(1);
    for (int sequence = 0; sequence < 50; sequence++) {
      assertThat(Sampling.random(1).choose(new float[] {1, INFINITY, -INFINITY, 5}, NO_TOKENS, sequence)).isEqualTo(1);
      assertThat(Sampling.random(1).choose(new float[] {-INFINITY, -INFINITY, 5}, NO_TOKENS, sequence)).isEqualTo(2);
    }
  }

  @Test
  void logitsWithoutAChoiceAreReported() {
    for (Sampling sampling : List.of(Sampling.greedy(), Sampling.random(3).withTopK(2))) {
      assertThatThrownBy(() -> sampling.choose(new float[] {0, 1, Float.NaN}, new int[] {1, 1}, 4))
          .isInstanceOf(ArithmeticException.class)
          .hasMessage("the logit of token 2 is NaN after 2 tokens of sequence 4");
      assertThatThrownBy(() -> sampling.choose(new float[] {-INFINITY, -INFINITY}, new int[] {1}, 5))
          .isInstanceOf(ArithmeticException.class)
          .hasMessage("all 2 logits are -Infinity after 1 tokens of sequence 5: no token can follow");
    }
  }

  @Test
  void wrongArguments() {
    Sampling sampling = Sampling.random(1);
    List<Wrong> wrong =
        List.of(
            Wrong.argument("temperature", t -> sampling.withTemperature(-0.5), "temperature", "-0.5", "0"),
            Wrong.argument("temperature", t -> sampling.withTemperature(Double.NaN), "temperature", "NaN", "0"),
            Wrong.argument("topK", t -> sampling.withTopK(0), "topK", "0", "1"),
            Wrong.argument("topP", t -> sampling.withTopP(0), "topP", "0.0", "0", "1"),
            Wrong.argument("topP", t -> sampling.withTopP(1.5), "topP", "1.5", "1"),
            Wrong.argument("minP", t -> sampling.withMinP(-0.1), "minP", "-0.1", "0", "1"),
            Wrong.argument("penalty", t -> sampling.withRepetitionPenalty(0), "penalty", "0.0", "0"),
            Wrong.argument("tokens", t -> sampling.withRepetitionPenalty(1.1, 0), "tokens", "0", "1"),
            Wrong.isNull("logits", t -> sampling.choose(Wrong.nothing(), NO_TOKENS, 0)),
            Wrong.isNull("tokens", t -> sampling.choose(t, Wrong.nothing(), 0)),
            new Wrong(
                "a token outside of the vocabulary",
                t -> sampling.withRepetitionPenalty(2).choose(t, new int[] {1, 5000}, 0),
                IndexOutOfBoundsException.class,
                List.of("tokens[1]", "5000", "4096")));
    wrong.forEach(Wrong::verify);
  }

  @Test
  void aChoiceAllocatesNothing() {
    float[] logits = logits(new Random(Problem.SEED), 50_000);
    int[] tokens = new int[4000];
    Sampling sampling = Sampling.random(3).withTopK(9000).withTopP(0.9).withMinP(0.01).withRepetitionPenalty(1.01);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long id = Thread.currentThread().threadId();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 50; i++) {
      long before = threads.getThreadAllocatedBytes(id);
      assertThat(sampling.choose(logits, tokens, i) >= 0).isTrue();
      least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
    }
    assertThat(least).isLessThan(1000);
  }

  @Test
  void example() throws IOException {
    assertThat(ReadmeBlocks.compiled("SamplingExample.java")).isEqualTo(ReadmeBlocks.shownInJavadoc("Sampling.java"));
    float[] logits = new float[100];
    assertThat(SamplingExample.run(logits, new int[] {1, 2})).isBetween(0, 99);
  }
}
