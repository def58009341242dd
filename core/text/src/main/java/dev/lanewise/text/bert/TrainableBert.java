package dev.lanewise.text.bert;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.Trainable;
import dev.lanewise.core.learn.TrainableNorm;
import dev.lanewise.core.learn.TrainablePooling;
import dev.lanewise.core.learn.TrainableStack;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An encoder of the BERT family that learns, see {@link BertEncoder}. {@link BertWeights#trainable} creates it from a file, and {@link
 * #tensors} returns the tensors under the names of the same file.
 *
 * <pre>{@code
 * TrainableBert bert = BertWeights.of(file, 12).trainable(0.1f);
 * TrainablePooling pooling = TrainablePooling.mean();
 * bert.forward(ids, texts, pooling, sentences, trace.train(seed, step)); // texts × 1 × embedDim
 * bert.backward(trace, pooling, sentenceGradient);
 * Safetensors.write(path, bert.tensors());
 * }</pre>
 *
 * <p>The parameters of embeddings have BERT's names. Those of layers have PyTorch's names after {@code encoder.}, such as {@code
 * encoder.layers.0.self_attn.in_proj_weight}. A frozen embedding table costs nothing in a backward pass. Mutable, and for one thread at a
 * time.
 */
public final class TrainableBert implements Trainable {
  /** Columns of an embedding table in a task. */
  private static final int PART = 96;

  private final Parameter words;
  private final Parameter positions;
  private final Parameter types;
  private final TrainableNorm norm;
  private final TrainableStack encoder;
  private final int firstPosition;
  private final List<Parameter> parameters;
  private final BertNames names;

  /**
   * Creates a model.
   *
   * @param from the tensors of a file that have been checked, without prefix
   */
  TrainableBert(NamedTensors from, String prefix, TrainableNorm norm, TrainableStack encoder, int firstPosition) {
    this.words = table(from, "word");
    this.positions = table(from, "position");
    this.types = table(from, "token_type");
    this.norm = norm;
    this.encoder = encoder;
    this.firstPosition = firstPosition;
    embeddings(); // its checks
    List<Parameter> all = new ArrayList<>(List.of(words, positions, types));
    norm.parameters().forEach(parameter -> all.add(parameter.under("embeddings.LayerNorm.")));
    encoder.parameters().forEach(parameter -> all.add(parameter.under("encoder.")));
    this.parameters = List.copyOf(all);
    this.names = BertNames.of(from, prefix, this);
  }

  private static Parameter table(NamedTensors from, String name) {
    String full = "embeddings." + name + "_embeddings.weight";
    return Parameter.of(full, from.floats(full), from.shape(full));
  }

  /** The embeddings over the parameters themselves, except for the norm. */
  private BertEmbeddings embeddings() {
    return new BertEmbeddings(words.values(), positions.values(), types.values(), firstPosition, norm.toLayer());
  }

  /** Width of a row. */
  public int embedDim() {
    return norm.width();
  }

  /** Maximum number of tokens of a text. */
  public int maxTokens() {
    return embeddings().maxTokens();
  }

  /** The layers. */
  public TrainableStack encoder() {
    return encoder;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** The tensors under the names of the file that the model was made from, which {@link BertWeights} reads, without integers. */
  @Override
  public NamedTensors tensors() {
    return names.tensors();
  }

  /** Replaces all parameters by tensors under the names of {@link #tensors}. */
  @Override
  public void load(NamedTensors tensors) {
    names.load(Objects.requireNonNull(tensors, "tensors"));
  }

  /** Makes the encoder for inference, on one thread and without dropout. */
  public BertEncoder toLayer() {
    BertEmbeddings own = embeddings();
    BertEmbeddings copied =
        new BertEmbeddings(own.words().clone(), own.positions().clone(), own.types().clone(), firstPosition, own.norm());
    return new BertEncoder(copied, encoder.toLayer());
  }

  /** What a forward pass keeps: the tokens and their types. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Kept(PackedSequences texts, int[] ids, int[] types) {}

  /**
   * Computes a row for each token.
   *
   * @param ids tokens of all texts, packed
   * @param typeIds the type (segment) of each token; null if all are 0
   * @param texts the starts of the texts; the trace has them as packed sequences afterwards
   * @param output 1 × tokens × embedDim, written
   * @throws IllegalArgumentException if shapes differ, a token or type does not exist, or a text is longer than {@link #maxTokens}; nothing
   *     has been written then
   */
  public void forward(int[] ids, int @Nullable [] typeIds, PackedSequences texts, SequenceBatch output, Trace trace) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(texts, "texts");
    Objects.requireNonNull(output, "output");
    BertEmbeddings embeddings = embeddings();
    embeddings.check(ids, typeIds, texts);
    Checks.same("output.batch", output.batch(), "the batch of packed sequences,", 1);
    Checks.same("output.rows", output.rows(), "ids.length", ids.length);
    Checks.same("output.width", output.width(), "embedDim", embedDim());
    ViewChecks.writable("output", output.split(1));
    trace.setPackedSequences(texts).setKeyLengths((int[]) null);
    SequenceBatch sum = trace.keep(1, ids.length, embedDim());
    SequenceBatch hidden = trace.keep(1, ids.length, embedDim());
    embeddings.sum(ids, typeIds, texts, sum);
    norm.forward(sum, hidden, trace);
    encoder.forward(hidden, output, trace);
    trace.keep(new Kept(texts, ids.clone(), typeIds == null ? new int[ids.length] : typeIds.clone()));
  }

  /**
   * Computes a row for each text.
   *
   * @param pooling combines the rows of a text into one; its parameters are not among those of the model
   * @param output texts × 1 × embedDim, written
   */
  public void forward(int[] ids, PackedSequences texts, TrainablePooling pooling, SequenceBatch output, Trace trace) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(pooling, "pooling");
    SequenceBatch hidden = trace.keep(1, ids.length, embedDim());
    forward(ids, null, texts, hidden, trace);
    pooling.forward(hidden, output, trace);
    trace.keep((Object) ids.length);
  }

  /**
   * The backward pass of {@link #forward(int[], int[], PackedSequences, SequenceBatch, Trace)}.
   *
   * @param outputGradient the gradient of the output: 1 × tokens × embedDim
   */
  public void backward(Trace trace, SequenceBatch outputGradient) {
    Kept kept = trace.take(Kept.class);
    boolean wanted = parameters.stream().limit(3L + norm.parameters().size()).anyMatch(parameter -> !parameter.isFrozen());
    int borrowed = trace.borrowed();
    SequenceBatch hiddenGradient = wanted ? trace.borrow(1, kept.ids.length, embedDim()) : null;
    SequenceBatch sumGradient = wanted ? trace.borrow(1, kept.ids.length, embedDim()) : null;
    encoder.backward(trace, outputGradient, hiddenGradient);
    if (hiddenGradient != null && sumGradient != null) {
      norm.backward(trace, hiddenGradient, sumGradient);
      add(trace, sumGradient, kept.ids, words, 0);
      if (!positions.isFrozen()) {
        add(trace, sumGradient, Positions.ofRows(kept.texts), positions, firstPosition);
      }
      add(trace, sumGradient, kept.types, types, 0);
    } else {
      trace.take(SequenceBatch.class); // what the norm keeps
    }
    trace.take(SequenceBatch.class); // hidden
    trace.take(SequenceBatch.class); // sum
    trace.release(borrowed);
  }

  /** Adds gradients of rows to those of a table from its row {@code firstRow} on, some columns in each task. */
  private static void add(Trace trace, SequenceBatch rows, int[] ids, Parameter table, int firstRow) {
    if (table.isFrozen()) {
      return;
    }
    int width = rows.width();
    Matrix from = rows.matrix(0, 0, rows.rows(), 0, width);
    int tableRows = table.size() / width;
    Matrix to = Matrix.of(table.gradient(), tableRows, width).rows(firstRow, tableRows);
    Workers.run(
        trace.threads(),
        (long) rows.rows() * width,
        Math.ceilDiv(width, PART),
        part -> {
          int first = part * PART;
          int end = Math.min(first + PART, width);
          trace.kernels().backward().addRows(from.columns(first, end), ids, to.columns(first, end));
        });
  }

  /**
   * The backward pass of {@link #forward(int[], PackedSequences, TrainablePooling, SequenceBatch, Trace)}.
   *
   * @param pooling that of the forward pass
   * @param outputGradient the gradient of the output: texts × 1 × embedDim
   */
  public void backward(Trace trace, TrainablePooling pooling, SequenceBatch outputGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    int borrowed = trace.borrowed();
    SequenceBatch hiddenGradient = trace.borrow(1, trace.take(Integer.class), embedDim());
    pooling.backward(trace, outputGradient, hiddenGradient);
    backward(trace, hiddenGradient);
    trace.take(SequenceBatch.class); // the rows of tokens
    trace.release(borrowed);
  }
}
