package dev.lanewise.text.bert;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An encoder of the BERT family: tokens, positions and token types become rows, and encoder layers process them. {@link BertWeights}
 * creates it. Texts of different lengths are packed into one call, without padding; the result of a text is bit-identical to the result of
 * the text alone.
 *
 * <pre>{@code
 * int[] ids = {101, 7592, 102, 101, 2088, 4066, 102}; // two texts
 * PackedSequences texts = PackedSequences.of(0, 3, 7);
 * encoder.forward(ids, texts, hidden); // 1 × 7 × embedDim, one row for each token
 * encoder.forward(ids, texts, Pooling.mean(), sentences); // 2 × 1 × embedDim, one row for each text
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class BertEncoder {
  /** Number of tokens that are pooled at a time: the arrays of all layers grow with it, and a call may have any number of texts. */
  static final int GROUP_TOKENS = 4096;

  static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final BertEmbeddings embeddings;
  private final TransformerStack encoder;

  BertEncoder(BertEmbeddings embeddings, TransformerStack encoder) {
    this.embeddings = embeddings;
    this.encoder = encoder;
    Checks.same("embeddings.embedDim", embeddings.embedDim(), "encoder.embedDim", encoder.embedDim());
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public BertEncoder withThreads(int threads) {
    return new BertEncoder(embeddings.with(norm -> norm.withThreads(threads)), encoder.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public BertEncoder withKernels(Kernels kernels) {
    return new BertEncoder(embeddings.with(norm -> norm.withKernels(kernels)), encoder.withKernels(kernels));
  }

  /** Width of a row. */
  public int embedDim() {
    return embeddings.embedDim();
  }

  /** Number of heads of each layer. */
  public int numHeads() {
    AtomicInteger heads = new AtomicInteger();
    encoder
        .layers()
        .getFirst()
        .withSelf(
            attention -> {
              heads.set(attention.numHeads());
              return attention;
            });
    return heads.get();
  }

  /** Number of tokens in the vocabulary. */
  public int vocabulary() {
    return embeddings.vocabulary();
  }

  /** Number of token types (segments). */
  public int tokenTypes() {
    return embeddings.tokenTypes();
  }

  /** Maximum number of tokens of a text. */
  public int maxTokens() {
    return embeddings.maxTokens();
  }

  /**
   * The layers without embeddings. {@code encoder().withPackedSequences(texts).forward(x, y, results)}, on the rows that {@link #embed}
   * writes, computes attention weights of all layers.
   */
  public TransformerStack encoder() {
    return encoder;
  }

  /**
   * Computes the input of the first layer.
   *
   * @param ids tokens of all texts, packed
   * @param types the type (segment) of each token; null if all are 0
   * @param texts the starts of the texts
   * @param x 1 × tokens × embedDim, written
   * @throws IllegalArgumentException if shapes differ, a token or type does not exist, a text is longer than {@link #maxTokens}, or x
   *     shares elements with itself; nothing has been written then
   */
  public void embed(int[] ids, int @Nullable [] types, PackedSequences texts, SequenceBatch x) {
    embed(ids, types, texts, "x", x);
  }

  private void embed(int[] ids, int @Nullable [] types, PackedSequences texts, String name, SequenceBatch x) {
    check(ids, types, texts, name, x);
    embeddings.apply(ids, types, texts, x);
  }

  /**
   * Runs the encoder over texts in which all tokens have type 0.
   *
   * @param output 1 × tokens × embedDim, written
   * @throws IllegalArgumentException as for {@link #embed}
   */
  public void forward(int[] ids, PackedSequences texts, SequenceBatch output) {
    forward(ids, null, texts, output);
  }

  /** Runs the encoder with a type for each token; otherwise as {@link #forward(int[], PackedSequences, SequenceBatch)}. */
  public void forward(int[] ids, int @Nullable [] types, PackedSequences texts, SequenceBatch output) {
    embed(ids, types, texts, "output", output);
    encoder.withPackedSequences(texts).forward(output, output);
  }

  /**
   * Computes one row for each text.
   *
   * @param pooling combines the rows of a text into one
   * @param output texts × 1 × embedDim, written
   * @throws IllegalArgumentException as for {@link #embed}
   */
  public void forward(int[] ids, PackedSequences texts, Pooling pooling, SequenceBatch output) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(pooling, "pooling");
    Objects.requireNonNull(texts, "texts");
    embeddings.check(ids, null, texts);
    checkPooled(texts, output);
    Scratch buffers = BUFFERS.take();
    try {
      int first = 0;
      do { // runs once even without texts, so that the pooling checks its arguments
        int end = groupEnd(texts, first);
        pooled(ids, texts, first, end, pooling, output, buffers);
        first = end;
      } while (first < texts.count());
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** The end of a group of texts: they have at most {@link #GROUP_TOKENS} tokens together, or the group is one text. */
  private static int groupEnd(PackedSequences texts, int first) {
    int end = Math.min(first + 1, texts.count());
    while (end < texts.count()
        && (texts.queryStart(end) != texts.keyStart(end) || texts.queryStart(end + 1) - texts.queryStart(first) <= GROUP_TOKENS)) {
      end++;
    }
    return end;
  }

  private void pooled(int[] ids, PackedSequences texts, int first, int end, Pooling pooling, SequenceBatch output, Scratch buffers) {
    int from = texts.queryStart(first);
    int tokens = texts.queryStart(end) - from;
    int[] queryStarts = new int[end - first + 1];
    int[] keyStarts = new int[queryStarts.length];
    Arrays.setAll(queryStarts, s -> texts.queryStart(first + s) - from);
    Arrays.setAll(keyStarts, s -> texts.keyStart(first + s) - from);
    PackedSequences group = PackedSequences.of(queryStarts, keyStarts);
    int size = Checks.product("ids.length", tokens, "embedDim", embedDim());
    SequenceBatch hidden = SequenceBatch.of(buffers.floats(0, size), 1, tokens, embedDim());
    forward(Arrays.copyOfRange(ids, from, from + tokens), group, hidden);
    int offset = first < end ? output.index(first, 0) : output.offset();
    pooling
        .withPackedSequences(group)
        .forward(hidden, new SequenceBatch(output.data(), offset, end - first, 1, embedDim(), output.batchStride(), output.rowStride()));
  }

  private void check(int[] ids, int @Nullable [] types, PackedSequences texts, String name, SequenceBatch x) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(texts, "texts");
    Objects.requireNonNull(x, name);
    embeddings.check(ids, types, texts);
    Checks.same(name + ".batch", x.batch(), "the batch of packed sequences,", 1);
    Checks.same(name + ".rows", x.rows(), "ids.length", ids.length);
    Checks.same(name + ".width", x.width(), "embedDim", embedDim());
    ViewChecks.writable(name, x.split(1));
  }

  private void checkPooled(PackedSequences texts, SequenceBatch output) {
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), "texts", texts.count());
    Checks.same("output.rows", output.rows(), "the rows of a pooled text,", 1);
    Checks.same("output.width", output.width(), "embedDim", embedDim());
    ViewChecks.writable("output", output.split(1));
  }
}
