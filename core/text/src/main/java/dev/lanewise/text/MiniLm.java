package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.tokenizer.MiniLmTokenizer;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Computes sentence embeddings with all-MiniLM-L6-v2: a text becomes a vector of {@link #EMBED_DIM} numbers and length 1. The dot product
 * of two such vectors is the similarity of the two texts (their cosine). The steps are those of the model's own pipeline: word pieces, six
 * BERT layers, the mean over all tokens including {@code [CLS]} and {@code [SEP]}, L2 normalisation. Text after {@link #MAX_TOKENS} tokens
 * is ignored.
 *
 * <pre>{@code
 * MiniLm model = MiniLm.load(); // thread-safe: one for the whole program
 * float[] law = model.embed("The law will never be perfect."); // 384 numbers, a vector of length 1
 * float[][] others = model.embed(List.of("Justice must be done.", "It rained all day."));
 * System.out.println(MiniLm.similarity(law, others[0])); // 0.38
 * System.out.println(MiniLm.similarity(law, others[1])); // 0.12
 * }</pre>
 *
 * <p>The texts of a batch are packed, shortest first, so nothing is computed for padding. The embedding of a text is bit-identical to the
 * embedding of the text alone. Immutable and thread-safe: one instance is enough for a whole program.
 */
public final class MiniLm {
  /** Elements of an embedding. */
  public static final int EMBED_DIM = 384;

  /** Number of heads of each layer. */
  public static final int NUM_HEADS = 12;

  /** Maximum number of tokens that are read of a text, including {@code [CLS]} and {@code [SEP]}. */
  public static final int MAX_TOKENS = MiniLmTokenizer.DEFAULT_MAX_TOKENS;

  /**
   * Number of tokens that pass through the layers at a time. They need about 30 MB of scratch memory, and larger products are not faster.
   */
  private static final int TOKENS_A_CALL = 2048;

  private final MiniLmTokenizer tokenizer;
  private final BertEncoder encoder;

  private MiniLm(MiniLmTokenizer tokenizer, BertEncoder encoder) {
    this.tokenizer = tokenizer;
    this.encoder = encoder;
  }

  /**
   * Reads model and tokenizer from the class path.
   *
   * @throws IOException if one of them is missing or has unexpected contents
   */
  public static MiniLm load() throws IOException {
    // Decompressing the weights occupies one core for half a second. Meanwhile another core compiles the layers.
    WarmUp warmUp = WarmUp.start();
    try {
      return of(MiniLmArtifact.weights());
    } finally {
      warmUp.stop();
    }
  }

  /**
   * Creates the model with other weights, such as those of an exported file.
   *
   * @throws IOException if the tokenizer is missing from the class path
   * @throws IllegalArgumentException if these are not the tensors of this model
   */
  public static MiniLm of(NamedTensors weights) throws IOException {
    return new MiniLm(MiniLmArtifact.tokenizer(), BertWeights.of(weights, NUM_HEADS).encoder());
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public MiniLm withThreads(int threads) {
    return new MiniLm(tokenizer, encoder.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public MiniLm withKernels(Kernels kernels) {
    return new MiniLm(tokenizer, encoder.withKernels(kernels));
  }

  /** The encoder, for access to its layers. */
  public BertEncoder encoder() {
    return encoder;
  }

  /** The tokenizer, which accepts texts of any length. */
  public MiniLmTokenizer tokenizer() {
    return tokenizer;
  }

  /** The tokens of a text that the model reads. */
  public Tokens tokens(String text) {
    return tokenizer.encode(Objects.requireNonNull(text, "text"), MAX_TOKENS);
  }

  /** Computes the embedding of a text; an empty text has one, too. */
  public float[] embed(String text) {
    return embed(List.of(text))[0];
  }

  /** Computes the embeddings of texts, in their order. */
  public float[][] embed(List<String> texts) {
    return embedTokens(texts.stream().map(this::tokens).toList());
  }

  /** Computes embeddings as {@link #embed(List)} does, for texts that are already tokens. No text may be longer than the model's limit. */
  public float[][] embedTokens(List<Tokens> texts) {
    float[][] embeddings = new float[texts.size()][];
    List<Integer> waiting = new ArrayList<>();
    int tokens = 0;
    for (int text : shortestFirst(texts)) {
      int length = texts.get(text).length();
      if (!waiting.isEmpty() && tokens + length > TOKENS_A_CALL) {
        embed(texts, waiting, embeddings);
        waiting.clear();
        tokens = 0;
      }
      waiting.add(text);
      tokens += length;
    }
    embed(texts, waiting, embeddings);
    return embeddings;
  }

  private static List<Integer> shortestFirst(List<Tokens> texts) {
    return IntStream.range(0, texts.size()).boxed().sorted(Comparator.comparingInt(text -> texts.get(text).length())).toList();
  }

  private void embed(List<Tokens> texts, List<Integer> which, float[][] embeddings) {
    int[] starts = new int[which.size() + 1];
    for (int i = 0; i < which.size(); i++) {
      starts[i + 1] = starts[i] + texts.get(which.get(i)).length();
    }
    int[] ids = new int[starts[which.size()]];
    for (int i = 0; i < which.size(); i++) {
      System.arraycopy(texts.get(which.get(i)).ids(), 0, ids, starts[i], starts[i + 1] - starts[i]);
    }
    SequenceBatch pooled = SequenceBatch.zeros(which.size(), 1, EMBED_DIM);
    encoder.forward(ids, PackedSequences.of(starts), Pooling.mean(), pooled);
    for (int i = 0; i < which.size(); i++) {
      embeddings[which.get(i)] = normalised(pooled.data(), i * EMBED_DIM);
    }
  }

  /** Computes x / max(‖x‖₂, 1e-12), with the same guard as PyTorch's normalize. */
  private static float[] normalised(float[] rows, int from) {
    double squares = 0;
    for (int i = 0; i < EMBED_DIM; i++) {
      squares += (double) rows[from + i] * rows[from + i];
    }
    double factor = 1 / Math.max(Math.sqrt(squares), 1e-12);
    float[] embedding = new float[EMBED_DIM];
    for (int i = 0; i < EMBED_DIM; i++) {
      embedding[i] = (float) (rows[from + i] * factor);
    }
    return embedding;
  }

  /** The cosine of two embeddings of length 1, which is their dot product. */
  public static double similarity(float[] one, float[] other) {
    if (one.length != other.length) {
      throw new IllegalArgumentException("one.length is " + one.length + ", must be other.length, " + other.length);
    }
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }
}
