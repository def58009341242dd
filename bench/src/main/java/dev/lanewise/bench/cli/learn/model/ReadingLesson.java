package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.bench.cli.learn.task.Examples;
import dev.lanewise.bench.cli.learn.task.Task;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.loss.CrossEntropy;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The training of a {@link Reader}.
 *
 * @param task what it has to do
 * @param design what it is made of
 * @param steps steps of the training
 * @param batch sequences of a step
 * @param length tokens of a sequence
 * @param beyond tokens of longer sequences, on which the model is tried but not trained; 0 for none
 * @param learningRate the largest step of the optimiser
 * @param byDistance whether answers are counted by distance, too
 */
public record ReadingLesson(Task task, Design design, int steps, int batch, int length, int beyond, double learningRate, boolean byDistance)
    implements Lesson {
  /** Sequences that are counted after the training. */
  private static final int TESTED = 2048;

  private static final long TEST_SEED = 0x7e57;

  /** Ranges of distances. */
  private static final int RANGES = 8;

  @Override
  public double guessLoss() {
    return Math.log(task.answers());
  }

  @Override
  public List<String> distances() {
    int width = (length - 1) / RANGES;
    return byDistance ? IntStream.range(0, RANGES).mapToObj(i -> (i * width + 1) + "–" + (i + 1) * width).toList() : List.of();
  }

  @Override
  public Outcome run(long seed, boolean withMaps, BooleanSupplier stopped) {
    long start = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Reader model = new Reader(design, task.vocabulary(), task.answers(), Math.max(length, beyond), random.nextLong());
    SplittableRandom data = random.split();
    Trace trace = Trace.create();
    Examples test = task.draw(new SplittableRandom(TEST_SEED), TESTED, length);
    AttentionMap before = withMaps ? map(model, test.only(0), trace) : null;
    Optimisation optimisation = new Optimisation(model, steps, learningRate, guessLoss());
    int asked = length - task.firstQuestion(length);
    SequenceBatch logits = SequenceBatch.zeros(batch, asked, task.answers());
    CrossEntropy loss = CrossEntropy.standard().withIgnored(Task.NO_ANSWER);
    optimisation.run(
        step -> {
          Examples examples = task.draw(data, batch, length);
          model.forward(examples.tokens(), logits, trace.train(seed, step));
          double value = loss.compute(logits, examples.lastTargets(asked), logits);
          model.backward(logits, trace);
          return value;
        },
        stopped);
    Score score = score(model, test, trace, 0);
    double longer =
        beyond == 0 ? Double.NaN : score(model, task.draw(new SplittableRandom(TEST_SEED), TESTED, beyond), trace, length).share();
    AttentionMap after = withMaps ? map(model, test.only(0), trace) : null;
    return new Outcome(
        score.share(),
        longer,
        optimisation.speed(),
        optimisation.losses(),
        byDistance ? score.shares() : new double[0],
        before,
        after,
        (System.nanoTime() - start) * 1e-9);
  }

  /** Right answers and questions, by ranges of distances. */
  private record Score(int[] right, int[] asked) {
    double share() {
      return (double) IntStream.of(right).sum() / IntStream.of(asked).sum();
    }

    double[] shares() {
      return IntStream.range(0, right.length).mapToDouble(i -> asked[i] == 0 ? Double.NaN : (double) right[i] / asked[i]).toArray();
    }
  }

  /** Counts right answers of questions at positions from {@code first} on. */
  private Score score(Reader model, Examples examples, Trace trace, int first) {
    Score score = new Score(new int[RANGES], new int[RANGES]);
    int rows = examples.length();
    int before = task.firstQuestion(rows);
    SequenceBatch logits = SequenceBatch.zeros(batch, rows - before, task.answers());
    int width = Math.max(1, (rows - 1) / RANGES);
    for (int from = 0; from + batch <= examples.count(); from += batch) {
      model.forward(Arrays.copyOfRange(examples.tokens(), from * rows, (from + batch) * rows), logits, trace.evaluate());
      for (int i = 0; i < batch * rows; i++) {
        int target = examples.targets()[from * rows + i];
        if (target != Task.NO_ANSWER && i % rows >= first) {
          int range = Math.clamp((examples.distance(from * rows + i) - 1) / width, 0, RANGES - 1);
          score.asked[range]++;
          score.right[range] += Logits.largest(logits, i / rows, i % rows - before) == target ? 1 : 0;
        }
      }
    }
    return score;
  }

  private @Nullable AttentionMap map(Reader model, Examples one, Trace trace) {
    List<String> texts = IntStream.of(one.tokens()).mapToObj(task::token).toList();
    return Optional.ofNullable(model.weights(one.tokens(), trace))
        .map(weights -> new AttentionMap(texts, texts, one.sources(), weights))
        .orElse(null);
  }
}
