package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheFile;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The state of a {@link TransformerStack} between calls, for one sequence or several of different lengths: for each self-attention the keys
 * and values of the earlier rows, and for each cross-attention those of the memory.
 *
 * <pre>{@code
 * try (StackState prompt = stack.state().pages(1024).build()) { // pools, so that forks share pages
 *   stack.forward(promptRows, prompt, promptOutput);
 *   try (StackState answers = prompt.fork(0, 0, 0)) { // three sequences with the same prompt
 *     stack.forward(rows, answers, output); // 3 × new rows × embedDim
 *     answers.truncate(1, answers.rows(1) - 2); // two tokens of the second sequence were refused
 *     stack.forward(row, answers.select(0, 2), output.batch(0, 2)); // only two of them go on
 *   }
 * }
 * }</pre>
 *
 * <p>How rows are divided into calls does not change their bits, unless a self-attention has caches in INT8, see {@link TransformerStack}.
 *
 * <p>If a call fails, the state does not change. Only one call at a time may use a state.
 */
public final class StackState implements AutoCloseable {
  private final List<MultiHeadAttention> attentions;
  private final int memories;
  private final List<StateSequence> sequences;
  private final @Nullable SharedPools pools;
  private final boolean isOwner;

  private final List<List<KeyValueCache>> caches;
  private final List<List<KeyValueCache>> memory;
  private volatile boolean closed;

  StackState(
      List<MultiHeadAttention> attentions, int memories, List<StateSequence> sequences, @Nullable SharedPools pools, boolean isOwner) {
    this.attentions = attentions;
    this.memories = memories;
    this.sequences = sequences;
    this.pools = pools;
    this.isOwner = isOwner;
    this.caches = new ArrayList<>();
    this.memory = new ArrayList<>();
    for (int i = 0; i < attentions.size(); i++) {
      int which = i;
      caches.add(sequences.stream().map(sequence -> sequence.caches().get(which)).toList());
    }
    for (int i = 0; i < memories; i++) {
      int which = i;
      memory.add(sequences.stream().map(sequence -> sequence.memory().get(which)).toList());
    }
  }

  /** Number of sequences. */
  public int batch() {
    return sequences.size();
  }

  /**
   * Number of rows of a sequence.
   *
   * @throws IndexOutOfBoundsException if there is no such sequence
   * @throws IllegalStateException if the state is closed or in use
   */
  public int rows(int sequence) {
    checkOpen();
    return sequence(sequence).caches().getFirst().rows();
  }

  private StateSequence sequence(int index) {
    Checks.index("sequence", index, sequences.size());
    return sequences.get(index);
  }

  /** The caches of a self-attention, counted over the whole stack, one for each sequence. */
  List<KeyValueCache> caches(int selfAttention) {
    return caches.get(selfAttention);
  }

  /** The memory of a cross-attention, counted over the whole stack, one cache for each sequence. */
  List<KeyValueCache> memory(int crossAttention) {
    return memory.get(crossAttention);
  }

  /** Checks that a stack has as many attention sublayers as the one that created this state. */
  void checkStack(TransformerStack stack) {
    checkOpen();
    int self = 0;
    int cross = 0;
    for (TransformerLayer layer : stack.layers()) {
      for (SublayerPart.Attending sublayer : layer.attentions()) {
        self += sublayer.toMemory() ? 0 : 1;
        cross += sublayer.toMemory() ? 1 : 0;
      }
    }
    Checks.same("the number of self-attentions of state", attentions.size(), "that of the stack", self);
    Checks.same("the number of cross-attentions of state", memories, "that of the stack", cross);
  }

  /** Locks the caches of the self-attentions for one call. */
  CacheTransaction enter() {
    checkOpen();
    CacheTransaction transaction = new CacheTransaction();
    boolean done = false;
    try {
      caches.forEach(transaction::enterAll);
      done = true;
      return transaction;
    } finally {
      if (!done) {
        transaction.close();
      }
    }
  }

  /**
   * Keeps only the first {@code rows} rows of a sequence. If anything fails, no layer changes; this holds for all changes of a state.
   *
   * @throws IllegalArgumentException if there are fewer rows, rows is negative, or the window of the last remaining row needs rows that
   *     have been dropped
   * @throws IllegalStateException if the state is closed or in use
   */
  public void truncate(int sequence, int rows) {
    change(sequence, (transaction, caches) -> transaction.truncate(caches, rows));
  }

