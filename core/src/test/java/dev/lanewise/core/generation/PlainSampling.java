package dev.lanewise.core.generation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The steps of {@link Sampling} in plain double code, which sorts the whole vocabulary. */
record PlainSampling(long seed, double temperature, int topK, double topP, double minP, double penalty, int last) {

  Sampling sampling() {
    return Sampling.random(seed)
        .withTemperature(temperature)
        .withTopK(topK)
        .withTopP(topP)
        .withMinP(minP)
        .withRepetitionPenalty(penalty, last);
  }

  /** The logits after the penalty. */
  double[] penalised(float[] logits, int[] tokens) {
    double[] result = IntStream.range(0, logits.length).mapToDouble(token -> logits[token]).toArray();
    Set<Integer> seen = new LinkedHashSet<>();
    for (int i = tokens.length - 1; i >= 0 && tokens.length - i <= last; i--) {
      seen.add(tokens[i]);
    }
    seen.forEach(token -> result[token] = (float) (result[token] > 0 ? result[token] / penalty : result[token] * penalty));
    return result;
  }

  /** Probability of each token, from logits after penalty and filter. */
  double[] probabilities(double[] logits) {
    List<Integer> sorted =
        IntStream.range(0, logits.length).boxed().sorted(Comparator.comparingDouble((Integer token) -> logits[token]).reversed()).toList();
    double largest = logits[sorted.get(0)];
    double[] probabilities = new double[logits.length];
    if (temperature == 0) {
      probabilities[sorted.get(0)] = 1;
      return probabilities;
    }
    List<Integer> kept = sorted.subList(0, Math.min(topK, sorted.size()));
    kept.forEach(token -> probabilities[token] = Math.exp((logits[token] - largest) / temperature));
    normalise(probabilities);
    double sum = 0;
    for (int token : kept) {
      if (sum >= topP) {
        probabilities[token] = 0;
      }
      sum += probabilities[token];
    }
    normalise(probabilities);
    double most = Arrays.stream(probabilities).max().orElseThrow();
    Arrays.setAll(probabilities, token -> probabilities[token] >= minP * most ? probabilities[token] : 0);
    normalise(probabilities);
    return probabilities;
  }

  private static void normalise(double[] values) {
    double sum = Arrays.stream(values).sum();
    Arrays.setAll(values, i -> values[i] / sum);
  }

  /** The first token at which the running sum of the probabilities exceeds the random number. */
  int choose(double[] logits, int step, int sequence) {
    double[] probabilities = probabilities(logits);
    double uniform = uniform(seed, sequence, step);
    double sum = 0;
    int chosen = -1;
    for (int token = 0; token < logits.length && sum <= uniform; token++) {
      if (probabilities[token] > 0) {
        sum += probabilities[token];
        chosen = token;
      }
    }
    return chosen;
  }

  int choose(float[] logits, int[] tokens, int sequence) {
    return choose(penalised(logits, tokens), tokens.length, sequence);
  }

  /** Each number comes from the JDK's SplitMix64, seeded by the one before. */
  static double uniform(long seed, long sequence, long step) {
    long first = new SplittableRandom(seed).nextLong();
    long second = new SplittableRandom(first + sequence).nextLong();
    return new SplittableRandom(second + step).nextDouble();
  }
}
