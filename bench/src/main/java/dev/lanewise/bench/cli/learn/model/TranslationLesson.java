package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.bench.cli.learn.model.Translator.Translated;
import dev.lanewise.bench.cli.learn.task.Task;
import dev.lanewise.bench.cli.learn.task.Translation;
import dev.lanewise.bench.cli.learn.task.Translation.Pairs;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.loss.CrossEntropy;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The training of a {@link Translator}. Its accuracy is the share of right words of translations in which the decoder reads its own words.
 *
 * @param task what it has to translate
 * @param scores how the decoder attends
 * @param steps steps of the training
 * @param batch pairs of sentences of a step
 * @param width width of embeddings and states
 * @param learningRate the largest step of the optimiser
 */
public record TranslationLesson(Translation task, Scores scores, int steps, int batch, int width, double learningRate) implements Lesson {
  /** Sentences that are translated after the training. */
  private static final int TESTED = 256;

  private static final long TEST_SEED = 0x7e57;

  /** How the decoder's state is compared with the encoder's states. */
  public enum Scores {
    /** vᵀ tanh(W s + U h). */
    ADDITIVE,
    /** s · h. */
    DOT,
    /** Not at all: the decoder knows the last state only. */
    NONE
  }

  @Override
  public double guessLoss() {
    return Math.log(task.targetVocabulary());
  }

  @Override
  public List<String> distances() {
    return List.of();
  }

  @Override
  public Outcome run(long seed, boolean withMaps, BooleanSupplier stopped) {
    long start = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Translator model = new Translator(task, scores, width, random.nextLong());
    SplittableRandom data = random.split();
    Trace trace = Trace.create();
    Pairs test = task.draw(new SplittableRandom(TEST_SEED), TESTED);
    AttentionMap before = withMaps ? map(model.translate(test, trace), test) : null;
    CrossEntropy loss = CrossEntropy.standard().withIgnored(Task.NO_ANSWER);
    Optimisation optimisation = new Optimisation(model, steps, learningRate, guessLoss());
    optimisation.run(
        step -> {
          Pairs pairs = task.draw(data, batch);
          int[] targets = targets(pairs);
          return model.learn(pairs, logits -> loss.compute(logits, targets, logits), trace.train(seed, step));
        },
        stopped);
    Translated translated = model.translate(test, trace);
    return new Outcome(
        share(translated, test),
        Double.NaN,
        optimisation.speed(),
        optimisation.losses(),
        new double[0],
        before,
        withMaps ? map(translated, test) : null,
        (System.nanoTime() - start) * 1e-9);
  }

  /** The words up to the end of each sentence. */
  private static int[] targets(Pairs pairs) {
    return IntStream.range(0, pairs.target().length)
        .map(i -> i % pairs.length() < pairs.words()[i / pairs.length()] ? pairs.target()[i] : Task.NO_ANSWER)
        .toArray();
  }

  /** The share of right words. */
  private static double share(Translated translated, Pairs pairs) {
    int[] targets = targets(pairs);
    long right = IntStream.range(0, targets.length).filter(i -> translated.words()[i] == targets[i]).count();
    return (double) right / IntStream.of(pairs.words()).sum();
  }

  /** The attention of the longest sentence. */
  private @Nullable AttentionMap map(Translated translated, Pairs pairs) {
    if (translated.weights().length == 0) {
      return null;
    }
    int length = pairs.length();
    int longest = IntStream.range(0, pairs.count()).reduce(0, (a, b) -> pairs.words()[b] > pairs.words()[a] ? b : a);
    int words = pairs.words()[longest];
    List<String> written = IntStream.range(0, words).mapToObj(i -> Translation.target(translated.words()[longest * length + i])).toList();
    List<String> read = IntStream.range(0, words).mapToObj(i -> Translation.source(pairs.source()[longest * length + i])).toList();
    float[][] weights = new float[words][];
    for (int i = 0; i < words; i++) {
      weights[i] = Arrays.copyOf(translated.weights()[longest][i], words);
    }
    return new AttentionMap(written, read, new int[words][0], new float[][][] {weights});
  }
}
