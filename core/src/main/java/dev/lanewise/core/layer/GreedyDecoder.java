package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.InputPositions;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Generates sequences of tokens: each next token is the most probable one after the earlier tokens. It combines an embedding, positions, a
 * {@link TransformerStack} that attends to a memory, and a projection onto the vocabulary. The largest output of the projection chooses the
 * token; of equal outputs, the first. A sequence ends with the stop token or at {@code maxLength} tokens. Its length does not depend on the
 * length of the memory.
 *
 * <pre>{@code
 * GreedyDecoder writer = GreedyDecoder.of(decoder, embedding, vocabulary, start, stop).withPositions(positions).withMaxLength(200);
 * int[][] tokens = writer.decode(memory); // one row for each sequence, without start and stop
 * writer.decode(memory, (sequence, token) -> System.out.println(sequence + ": " + token)); // each as soon as it is known
 * }</pre>
 *
 * <p>The tokens of a sequence do not depend on the other sequences of the batch. Immutable and thread-safe.
 */
public final class GreedyDecoder {
  private static final int DEFAULT_MAX_LENGTH = 256;

  private final TransformerStack decoder;
  private final Embedding embedding;
  private final Linear vocabulary;
  private final int start;
  private final int stop;
  private final @Nullable InputPositions positions;
  private final int maxLength;

  private GreedyDecoder(
      TransformerStack decoder,
      Embedding embedding,
      Linear vocabulary,
      int start,
      int stop,
      @Nullable InputPositions positions,
      int maxLength) {
    this.decoder = Objects.requireNonNull(decoder, "decoder");
    this.embedding = Objects.requireNonNull(embedding, "embedding");
    this.vocabulary = Objects.requireNonNull(vocabulary, "vocabulary");
    this.start = start;
    this.stop = stop;
    this.positions = positions;
    this.maxLength = maxLength;
    Checks.same("embedding.embedDim", embedding.embedDim(), "decoder.embedDim", decoder.embedDim());
    Checks.same("vocabulary.inputs", vocabulary.inputs(), "decoder.embedDim", decoder.embedDim());
    Checks.same("vocabulary.outputs", vocabulary.outputs(), "embedding.vocabulary", embedding.vocabulary());
    checkToken("start", start);
    checkToken("stop", stop);
  }

  private void checkToken(String name, int token) {
    if (token < 0 || token >= embedding.vocabulary()) {
      int limit = embedding.vocabulary();
      throw new IllegalArgumentException(name + " is " + token + ", must be at least 0 and below embedding.vocabulary, " + limit);
    }
  }

