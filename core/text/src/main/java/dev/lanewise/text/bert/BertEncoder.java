package dev.lanewise.text.bert;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Encoder;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An encoder of the BERT family: tokens, positions and token types become rows, and encoder layers make them look at each other. Made by
 * {@link BertWeights}. Texts of different length go into one call one behind the other, without padding; what comes out for a text is, bit
 * for bit, what it would be alone.
 *
 * <pre>{@code
 * int[] ids = {101, 7592, 102, 101, 2088, 4066, 102}; // two texts
 * PackedSequences texts = PackedSequences.of(0, 3, 7);
 * encoder.forward(ids, texts, hidden); // 1 × 7 × embedDim, a row a token
 * encoder.pooled(ids, texts, Pooling.mean(), sentences); // 2 × 1 × embedDim, a row a text
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class BertEncoder {
  /** Tokens that are pooled at a time: the arrays of all layers grow with them, and the texts of a call may be any number. */
  static final int GROUP_TOKENS = 4096;

  static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final BertEmbeddings embeddings;
  private final Encoder encoder;
  private final int threads;

  BertEncoder(BertEmbeddings embeddings, Encoder encoder, int threads) {
    this.embeddings = embeddings;
    this.encoder = encoder;
    this.threads = threads;
    Checks.same("embeddings.embedDim", embeddings.embedDim(), "encoder.embedDim", encoder.embedDim());
  }

  /** The same on this many threads a call, the caller's among them. */
  public BertEncoder withThreads(int newThreads) {
    return new BertEncoder(embeddings, encoder.withThreads(newThreads), newThreads);
  }

  /** Width of a row. */
  public int embedDim() {
    return embeddings.embedDim();
  }

  /** Number of tokens that there are. */
  public int vocabulary() {
    return embeddings.vocabulary();
  }

  /** Tokens of the longest text. */
  public int maxTokens() {
    return embeddings.maxTokens();
  }

  /**
   * The layers alone, for who wants to look inside: {@code encoder().withPackedSequences(texts).forward(x, y, weights)} over what {@link
   * #embeddings} wrote hands out all attention weights.
   */
  public Encoder encoder() {
    return encoder;
  }

  /**
   * What goes into the first layer.
   *
   * @param ids tokens of all texts, one behind the other
   * @param types the type (segment) of each token; null if all are 0
   * @param texts where they begin
   * @param x 1 × tokens × embedDim, written
   * @throws IllegalArgumentException if shapes differ, a token or type does not exist, a text is longer than {@link #maxTokens}, or x
   *     shares elements with itself; nothing has been written then
   */
  public void embeddings(int[] ids, int @Nullable [] types, PackedSequences texts, SequenceBatch x) {
    embed(ids, types, texts, "x", x);
  }

  private void embed(int[] ids, int @Nullable [] types, PackedSequences texts, String name, SequenceBatch x) {
    check(ids, types, texts, name, x);
    embeddings.apply(ids, types, texts, x, threads);
  }

  /**
   * Runs the encoder over texts whose tokens are all of type 0.
   *
   * @param output 1 × tokens × embedDim, written
   * @throws IllegalArgumentException as for {@link #embeddings}
   */
  public void forward(int[] ids, PackedSequences texts, SequenceBatch output) {
    forward(ids, null, texts, output);
  }

  /** As {@link #forward(int[], PackedSequences, SequenceBatch)}, with a type for each token. */
  public void forward(int[] ids, int @Nullable [] types, PackedSequences texts, SequenceBatch output) {
    embed(ids, types, texts, "output", output);
    encoder.withPackedSequences(texts).forward(output, output);
  }

  /**
   * One row for each text.
   *
   * @param pooling how a text's rows become one
   * @param output texts × 1 × embedDim, written
   * @throws IllegalArgumentException as for {@link #embeddings}
   */
  public void pooled(int[] ids, PackedSequences texts, Pooling pooling, SequenceBatch output) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(pooling, "pooling");
    Objects.requireNonNull(texts, "texts");
    embeddings.check(ids, null, texts);
    checkPooled(texts, output);
    Scratch buffers = BUFFERS.take();
    try {
      int first = 0;
      do { // once even without texts: the pooling checks what it is given
        int end = groupEnd(texts, first);
        pooled(ids, texts, first, end, pooling, output, buffers);
        first = end;
      } while (first < texts.count());
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** One past the last text of a group: as many as have {@link #GROUP_TOKENS} together, or one. */
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
    int at = first < end ? output.index(first, 0) : output.offset();
    pooling.apply(
        hidden, group, new SequenceBatch(output.data(), at, end - first, 1, embedDim(), output.batchStride(), output.rowStride()));
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