  /**
   * Keeps the rows before {@code from} and the given ones, in this order: the accepted path of a tree of drafted tokens.
   *
   * @param rows numbers of rows from {@code from} on
   * @throws IllegalArgumentException as for {@link KeyValueCache#keep}
   * @throws IllegalStateException if the state is closed or in use
   */
  public void keep(int sequence, int from, int... rows) {
    change(sequence, (transaction, caches) -> transaction.keep(caches, from, rows));
  }

  /**
   * Removes the rows {@code from} (inclusive) to {@code to} (exclusive) of a sequence, so that the later rows follow the earlier ones: room
   * for more rows in a long conversation. Rotary positions of the later keys move with them, see {@link KeyValueCache#remove(int, int,
   * RotaryTable)}; these are the positions of the stack that created the state. Positions that were added to the input cannot move: do not
   * use it with such a model.
   *
   * @throws IllegalArgumentException if there are no such rows, or rows that are needed have been dropped
   * @throws IllegalStateException if the state is closed or in use
   */
  public void remove(int sequence, int from, int to) {
    List<@Nullable RotaryTable> tables = new ArrayList<>();
    attentions.forEach(attention -> tables.add(attention.rotaryTable()));
    change(sequence, (transaction, caches) -> transaction.remove(caches, from, to, tables));
  }

  /**
   * Saves the rows of a sequence to a file, in all layers, with the bits that are stored; see {@link KeyValueCache#save}. Memories are not
   * saved.
   *
   * @throws IOException if writing fails; a file that was there before is unchanged then
   */
  public void save(int sequence, Path path) throws IOException {
    checkOpen();
    CacheFile.save(path, sequence(sequence).caches());
  }

  /**
   * Loads the rows of a file into a sequence without rows. The layers have the shapes, formats and windows of the state that was saved.
   *
   * @throws IOException if the file cannot be read, was not written by {@link #save}, is damaged or incomplete
   * @throws IllegalArgumentException if a layer has another shape or format than the file
   * @throws IllegalStateException if the sequence has rows, is too small, closed or in use, or a pool is exhausted
   */
  public void load(int sequence, Path path) throws IOException {
    checkOpen();
    CacheFile.load(path, sequence(sequence).caches());
  }

  private void change(int sequence, BiConsumer<CacheTransaction, List<KeyValueCache>> change) {
    checkOpen();
    try (CacheTransaction transaction = new CacheTransaction()) {
      change.accept(transaction, transaction.enter(sequence(sequence).caches()));
    }
  }

  /**
   * Views some of the sequences, in any order: calls with the view append to the sequences of this state, so that those that have ended
   * leave the batch. The view does not own them: closing it has no effect.
   *
   * @param indices numbers of sequences, each at most once
   * @throws IndexOutOfBoundsException if there is no such sequence
   * @throws IllegalArgumentException if one is given twice
   */
  public StackState select(int... indices) {
    checkOpen();
    Objects.requireNonNull(indices, "indices");
    List<StateSequence> chosen = new ArrayList<>();
    for (int i = 0; i < indices.length; i++) {
      chosen.add(sequence(indices[i]));
      for (int j = 0; j < i; j++) {
        if (indices[j] == indices[i]) {
          throw new IllegalArgumentException("indices[" + i + "] is " + indices[i] + ", like indices[" + j + "]");
        }
      }
    }
    return new StackState(attentions, memories, chosen, pools, false);
  }

  /**
   * Creates an independent state with copies of these sequences, any number of each: several answers to one prompt, or the beams that
   * continue. With {@link Builder#pages} they share the pages of the rows so far.
   *
   * @param indices numbers of sequences
   */
  public StackState fork(int... indices) {
    checkOpen();
    Objects.requireNonNull(indices, "indices");
    List<StateSequence> copies = new ArrayList<>();
    boolean done = false;
    try {
      for (int index : indices) {
        StateSequence copy = new StateSequence();
        copies.add(copy);
        sequence(index).caches().forEach(cache -> copy.caches().add(cache.fork()));
        sequence(index).memory().forEach(cache -> copy.memory().add(cache.fork()));
      }
      if (pools != null) {
        pools.open();
      }
      done = true;
      return new StackState(attentions, memories, List.copyOf(copies), pools, true);
    } finally {
      if (!done) {
        copies.forEach(StateSequence::close);
      }
    }
  }

  /** Frees the caches; closing again has no effect, nor has closing a view that {@link #select} returned. */
  @Override
  public void close() {
    if (isOwner && !closed) {
      sequences.forEach(StateSequence::close);
      closed = true;
      if (pools != null) {
        pools.close();
      }
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the state is closed");
    }
  }

