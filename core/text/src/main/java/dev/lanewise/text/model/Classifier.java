package dev.lanewise.text.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The head of a model that classifies texts or scores pairs of them: two linear maps over the row of the first token, with tanh between
 * them (BERT's pooler, RoBERTa) or max(x, 0) (DistilBERT).
 *
 * <pre>{@code
 * model.encoder().forward(ids, texts, Pooling.firstToken(), rows); // texts × 1 × embedDim
 * Classifier classifier = model.classifier().orElseThrow();
 * SequenceBatch logits = SequenceBatch.zeros(texts.count(), 1, classifier.labels().size());
 * classifier.forward(rows, logits);
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class Classifier {
  private static final String OUTPUT = "classifier";

  private final Linear hidden;
  private final Linear output;
  private final List<String> labels;
  private final Optional<Activation> scoring;

  private Classifier(Linear hidden, Linear output, List<String> labels, Optional<Activation> scoring) {
    this.hidden = hidden;
    this.output = output;
    this.labels = labels;
    this.scoring = scoring;
  }

  /**
   * Reads the classifier beside an encoder, if there is one.
   *
   * @param from the tensors of the file
   * @param config what the config says; null if there is none
   */
  static Optional<Classifier> of(NamedTensors from, Optional<Pooler> pooler, @Nullable EncoderConfig config, int width) throws IOException {
    Set<String> names = from.names();
    if (config != null && !config.hasClassifier()) {
      return Optional.empty();
    }
    if (names.contains("classifier.out_proj.weight")) {
      return Optional.of(of(Pooler.linear(from, "classifier.dense", width, width), Activation.TANH, from, "classifier.out_proj", config));
    }
    if (names.contains("classifier.weight") && names.contains("pre_classifier.weight")) {
      return Optional.of(of(Pooler.linear(from, "pre_classifier", width, width), Activation.RELU, from, OUTPUT, config));
    }
    if (names.contains("classifier.weight") && pooler.isPresent()) {
      return Optional.of(of(pooler.get().dense(), Activation.TANH, from, OUTPUT, config));
    }
    if (config != null) {
      throw new IOException(
          from
              + " has no classifier, but architectures of its config.json is "
              + ForeignJson.shown(String.valueOf(config.architectures())));
    }
    return Optional.empty();
  }

  private static Classifier of(Linear hidden, Activation activation, NamedTensors from, String name, @Nullable EncoderConfig config)
      throws IOException {
    long[] shape = from.shape(name + ".weight");
    int outputs = shape.length == 2 ? Math.clamp(shape[0], 1, Integer.MAX_VALUE) : 1;
    List<String> labels = config == null ? List.of() : config.labels();
    if (!labels.isEmpty() && labels.size() != outputs) {
      throw new IOException(from + ": id2label of config.json has " + labels.size() + " labels, but " + name + " has " + outputs);
    }
    return new Classifier(
        hidden.withActivation(activation),
        Pooler.linear(from, name, hidden.outputs(), outputs),
        labels.isEmpty() ? IntStream.range(0, outputs).mapToObj(i -> "LABEL_" + i).toList() : List.copyOf(labels),
        config == null ? Optional.empty() : config.scoring());
  }

  /** The names of the outputs, {@code LABEL_0} and so on if the files have none. */
  public List<String> labels() {
    return labels;
  }

  /**
   * The function that turns an output into a score, as the files of a cross-encoder say it; empty if they do not. {@link #forward} does not
   * apply it, a {@link dev.lanewise.text.Reranker} does.
   */
  public Optional<Activation> scoring() {
    return scoring;
  }

  /**
   * Computes the outputs of each row, before any softmax or sigmoid.
   *
   * @param rows texts × 1 × embedDim: the row of each text's first token
   * @param logits texts × 1 × number of labels, written
   * @throws IllegalArgumentException if shapes differ; nothing has been written then
   */
  public void forward(SequenceBatch rows, SequenceBatch logits) {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(logits, "logits");
    if (logits.batch() != rows.batch() || logits.rows() != rows.rows() || logits.width() != output.outputs()) {
      throw new IllegalArgumentException(
          "logits is %d × %d × %d, must be %d × %d × %d"
              .formatted(logits.batch(), logits.rows(), logits.width(), rows.batch(), rows.rows(), output.outputs()));
    }
    SequenceBatch between = SequenceBatch.zeros(rows.batch(), rows.rows(), hidden.outputs());
    hidden.forward(rows, between);
    output.forward(between, logits);
  }

  Classifier withThreads(int threads) {
    return new Classifier(hidden.withThreads(threads), output.withThreads(threads), labels, scoring);
  }

  Classifier withKernels(Kernels kernels) {
    return new Classifier(hidden.withKernels(kernels), output.withKernels(kernels), labels, scoring);
  }
}
