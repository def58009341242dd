package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.model.Classifier;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scores how well texts answer a query, with a cross-encoder: a model that reads query and text together and ends with a classifier. It is
 * more exact than comparing vectors, and slower, so it usually orders the best texts that a {@link TextEncoder} has found.
 *
 * <pre>{@code
 * Reranker reranker = Reranker.load(folder); // config.json, tokenizer.json, model.safetensors of a cross-encoder
 * float[] scores = reranker.score("Who may change the law?", texts); // one for each text, the larger the better
 * }</pre>
 *
 * <p>A score is the classifier's output x; or, where the model's files say so, 1 / (1 + e<sup>−x</sup>) or tanh x. {@link #withSigmoid}
 * chooses otherwise. White space at both ends of query and text is not read.
 *
 * <p>A score has the same bits alone, in any batch and with any number of threads. If a pair is too long, the longer text loses its last
 * tokens. An interrupt of the thread ends a call with a {@link java.util.concurrent.CancellationException}.
 *
 * <p>Immutable and thread-safe: one instance is enough for a whole program. The {@code with…} methods return copies that share the weights.
 */
public final class Reranker {
  private final EncoderModel model;
  private final Classifier classifier;
  private final int maxTokens;
  private final Activation scoring;
  private final int threads;
  private final PackedEncoder encoder;
  private final TextTokens tokens;

  private Reranker(EncoderModel model, int maxTokens, @Nullable Activation told, int threads) {
    this.model = model;
    this.classifier =
        model
            .classifier()
            .orElseThrow(() -> new IllegalArgumentException("the model has no classifier, which scores pairs of texts: " + model.name()));
    this.maxTokens = maxTokens;
    this.scoring = told == null ? classifier.scoring().orElse(Activation.NONE) : told;
    this.threads = threads;
    this.encoder = new PackedEncoder(model.encoder(), threads, this::logits);
    this.tokens = new TextTokens(model, maxTokens, "", LongTexts.truncate());
    tokens.checkPairs();
  }

  /**
   * Loads a model from a folder, an ONNX file or an artifact, see {@link ModelFiles#of}.
   *
   * @throws IOException if a file is missing or wrong
   * @throws IllegalArgumentException if the model has no classifier
   */
  public static Reranker load(Path path) throws IOException {
    return of(EncoderModel.load(path));
  }

  /**
   * Creates a reranker that uses a model as its files say, on one thread.
   *
   * @throws IllegalArgumentException if the model has no classifier
   */
  public static Reranker of(EncoderModel model) {
    return new Reranker(model, model.maxTokens(), null, 1);
  }

  /** Returns a copy that reads up to this number of tokens of a pair, including those of the template. */
  public Reranker withMaxTokens(int newMaxTokens) {
    Checks.atMost("maxTokens", newMaxTokens, "the number of the model's positions", model.encoder().maxTokens());
    return new Reranker(model, newMaxTokens, scoring, threads);
  }

  /**
   * Returns a copy whose scores are 1 / (1 + e<sup>−x</sup>) of the classifier's output x, or that output itself. By default the model's
   * files choose, and where they say nothing it is the output itself.
   */
  public Reranker withSigmoid(boolean applied) {
    return new Reranker(model, maxTokens, applied ? Activation.SIGMOID : Activation.NONE, threads);
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public Reranker withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new Reranker(model, maxTokens, scoring, newThreads);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Reranker withKernels(Kernels kernels) {
    return new Reranker(model.withKernels(kernels), maxTokens, scoring, threads);
  }

  /** The model. */
  public EncoderModel model() {
    return model;
  }

  /** Maximum number of tokens of a pair that are read. */
  public int maxTokens() {
    return maxTokens;
  }

  /** The names of the classifier's outputs; one for most rerankers. */
  public List<String> labels() {
    return classifier.labels();
  }

  /**
   * Scores one text.
   *
   * @throws IllegalStateException if the model has several labels
   */
  public float score(String query, String text) {
    return score(query, List.of(Objects.requireNonNull(text, "text")))[0];
  }

  /**
   * Scores texts, in their order.
   *
   * @throws IllegalStateException if the model has several labels; {@link #scores} gives a score for each
   * @throws NullPointerException if a text is null; the message names its index
   */
  public float[] score(String query, List<String> texts) {
    if (labels().size() != 1) {
      throw new IllegalStateException("the model has the labels " + labels() + ", must have 1; scores(query, texts) has a score for each");
    }
    float[][] scores = scores(query, texts);
    float[] only = new float[scores.length];
    for (int i = 0; i < only.length; i++) {
      only[i] = scores[i][0];
    }
    return only;
  }

  /** Computes a score for each text and each of {@link #labels}. */
  public float[][] scores(String query, List<String> texts) {
    Objects.requireNonNull(query, "query");
    List<String> copy = TextEncoder.copy("texts", texts);
    float[][] scores = new float[copy.size()][];
    for (int from = 0; from < scores.length; from += TextEncoder.MOST_TEXTS) {
      List<String> some = copy.subList(from, Math.min(scores.length, from + TextEncoder.MOST_TEXTS));
      float[][] made = encoder.results(pairs(query, some));
      System.arraycopy(made, 0, scores, from, made.length);
    }
    if (scoring != Activation.NONE) {
      for (float[] labels : scores) {
        for (int i = 0; i < labels.length; i++) {
          labels[i] = score(labels[i]);
        }
      }
    }
    return scores;
  }

  /** The score of an output of the classifier. */
  private float score(float output) {
    return switch (scoring) {
      case NONE -> output;
      case SIGMOID -> (float) (1 / (1 + Math.exp(-output)));
      case TANH -> (float) Math.tanh(output);
      case GELU, GELU_TANH, RELU, SILU -> throw new IllegalStateException("scoring is " + scoring + ", must be NONE, SIGMOID or TANH");
    };
  }

  private List<TokenSequence> pairs(String query, List<String> texts) {
    TokenSequence[] pairs = new TokenSequence[texts.size()];
    long work = TextEncoder.tokenWork(texts) + TextEncoder.tokenWork(List.of(query)) * texts.size();
    Workers.run(threads, work, pairs.length, i -> pairs[i] = tokens.ofPair(query, texts.get(i)));
    return Arrays.asList(pairs);
  }

  /** The outputs of the classifier for each sequence. */
  private float[][] logits(SequenceBatch rows, PackedSequences sequences) {
    SequenceBatch logits = SequenceBatch.zeros(sequences.count(), 1, labels().size());
    classifier.forward(PoolingHead.pooled(Pooling.firstToken(), rows, sequences), logits);
    return PoolingHead.results(logits);
  }
}