  /** Receives each token as soon as it is known, on the calling thread. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Receives the next token of a sequence.
     *
     * @param sequence its number in the batch
     * @param token the next token; never the stop token
     */
    void next(int sequence, int token);
  }

  /**
   * Creates a decoder on one thread, without positions, for at most 256 tokens in each sequence.
   *
   * @param vocabulary projection from embedDim to one output for each token
   * @param start the token that every sequence begins with, which is not part of the result
   * @param stop the token that ends a sequence, which is not part of the result
   * @throws IllegalArgumentException if widths or vocabularies differ, or start or stop is no token
   */
  public static GreedyDecoder of(TransformerStack decoder, Embedding embedding, Linear vocabulary, int start, int stop) {
    return new GreedyDecoder(decoder, embedding, vocabulary, start, stop, null, DEFAULT_MAX_LENGTH).withThreads(1);
  }

  /**
   * Returns a copy that adds these positions to the embeddings; the start token has position 0. Other kinds of positions belong to the
   * decoder's layers.
   */
  public GreedyDecoder withPositions(InputPositions newPositions) {
    Objects.requireNonNull(newPositions, "positions");
    Checks.same("positions.embedDim", newPositions.embedDim(), "decoder.embedDim", decoder.embedDim());
    return new GreedyDecoder(decoder, embedding, vocabulary, start, stop, newPositions, maxLength);
  }

  /** Returns a copy with this maximum number of tokens in each sequence, without start and stop. */
  public GreedyDecoder withMaxLength(int newMaxLength) {
    Checks.atLeast("maxLength", newMaxLength, 1);
    return new GreedyDecoder(decoder, embedding, vocabulary, start, stop, positions, newMaxLength);
  }

  /** Returns a copy with this number of threads, including the caller's. */
  public GreedyDecoder withThreads(int threads) {
    return new GreedyDecoder(decoder.withThreads(threads), embedding, vocabulary.withThreads(threads), start, stop, positions, maxLength);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public GreedyDecoder withKernels(Kernels kernels) {
    return new GreedyDecoder(decoder.withKernels(kernels), embedding, vocabulary.withKernels(kernels), start, stop, positions, maxLength);
  }

  /** Returns a copy with a mask of the memory, such as {@code Mask.keyLengths(17, 24)} for a padded memory. */
  public GreedyDecoder withMemoryMask(Mask mask) {
    return new GreedyDecoder(decoder.withMemoryMask(mask), embedding, vocabulary, start, stop, positions, maxLength);
  }

  /**
   * Generates a sequence for each batch entry of a memory.
   *
   * @param memory batch × memory rows × the input width of cross-attention
   * @return the tokens of each batch entry
   * @throws IllegalArgumentException if memory has another width, or there are fewer learned positions than maxLength
   * @throws ArithmeticException if an output of the projection is NaN: then no token is the most probable
   */
  public int[][] decode(SequenceBatch memory) {
    return decode(memory, (sequence, token) -> {});
  }

  /**
   * Generates sequences as {@link #decode(SequenceBatch)} does, and passes each token to a listener. An exception of the listener ends the
   * call.
   */
  public int[][] decode(SequenceBatch memory, Listener listener) {
    Objects.requireNonNull(memory, "memory");
    Objects.requireNonNull(listener, "listener");
    if (positions != null) {
      positions.checkCount("maxLength", maxLength);
    }
    if (memory.batch() == 0) {
      return new int[0][];
    }
    try (StackState state = decoder.start(memory, maxLength)) {
      return new Run(memory.batch(), listener).all(state);
    }
  }

  /**
   * One call. A sequence that has ended continues with stop tokens, which the listener does not receive, until all sequences have ended.
   */
  private final class Run {
    private final Listener listener;
    private final int[][] written;
    private final int[] lengths;
    private final int[] last;
    private final boolean[] ended;
    private int open;

    private Run(int batch, Listener listener) {
      this.listener = listener;
      this.written = new int[batch][16];
      this.lengths = new int[batch];
      this.last = new int[batch];
      this.ended = new boolean[batch];
      this.open = batch;
      Arrays.fill(last, start);
    }

    private int[][] all(StackState state) {
      SequenceBatch x = SequenceBatch.zeros(last.length, 1, decoder.embedDim());
      SequenceBatch scores = SequenceBatch.zeros(last.length, 1, vocabulary.outputs());
      for (int position = 0; position < maxLength && open > 0; position++) {
        embedding.forward(last, x);
        if (positions != null) {
          positions.apply(x, position);
        }
        decoder.forward(x, state, x);
        vocabulary.forward(x, scores);
        for (int b = 0; b < last.length; b++) {
          take(b, ended[b] ? stop : likeliest(scores, b));
        }
      }
      int[][] result = new int[last.length][];
      Arrays.setAll(result, b -> Arrays.copyOf(written[b], lengths[b]));
      return result;
    }

    private void take(int b, int token) {
      last[b] = token;
      if (ended[b]) {
        return;
      }
      if (token == stop) {
        ended[b] = true;
        open--;
        return;
      }
      if (lengths[b] == written[b].length) {
        written[b] = Arrays.copyOf(written[b], Math.min(maxLength, 2 * lengths[b]));
      }
      written[b][lengths[b]++] = token;
      listener.next(b, token);
    }

    private int likeliest(SequenceBatch scores, int b) {
      int from = scores.index(b, 0);
      int best = 0;
      for (int token = 0; token < scores.width(); token++) {
        float score = scores.data()[from + token];
        if (Float.isNaN(score)) {
          throw new ArithmeticException("the score of token " + token + " is NaN after " + lengths[b] + " tokens of sequence " + b);
        }
        if (score > scores.data()[from + best]) {
          best = token;
        }
      }
      return best;
    }
  }
}
