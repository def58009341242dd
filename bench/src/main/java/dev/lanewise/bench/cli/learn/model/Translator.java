package dev.lanewise.bench.cli.learn.model;

import dev.lanewise.bench.cli.learn.model.TranslationLesson.Scores;
import dev.lanewise.bench.cli.learn.task.Translation;
import dev.lanewise.bench.cli.learn.task.Translation.Pairs;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.learn.TrainableEmbedding;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.TrainableRecurrentAttention;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent encoder and a recurrent decoder. The decoder begins with the encoder's state at the end of the sentence. In each step it
 * attends to the encoder's states with its own state, if it attends, then reads the word before and the context; state and context together
 * give the next word.
 */
final class Translator implements Trainable {
  private final int width;
  private final TrainableEmbedding sourceEmbedding;
  private final TrainableEmbedding targetEmbedding;
  private final GruCell encoder;
  private final GruCell decoder;
  private final @Nullable TrainableRecurrentAttention attention;
  private final TrainableLinear head;
  private final List<Parameter> parameters = new ArrayList<>();

  Translator(Translation task, Scores scores, int width, long seed) {
    SplittableRandom seeds = new SplittableRandom(seed);
    this.width = width;
    sourceEmbedding = TrainableEmbedding.normal(seeds.nextLong(), task.sourceVocabulary(), width, 1);
    targetEmbedding = TrainableEmbedding.normal(seeds.nextLong(), task.targetVocabulary(), width, 1);
    encoder = new GruCell(seeds.nextLong(), width, width);
    long attentionSeed = seeds.nextLong();
    attention =
        switch (scores) {
          case ADDITIVE -> TrainableRecurrentAttention.additive(attentionSeed, width, width, width);
          case DOT -> TrainableRecurrentAttention.dot();
          case NONE -> null;
        };
    int context = attention == null ? 0 : width;
    decoder = new GruCell(seeds.nextLong(), width + context, width);
    head = TrainableLinear.xavier(seeds.nextLong(), width + context, task.targetVocabulary());
    add("source.", sourceEmbedding);
    add("target.", targetEmbedding);
    add("encoder.", encoder);
    add("decoder.", decoder);
    if (attention != null) {
      add("attention.", attention);
    }
    add("head.", head);
  }

