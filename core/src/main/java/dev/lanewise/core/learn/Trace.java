package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A stack of what forward passes keep for their backward passes. A backward pass takes in reverse order what its forward pass kept. Buffers
 * are used again in the next step, so steps of the same shapes allocate them once.
 *
 * <p>A trace also carries what a call has besides its input: threads, kernels, lengths of sequences, and the numbers that dropout depends
 * on. Mutable, and for one thread at a time.
 *
 * <pre>{@code
 * Trace trace = Trace.create().setThreads(2);
 * for (long step = 0; step < steps; step++) {
 *   trace.train(seed, step).setKeyLengths(17, 24); // padded: two sequences of 17 and 24 rows
 *   model.forward(x, y, trace);
 *   // … the gradient of the loss for y
 *   model.backward(trace, outputGradient, null);
 * }
 * trace.evaluate(); // without dropout
 * }</pre>
 */
public final class Trace {
  /** Dropout calls of a step, at most. */
  private static final long CALLS = 1L << 20;

  private static final Dropout NO_DROPOUT = new Dropout(0, 0, 0);

  private final BufferStack kept = new BufferStack();
  private final BufferStack scratch = new BufferStack();

  private int threads = 1;
  private Kernels kernels = Kernels.selected();
  private @Nullable PackedSequences packedSequences;
  private @Nullable PackedSequences memorySequences;
  private int @Nullable [] keyLengths;
  private int @Nullable [] memoryLengths;
  private boolean training;
  private long seed;
  private long step;
  private long calls;

  private Trace() {}

  /** Creates an empty trace: one thread, the fastest kernels of this JVM, whole sequences, no dropout. */
  public static Trace create() {
    return new Trace();
  }

  /**
   * Begins a step of training: the trace becomes empty and dropout is on.
   *
   * @param newSeed chooses the random numbers of dropout, together with the step
   * @param newStep the number of the step, at least 0; with gradient accumulation, a number for each part of a step
   */
  public Trace train(long newSeed, long newStep) {
    Checks.atLeast("step", newStep, 0);
    Checks.atMost("step", newStep, "the last step", Long.MAX_VALUE / CALLS);
    clear();
    this.training = true;
    this.seed = newSeed;
    this.step = newStep;
    return this;
  }

  /** Makes the trace empty and turns dropout off. */
  public Trace evaluate() {
    clear();
    this.training = false;
    return this;
  }

  private void clear() {
    kept.clear();
    scratch.clear();
    calls = 0;
  }

