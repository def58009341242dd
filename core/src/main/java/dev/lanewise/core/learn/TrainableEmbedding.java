package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * A table with a row for each token that learns; PyTorch's {@code nn.Embedding}. Its parameter is {@code weight}, vocabulary × embedDim.
 * The gradient of a row is the sum of the gradients of its tokens' rows, in their order.
 *
 * <pre>{@code
 * TrainableEmbedding embedding = TrainableEmbedding.normal(42, 256, 384, 0.02f); // a seed, vocabulary, embedDim, deviation
 * embedding.forward(ids, x, trace); // x is batch × rows × embedDim
 * embedding.backward(trace, gradient);
 * }</pre>
 */
public final class TrainableEmbedding implements Trainable {
  /** Columns in a task. */
  private static final int PART = 64;

  private final int vocabulary;
  private final int embedDim;
  private final Parameter weight;

  private TrainableEmbedding(float[] table, int vocabulary, int embedDim) {
    this.vocabulary = vocabulary;
    this.embedDim = embedDim;
    this.weight = Parameter.of("weight", table, vocabulary, embedDim);
  }

  /**
   * Creates an embedding from a table.
   *
   * @param table dense vocabulary × embedDim; copied
   * @throws IllegalArgumentException if a size is below 1, or the length of the table does not fit
   */
  public static TrainableEmbedding of(float[] table, int vocabulary, int embedDim) {
    Objects.requireNonNull(table, "table");
    Checks.atLeast("vocabulary", vocabulary, 1);
    Checks.atLeast("embedDim", embedDim, 1);
    Checks.same("table.length", table.length, "vocabulary * embedDim", (long) vocabulary * embedDim);
    return new TrainableEmbedding(table.clone(), vocabulary, embedDim);
  }

  /** Creates an embedding from the tensor {@code weight} under a prefix. */
  public static TrainableEmbedding of(NamedTensors tensors, String prefix) {
    NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
    long[] shape = module.shape("weight");
    Checks.same("the number of dimensions of " + prefix + "weight", shape.length, "that of vocabulary × embedDim", 2);
    return of(module.floats("weight"), Math.toIntExact(shape[0]), Math.toIntExact(shape[1]));
  }

  /**
   * Creates an embedding of normally distributed numbers with mean 0.
   *
   * @param deviation their standard deviation; 1 in PyTorch, 0.02 in GPT-2 and BERT
   */
  public static TrainableEmbedding normal(long seed, int vocabulary, int embedDim, float deviation) {
    Checks.atLeast("vocabulary", vocabulary, 1);
    Checks.atLeast("embedDim", embedDim, 1);
    if (!(deviation >= 0 && deviation < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("deviation is " + deviation + ", must be at least 0 and finite");
    }
    float[] table = new float[Checks.product("vocabulary", vocabulary, "embedDim", embedDim)];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) (deviation * random.nextGaussian());
    }
    return new TrainableEmbedding(table, vocabulary, embedDim);
  }

  /** Number of tokens, whose ids are 0 to vocabulary − 1. */
  public int vocabulary() {
    return vocabulary;
  }

  /** Elements of a row. */
  public int embedDim() {
    return embedDim;
  }

  /** The table, vocabulary × embedDim. */
  public Parameter weight() {
    return weight;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  /** Makes the embedding for inference. */
  public Embedding toLayer() {
    return Embedding.of(weight.values(), vocabulary, embedDim);
  }

  /**
   * Copies the row of each token.
   *
   * @param ids dense batch × rows, in 0 to vocabulary − 1; copied
   * @param y batch × rows × embedDim, written
   * @throws IllegalArgumentException if shapes differ, or an id is not in the vocabulary; nothing has been written then
   */
  public void forward(int[] ids, SequenceBatch y, Trace trace) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(y, "y");
    Checks.same("ids.length", ids.length, "y.batch * y.rows", (long) y.batch() * y.rows());
    Checks.same("y.width", y.width(), "embedDim", embedDim);
    ViewChecks.writable("y", y.split(1));
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "ids[" + i + "] is " + ids[i] + ", must be at least 0 and below the vocabulary of " + vocabulary);
      }
    }
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(weight.values(), ids[i] * embedDim, y.data(), y.index(i / y.rows(), i % y.rows()), embedDim);
    }
    trace.keep(ids.clone());
  }

  /**
   * Adds to the gradient of the table, unless it is frozen.
   *
   * @param outputGradient the gradient of y, with its shape
   * @throws IllegalArgumentException if shapes differ
   */
  public void backward(Trace trace, SequenceBatch outputGradient) {
    int[] ids = trace.take(int[].class);
    LayerRows.checkWidth("outputGradient", outputGradient, "embedDim", embedDim);
    Checks.same(
        "outputGradient.batch * outputGradient.rows", (long) outputGradient.batch() * outputGradient.rows(), "ids.length", ids.length);
    if (weight.isFrozen()) {
      return;
    }
    BackwardKernels kernels = trace.kernels().backward();
    int parts = LayerRows.parts(outputGradient);
    int perPart = parts == 0 ? 0 : ids.length / parts;
    Workers.run(
        trace.threads(),
        (long) ids.length * embedDim,
        Math.ceilDiv(embedDim, PART),
        task -> {
          int from = task * PART;
          int to = Math.min(from + PART, embedDim);
          for (int part = 0; part < parts; part++) {
            int[] ofPart = parts == 1 ? ids : Arrays.copyOfRange(ids, part * perPart, (part + 1) * perPart);
            kernels.addRows(
                LayerRows.part(outputGradient, part, parts).columns(from, to), ofPart, weight.gradientMatrix().columns(from, to));
          }
        });
  }
}