  /** Builder of a {@code StackState}: number of sequences, memory, capacity or pages, format and window of each layer. */
  public static final class Builder {
    private final StateOpening settings;

    Builder(TransformerStack stack) {
      settings = new StateOpening(stack);
    }

    /** Sets the number of sequences; the default is 1. */
    public Builder batch(int sequences) {
      Checks.atLeast("batch", sequences, 0);
      settings.batch = sequences;
      return this;
    }

    /** Sets the maximum number of rows of each sequence, for layers without a window. */
    public Builder capacity(int rows) {
      Checks.atLeast("capacity", rows, 1);
      settings.capacity = rows;
      return this;
    }

    /** Makes the capacity an initial one, see {@link KeyValueCache.Builder#growing}. */
    public Builder growing() {
      settings.growing = true;
      return this;
    }

    /** Keeps the rows in pages of 16 rows that the sequences and their forks share; each layer has this number of pages. */
    public Builder pages(int count) {
      Checks.atLeast("pages", count, 1);
      settings.pages = count;
      return this;
    }

    /** Allocates the memory outside the heap, see {@link KeyValueCache.Builder#offHeap}. */
    public Builder offHeap() {
      settings.offHeap = true;
      return this;
    }

    /** Sets the format of keys and values in all layers; the default is {@link KeyValueFormat#F32}. */
    public Builder format(KeyValueFormat format) {
      Arrays.fill(settings.formats, Objects.requireNonNull(format, "format"));
      return this;
    }

    /** Sets the format of keys and values in one layer. */
    public Builder format(int layer, KeyValueFormat format) {
      Checks.index("layer", layer, settings.formats.length);
      settings.formats[layer] = Objects.requireNonNull(format, "format");
      return this;
    }

    /** Keeps in all layers only the first rows and a window of the last rows, see {@link KeyValueCache.Builder#window}. */
    public Builder window(int rows, int sinkRows) {
      for (int layer = 0; layer < settings.windows.length; layer++) {
        window(layer, rows, sinkRows);
      }
      return this;
    }

    /** Keeps in one layer only the first rows and a window of the last rows. */
    public Builder window(int layer, int rows, int sinkRows) {
      Checks.index("layer", layer, settings.windows.length);
      Checks.atLeast("window", rows, 1);
      Checks.atLeast("sinks", sinkRows, 0);
      settings.windows[layer] = rows;
      settings.sinks[layer] = sinkRows;
      return this;
    }

    /**
     * Sets the memory of all sequences, and their number: batch × memory rows × the input width of cross-attention.
     *
     * @throws IllegalArgumentException if its width is not that of each cross-attention
     */
    public Builder memory(SequenceBatch rows) {
      Objects.requireNonNull(rows, "memory");
      List<SequenceBatch> each = new ArrayList<>();
      for (int b = 0; b < rows.batch(); b++) {
        each.add(rows.batch(b, b + 1));
      }
      checkMemory(rows);
      return memory(each);
    }

    private void checkMemory(SequenceBatch rows) {
      for (TransformerLayer layer : settings.stack.layers()) {
        for (SublayerPart.Attending sublayer : layer.attentions()) {
          if (sublayer.toMemory()) {
            sublayer.attention().checks().memory(rows);
          }
        }
      }
    }

    /**
     * Sets the memory of each sequence, and their number; memories may differ in length.
     *
     * @throws IllegalArgumentException if the batch of one is not 1, or its width is not that of each cross-attention
     */
    public Builder memory(List<SequenceBatch> ofSequences) {
      Objects.requireNonNull(ofSequences, "memory");
      for (int s = 0; s < ofSequences.size(); s++) {
        SequenceBatch one = Objects.requireNonNull(ofSequences.get(s), "memory[" + s + "]");
        Checks.same("memory[" + s + "].batch", one.batch(), "the batch of one sequence", 1);
        checkMemory(one);
      }
      settings.memory = List.copyOf(ofSequences);
      settings.batch = ofSequences.size();
      return this;
    }

    /**
     * Creates the state, and projects the memory.
     *
     * @throws IllegalStateException if a layer has neither capacity nor pages nor window, or a cross-attention has positions, which a
     *     memory does not have
     * @throws IllegalArgumentException if settings cannot be combined, or the memory does not fit the stack
     */
    public StackState build() {
      return settings.open();
    }
  }
}
