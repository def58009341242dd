package dev.lanewise.text.bert;

import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.learn.TrainableNorm;
import dev.lanewise.core.learn.TrainableStack;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.json.ForeignJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes a {@link BertEncoder} from the tensors of a checkpoint, under the names of published models of the BERT family (Devlin et al.,
 * "BERT: Pre-training of Deep Bidirectional Transformers", 2018). Widths and the number of layers are derived from the tensors; the caller
 * gives the other settings.
 *
 * <pre>{@code
 * try (Safetensors file = Safetensors.open(path)) {
 *   BertEncoder encoder = BertWeights.of(file, 12).encoder(); // 12 heads; embeddings.word_embeddings.weight, and so on
 *   encoder.forward(new int[] {101, 7592, 102}, PackedSequences.of(0, 3), Pooling.mean(), sentence);
 * }
 * }</pre>
 *
 * <p>Names may have a prefix such as {@code bert.}, which is detected. The parameters of norms may be named weight and bias or gamma and
 * beta. The tensors of the pooler and of heads for a task are ignored. Any other tensor that is missing, extra or of another shape is named
 * in an {@link IllegalArgumentException}. Immutable; the encoder keeps copies, so a file may be closed after the encoder is made.
 */
public final class BertWeights {
  private static final String WORDS = "embeddings.word_embeddings.weight";

  /** Maximum number of names in a message. */
  private static final int MOST_LINES = 50;

  /** Tensors of published files that do not belong to the encoder. */
  private static final Pattern BESIDE = Pattern.compile("pooler\\..*|embeddings\\.position_ids", Pattern.DOTALL);

  private final NamedTensors tensors;
  private final int numHeads;
  private final Activation activation;
  private final float epsilon;
  private final int firstPosition;

  private BertWeights(NamedTensors tensors, int numHeads, Activation activation, float epsilon, int firstPosition) {
    this.tensors = Objects.requireNonNull(tensors, "tensors");
    this.numHeads = numHeads;
    this.activation = Objects.requireNonNull(activation, "activation");
    this.epsilon = epsilon;
    this.firstPosition = firstPosition;
  }

  /**
   * Creates encoders with {@code numHeads} heads, and BERT's own settings for the rest: exact GELU, an epsilon of 1e-12, positions from 0
   * on.
   */
  public static BertWeights of(NamedTensors tensors, int numHeads) {
    Checks.atLeast("numHeads", numHeads, 1);
    return new BertWeights(tensors, numHeads, Activation.GELU, 1e-12f, 0);
  }

  /** Returns a copy with this activation of feed-forward networks: {@code hidden_act}. */
  public BertWeights withActivation(Activation newActivation) {
    return new BertWeights(tensors, numHeads, newActivation, epsilon, firstPosition);
  }

  /** Returns a copy with this addend to the variance in norms, finite and at least 0: {@code layer_norm_eps}. */
  public BertWeights withEpsilon(float newEpsilon) {
    Checks.epsilon(newEpsilon);
    return new BertWeights(tensors, numHeads, activation, newEpsilon, firstPosition);
  }

  /** Returns a copy with this row of the position table for the first token of a sequence: 2 for RoBERTa and models derived from it. */
  public BertWeights withFirstPosition(int newFirstPosition) {
    Checks.atLeast("firstPosition", newFirstPosition, 0);
    return new BertWeights(tensors, numHeads, activation, epsilon, newFirstPosition);
  }

  /**
   * Creates the encoder, on one thread.
   *
   * @throws IllegalArgumentException if tensors are not those of such a model, or its width is not a multiple of numHeads
   */
  public BertEncoder encoder() {
    return new Loading(tensors.under(prefix())).encoder();
  }

  /**
   * Creates a model that learns.
   *
   * @param dropout the rate of dropout of attention weights and of the output of each sublayer, which apply while a trace trains; BERT was
   *     trained with 0.1
   * @throws IllegalArgumentException as for {@link #encoder}, or if the rate is negative or not below 1
   */
  public TrainableBert trainable(float dropout) {
    String prefix = prefix();
    return new Loading(tensors.under(prefix)).trainable(prefix, dropout);
  }