  /** Sets the number of threads for each call, including the caller's. The bits of results do not depend on it. */
  public Trace setThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    this.threads = newThreads;
    return this;
  }

  /** Sets the kernels, for instance {@link Kernels#scalar()} to compare. */
  public Trace setKernels(Kernels newKernels) {
    this.kernels = Objects.requireNonNull(newKernels, "kernels");
    return this;
  }

  /** Sets the packed sequences that x consists of, or null for none; x then has batch 1. */
  public Trace setPackedSequences(@Nullable PackedSequences sequences) {
    this.packedSequences = sequences;
    return this;
  }

  /** Sets the packed sequences of cross-attention, or null for none: the rows of x are their queries, those of the memory their keys. */
  public Trace setMemorySequences(@Nullable PackedSequences sequences) {
    this.memorySequences = sequences;
    return this;
  }

  /** Sets the number of rows of each batch entry of x, if x is padded: attention does not see the rows after them. Null for no padding. */
  public Trace setKeyLengths(int @Nullable ... lengths) {
    this.keyLengths = lengths == null ? null : lengths.clone();
    return this;
  }

  /** Sets the number of rows of each batch entry of the memory, if it is padded; null for no padding. */
  public Trace setMemoryLengths(int @Nullable ... lengths) {
    this.memoryLengths = lengths == null ? null : lengths.clone();
    return this;
  }

  /** Number of threads for each call. */
  public int threads() {
    return threads;
  }

  /** The kernels of each call. */
  public Kernels kernels() {
    return kernels;
  }

  /** The packed sequences that x consists of, or null. */
  public @Nullable PackedSequences packedSequences() {
    return packedSequences;
  }

  /** The packed sequences of cross-attention, or null. */
  public @Nullable PackedSequences memorySequences() {
    return memorySequences;
  }

  /** The number of rows of each batch entry of x, as a new array, or null without padding. */
  public int @Nullable [] keyLengths() {
    return keyLengths == null ? null : keyLengths.clone();
  }

  /** The number of rows of each batch entry of the memory, as a new array, or null without padding. */
  public int @Nullable [] memoryLengths() {
    return memoryLengths == null ? null : memoryLengths.clone();
  }

  /** Whether dropout is on. */
  public boolean isTraining() {
    return training;
  }

  /** The seed of dropout. */
  public long seed() {
    return seed;
  }

  /** A number for the next call of dropout, different for each call of each step. The layer keeps it for its backward pass. */
  public long nextCall() {
    Checks.atMost("the number of dropout calls of a step", calls, "the largest number", CALLS - 1);
    return step * CALLS + calls++;
  }

  /**
   * Keeps the random numbers of a call of dropout.
   *
   * @return null if the rate is 0 or dropout is off
   */
  @Nullable Dropout keepDropout(float rate) {
    if (rate == 0) {
      return null;
    }
    Dropout dropout = training ? new Dropout(rate, seed, nextCall()) : NO_DROPOUT;
    keep(dropout);
    return training ? dropout : null;
  }

  /** Takes what {@link #keepDropout} kept for a layer of this rate, and returns it. */
  @Nullable Dropout takeDropout(float rate) {
    if (rate == 0) {
      return null;
    }
    Dropout dropout = take(Dropout.class);
    return dropout.rate() == 0 ? null : dropout;
  }

  /** What a call has besides its input. Its arrays are never modified. */
  record Call(
      @Nullable PackedSequences packed,
      @Nullable PackedSequences memory,
      int @Nullable [] keyLengths,
      int @Nullable [] memoryLengths,
      long calls) {}

  /** What the next call has, see {@link #restore}. */
  Call call() {
    return new Call(packedSequences, memorySequences, keyLengths, memoryLengths, calls);
  }

  /** Goes back to what an earlier call had, with its numbers of dropout, to run its forward pass again. */
  void restore(Call earlier) {
    packedSequences = earlier.packed;
    memorySequences = earlier.memory;
    keyLengths = earlier.keyLengths;
    memoryLengths = earlier.memoryLengths;
    calls = earlier.calls;
  }

  /** Number of things in the trace: 0 after every forward pass has been followed by its backward pass. */
  public int size() {
    return kept.size();
  }

  /** The last thing of this type that was kept and is wanted, or null. It stays in the trace. */
  <T> @Nullable T last(Class<T> type, Predicate<T> wanted) {
    return kept.last(type, wanted);
  }

  /** Forgets all but the first things that were kept. */
  void cut(int size) {
    kept.release(size);
  }

  /** Keeps a new dense view; its elements are undefined. */
  public SequenceBatch keep(int batch, int rows, int width) {
    return kept.push(batch, rows, width);
  }

  /** Keeps an array of at least {@code size} elements, which are undefined. */
  public float[] keep(int size) {
    Checks.atLeast("size", size, 0);
    return kept.push(size);
  }

  /** Keeps a value itself: a view or an array that nobody changes before the backward pass, or a number. */
  public void keep(Object value) {
    kept.push(Objects.requireNonNull(value, "value"));
  }

  /**
   * Removes what was kept last, and returns it. A buffer of the trace stays valid until the next {@code keep}.
   *
   * @throws IllegalStateException if the trace is empty, or ends with something else
   */
  public <T> T take(Class<T> type) {
    return kept.pop(type);
  }

  /** Borrows a dense view for temporary rows until {@link #release}; its elements are undefined. */
  public SequenceBatch borrow(int batch, int rows, int width) {
    return scratch.push(batch, rows, width);
  }

  /** Number of borrowed buffers, for {@link #release}. */
  public int borrowed() {
    return scratch.size();
  }

  /**
   * Returns borrowed buffers.
   *
   * @param borrowed {@link #borrowed} before they were borrowed
   */
  public void release(int borrowed) {
    Checks.atLeast("borrowed", borrowed, 0);
    Checks.atMost("borrowed", borrowed, "the number of borrowed buffers", scratch.size());
    scratch.release(borrowed);
  }
}
