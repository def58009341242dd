package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of a {@link Decoder} between calls, for a batch of sequences: for each layer the keys and values of the earlier rows, and those
 * of the memory. All sequences have the same length.
 */
public final class DecoderState implements AutoCloseable {
  private final List<List<KeyValueCache>> caches;
  private final List<List<KeyValueCache>> memory;
  private volatile boolean closed;

  private DecoderState(List<List<KeyValueCache>> caches, List<List<KeyValueCache>> memory) {
    this.caches = caches;
    this.memory = memory;
  }

  static DecoderState of(Decoder decoder, SequenceBatch memory, int capacity) {
    Checks.atLeast("capacity", capacity, 1);
    DecoderState state = new DecoderState(new ArrayList<>(), new ArrayList<>());
    boolean done = false;
    try {
      for (DecoderLayer layer : decoder.layers()) {
        open(state.caches, layer.self(), memory.batch(), capacity);
        layer.cross().remember(memory, open(state.memory, layer.cross(), memory.batch(), Math.max(1, memory.rows())));
      }
      done = true;
      return state;
    } finally {
      if (!done) {
        state.close();
      }
    }
  }

  /** Opens the caches of a layer, and adds each to {@code to} as soon as it is open. */
  private static List<KeyValueCache> open(List<List<KeyValueCache>> to, MultiHeadAttention attention, int batch, int capacity) {
    List<KeyValueCache> caches = new ArrayList<>();
    to.add(caches);
    for (int b = 0; b < batch; b++) {
      caches.add(attention.cache().capacity(capacity).build());
    }
    return caches;
  }

  int layers() {
    return caches.size();
  }

  int batch() {
    return caches.get(0).size();
  }

  List<KeyValueCache> caches(int layer) {
    return caches.get(layer);
  }

  List<KeyValueCache> memory(int layer) {
    return memory.get(layer);
  }

  /**
   * Number of rows of each sequence; 0 for a batch without sequences.
   *
   * @throws IllegalStateException if the state is closed or in use
   */
  public int rows() {
    checkOpen();
    return batch() == 0 ? 0 : caches.get(0).get(0).rows();
  }

  /**
   * Keeps only the first {@code rows} rows. If anything fails, no layer changes.
   *
   * @throws IllegalArgumentException if there are fewer rows, or rows is negative
   * @throws IllegalStateException if the state is closed or in use
   */
  public void truncate(int rows) {
    checkOpen();
    try (CacheTransaction transaction = new CacheTransaction()) {
      caches.forEach(transaction::enter);
      if (batch() == 0 && rows != 0) {
        throw new IllegalArgumentException("rows is " + rows + ", but a batch of none has 0");
      }
      for (List<KeyValueCache> ofLayer : caches) {
        ofLayer.forEach(cache -> cache.table().truncate(rows)); // all caches have the same rows, so only the first one can be refused
      }
    }
  }

  /** Frees the caches; closing again has no effect. */
  @Override
  public void close() {
    caches.forEach(layer -> layer.forEach(KeyValueCache::close));
    memory.forEach(layer -> layer.forEach(KeyValueCache::close));
    closed = true;
  }

  /** Checks that the state is open: for a batch without sequences there is no cache that could check it. */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the state is closed");
    }
  }
}