  private void add(String prefix, Trainable layer) {
    layer.parameters().forEach(parameter -> parameters.add(parameter.under(prefix)));
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** The sentences of both languages as embeddings, and the states of the encoder after each word, batch × length × width. */
  private record Encoded(SequenceBatch words, SequenceBatch states) {}

  private Encoded encode(Pairs pairs, Trace trace) {
    SequenceBatch words = SequenceBatch.zeros(pairs.count(), pairs.length(), width);
    SequenceBatch states = SequenceBatch.zeros(pairs.count(), pairs.length(), width);
    SequenceBatch begin = SequenceBatch.zeros(pairs.count(), 1, width);
    sourceEmbedding.forward(pairs.source(), words, trace);
    for (int i = 0; i < pairs.length(); i++) {
      encoder.forward(words.rows(i, i + 1), i == 0 ? begin : states.rows(i - 1, i), states.rows(i, i + 1), trace);
    }
    return new Encoded(words, states);
  }

  /** The state at the end of each sentence. */
  private SequenceBatch last(SequenceBatch states, int[] words) {
    SequenceBatch last = SequenceBatch.zeros(states.batch(), 1, width);
    for (int b = 0; b < states.batch(); b++) {
      System.arraycopy(states.data(), states.index(b, words[b] - 1), last.data(), last.index(b, 0), width);
    }
    return last;
  }

  /** The word before each word: the end of a sentence stands before the first one. */
  private static int[] before(Pairs pairs) {
    int[] words = new int[pairs.target().length];
    for (int i = 0; i < words.length; i++) {
      words[i] = i % pairs.length() == 0 ? Translation.END : pairs.target()[i - 1];
    }
    return words;
  }

  /**
   * A forward and a backward pass in which the decoder reads the right words.
   *
   * @param loss gets logits, batch × length × words, and replaces them by their gradient
   */
  double learn(Pairs pairs, LossOfLogits loss, Trace trace) {
    int batch = pairs.count();
    int length = pairs.length();
    trace.setMemoryLengths(pairs.words());
    Encoded encoded = encode(pairs, trace);
    SequenceBatch words = SequenceBatch.zeros(batch, length, width);
    targetEmbedding.forward(before(pairs), words, trace);
    if (attention != null) {
      attention.begin(encoded.states, trace);
    }
    SequenceBatch features = SequenceBatch.zeros(batch, length, head.inputs());
    SequenceBatch state = last(encoded.states, pairs.words());
    for (int i = 0; i < length; i++) {
      SequenceBatch both = step(words.rows(i, i + 1), state, trace);
      both.copyTo(features.rows(i, i + 1));
      state = both.columns(0, width);
    }
    SequenceBatch logits = SequenceBatch.zeros(batch, length, head.outputs());
    head.forward(features, logits, trace);
    double value = loss.compute(logits);
    SequenceBatch featuresGradient = SequenceBatch.zeros(batch, length, head.inputs());
    head.backward(trace, logits, featuresGradient);
    backward(encoded, pairs.words(), featuresGradient, trace);
    return value;
  }

  /** Computes a loss of logits and replaces them by their gradient. */
  @FunctionalInterface
  interface LossOfLogits {
    double compute(SequenceBatch logits);
  }

  /** A step of the decoder: its next state and the context, side by side. */
  private SequenceBatch step(SequenceBatch word, SequenceBatch state, Trace trace) {
    int batch = word.batch();
    SequenceBatch input = word;
    SequenceBatch features = SequenceBatch.zeros(batch, 1, head.inputs());
    if (attention != null) {
      SequenceBatch context = SequenceBatch.zeros(batch, 1, width);
      attention.forward(state, context, trace);
      context.copyTo(features.columns(width, 2 * width));
      input = SequenceBatch.zeros(batch, 1, 2 * width);
      Columns.join(input, word, context);
    }
    decoder.forward(input, state, features.columns(0, width), trace);
    return features;
  }

  private void backward(Encoded encoded, int[] words, SequenceBatch featuresGradient, Trace trace) {
    int batch = words.length;
    int length = encoded.words.rows();
    SequenceBatch wordsGradient = SequenceBatch.zeros(batch, length, width);
    SequenceBatch inputGradient = SequenceBatch.zeros(batch, 1, attention == null ? width : 2 * width);
    SequenceBatch stateGradient = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch attendedGradient = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch contextGradient = SequenceBatch.zeros(batch, 1, width);
    for (int i = length - 1; i >= 0; i--) {
      Columns.add(stateGradient, featuresGradient.rows(i, i + 1).columns(0, width));
      decoder.backward(trace, stateGradient, inputGradient, stateGradient);
      inputGradient.columns(0, width).copyTo(wordsGradient.rows(i, i + 1));
      if (attention != null) {
        inputGradient.columns(width, 2 * width).copyTo(contextGradient);
        Columns.add(contextGradient, featuresGradient.rows(i, i + 1).columns(width, 2 * width));
        attention.backward(trace, contextGradient, attendedGradient);
        Columns.add(stateGradient, attendedGradient);
      }
    }
    SequenceBatch statesGradient = SequenceBatch.zeros(batch, length, width);
    if (attention != null) {
      attention.end(trace, statesGradient);
    }
    targetEmbedding.backward(trace, wordsGradient);
    for (int b = 0; b < batch; b++) {
      Columns.add(statesGradient.batch(b, b + 1).rows(words[b] - 1, words[b]), stateGradient.batch(b, b + 1));
    }
    encoderBackward(statesGradient, trace);
  }

  private void encoderBackward(SequenceBatch statesGradient, Trace trace) {
    int batch = statesGradient.batch();
    SequenceBatch wordsGradient = SequenceBatch.zeros(batch, statesGradient.rows(), width);
    SequenceBatch wordGradient = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch stateGradient = SequenceBatch.zeros(batch, 1, width);
    for (int i = statesGradient.rows() - 1; i >= 0; i--) {
      Columns.add(stateGradient, statesGradient.rows(i, i + 1));
      encoder.backward(trace, stateGradient, wordGradient, stateGradient);
      wordGradient.copyTo(wordsGradient.rows(i, i + 1));
    }
    sourceEmbedding.backward(trace, wordsGradient);
  }

  /**
   * A translation in which the decoder reads its own words.
   *
   * @param words count × length, with everything that follows the end
   * @param weights for each step the weights of the encoder's states in the context, count × length × length; empty without attention
   */
  record Translated(int[] words, float[][][] weights) {}

  /** Translates; the inference layer attends. */
  Translated translate(Pairs pairs, Trace trace) {
    int batch = pairs.count();
    int length = pairs.length();
    SequenceBatch states = encode(pairs, trace.evaluate()).states;
    RecurrentAttention memory = attention == null ? null : RecurrentAttention.of(attention.toLayer(), states).withLengths(pairs.words());
    float[][][] weights = new float[attention == null ? 0 : batch][length][length];
    int[] written = new int[batch * length];
    int[] before = new int[batch];
    Arrays.fill(before, Translation.END);
    SequenceBatch state = last(states, pairs.words());
    SequenceBatch word = SequenceBatch.zeros(batch, 1, width);
    SequenceBatch logits = SequenceBatch.zeros(batch, 1, head.outputs());
    for (int i = 0; i < length; i++) {
      targetEmbedding.forward(before, word, trace.evaluate());
      SequenceBatch features = SequenceBatch.zeros(batch, 1, head.inputs());
      SequenceBatch input = word;
      if (memory != null) {
        Heads weight = Heads.zeros(batch, 1, 1, length);
        memory.forward(state, Results.of().withOutput(features.columns(width, 2 * width).split(1)).withWeights(weight));
        input = SequenceBatch.zeros(batch, 1, 2 * width);
        Columns.join(input, word, features.columns(width, 2 * width));
        for (int b = 0; b < batch; b++) {
          for (int key = 0; key < length; key++) {
            weights[b][i][key] = weight.get(b, 0, 0, key);
          }
        }
      }
      decoder.forward(input, state, features.columns(0, width), trace);
      head.forward(features, logits, trace);
      for (int b = 0; b < batch; b++) {
        before[b] = Logits.largest(logits, b, 0);
        written[b * length + i] = before[b];
      }
      state = features.columns(0, width);
    }
    return new Translated(written, weights);
  }
}