  /** The prefix of the tensor names. */
  private String prefix() {
    List<String> found = tensors.names().stream().filter(name -> name.equals(WORDS) || name.endsWith("." + WORDS)).toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          found.size()
              + " tensors are called "
              + WORDS
              + " under some prefix in "
              + tensors
              + ", must be 1"
              + (found.isEmpty()
                  ? ""
                  : ":\n" + found.stream().limit(MOST_LINES).map(ForeignJson::shown).collect(Collectors.joining("\n"))));
    }
    return found.get(0).substring(0, found.get(0).length() - WORDS.length());
  }

  /** The tensors of one encoder, without prefix. */
  private final class Loading {
    private final NamedTensors from;
    private final Set<String> names;
    private final int embedDim;

    private Loading(NamedTensors from) {
      this.from = from;
      this.names = from.names();
      this.embedDim = size(WORDS, 1);
    }

    private BertEncoder encoder() {
      int layers = from.numbered("encoder.layer.");
      from.check(expected(layers));
      List<TransformerLayer> stack = new ArrayList<>();
      for (int layer = 0; layer < layers; layer++) {
        stack.add(layer("encoder.layer." + layer + "."));
      }
      BertEmbeddings embeddings =
          new BertEmbeddings(from.floats(WORDS), table("position"), table("token_type"), firstPosition, norm("embeddings."));
      return new BertEncoder(embeddings, TransformerStack.of(stack, null));
    }

    private TrainableBert trainable(String prefix, float dropout) {
      int layers = from.numbered("encoder.layer.");
      from.check(expected(layers));
      TrainableStack encoder =
          TrainableStack.builder(numHeads)
              .norms(Norm.Placement.POST)
              .activation(activation)
              .epsilon(epsilon)
              .dropout(dropout)
              .self(attention -> attention.dropout(dropout))
              .encoder(BertNames.torch(from, layers), "");
      TrainableNorm norm = TrainableNorm.layer(from.floats(normWeight("embeddings.")), from.floats(normBias("embeddings.")), epsilon);
      return new TrainableBert(from, prefix, norm, encoder, firstPosition);
    }

    /** A dimension of a matrix; 1 if the matrix is missing or the dimension is 0, which the check reports later. */
    private int size(String name, int dimension) {
      long[] shape = names.contains(name) ? from.shape(name) : new long[0];
      return shape.length == 2 ? Math.clamp(shape[dimension], 1, Integer.MAX_VALUE) : 1;
    }

    private Map<String, long[]> expected(int layers) {
      Map<String, long[]> shapes = new LinkedHashMap<>();
      for (String table : List.of("word", "position", "token_type")) {
        String name = "embeddings." + table + "_embeddings.weight";
        shapes.put(name, new long[] {size(name, 0), embedDim});
      }
      expectNorm(shapes, "embeddings.");
      int hidden = size("encoder.layer.0.intermediate.dense.weight", 0);
      for (int layer = 0; layer < layers; layer++) {
        String prefix = "encoder.layer." + layer + ".";
        for (String square : List.of("self.query", "self.key", "self.value", "output.dense")) {
          expectLinear(shapes, prefix + "attention." + square, embedDim, embedDim);
        }
        expectNorm(shapes, prefix + "attention.output.");
        expectLinear(shapes, prefix + "intermediate.dense", hidden, embedDim);
        expectLinear(shapes, prefix + "output.dense", embedDim, hidden);
        expectNorm(shapes, prefix + "output.");
      }
      names.stream().filter(name -> BESIDE.matcher(name).matches()).forEach(name -> shapes.put(name, from.shape(name)));
      return shapes;
    }

    private static void expectLinear(Map<String, long[]> shapes, String name, int outputs, int inputs) {
      shapes.put(name + ".weight", new long[] {outputs, inputs});
      shapes.put(name + ".bias", new long[] {outputs});
    }

    private void expectNorm(Map<String, long[]> shapes, String prefix) {
      shapes.put(normWeight(prefix), new long[] {embedDim});
      shapes.put(normBias(prefix), new long[] {embedDim});
    }

    private String normWeight(String prefix) {
      return BertNames.norm(names, prefix, "weight");
    }

    private String normBias(String prefix) {
      return BertNames.norm(names, prefix, "bias");
    }

    private float[] table(String name) {
      return from.floats("embeddings." + name + "_embeddings.weight");
    }

    private Norm norm(String prefix) {
      return Norm.layer(from.floats(normWeight(prefix)), from.floats(normBias(prefix)), epsilon);
    }

    private TransformerLayer layer(String prefix) {
      String self = prefix + "attention.self.";
      MultiHeadAttention attention =
          MultiHeadAttention.builder(embedDim, numHeads)
              .query(weight(self + "query"), bias(self + "query"))
              .key(weight(self + "key"), bias(self + "key"))
              .value(weight(self + "value"), bias(self + "value"))
              .output(weight(prefix + "attention.output.dense"), bias(prefix + "attention.output.dense"))
              .build();
      int hidden = size(prefix + "intermediate.dense.weight", 0);
      FeedForward feedForward =
          FeedForward.of(
              linear(prefix + "intermediate.dense", embedDim, hidden), linear(prefix + "output.dense", hidden, embedDim), activation);
      return TransformerLayer.encoder(
          attention, norm(prefix + "attention.output."), feedForward, norm(prefix + "output."), Norm.Placement.POST);
    }

    private Linear linear(String name, int inputs, int outputs) {
      return Linear.of(weight(name), bias(name), inputs, outputs);
    }

    private float[] weight(String name) {
      return from.floats(name + ".weight");
    }

    private float[] bias(String name) {
      return from.floats(name + ".bias");
    }
  }
}
