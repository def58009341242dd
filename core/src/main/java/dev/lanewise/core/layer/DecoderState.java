package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link Decoder} keeps of a batch of sequences between calls: for each layer the keys and values of the rows so far, and those of
 * the memory. All sequences are equally long.
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

  /** Opens the caches of a layer, which {@code to} holds from the first on. */
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
   * Rows of each sequence so far; 0 in a batch of none.
   *
   * @throws IllegalStateException if the state is closed or in use
   */
  public int rows() {
    checkOpen();
    return batch() == 0 ? 0 : caches.get(0).get(0).rows();
  }

  /**
   * Drops the rows from {@code rows} on, in all layers or, if anything is wrong, in none.
   *
   * @throws IllegalArgumentException if there are not that many, or rows is negative
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
        ofLayer.forEach(cache -> cache.table().truncate(rows)); // all have the same rows, so the first is refused or none
      }
    }
  }

  /** Frees what the caches hold; closing twice does nothing. */
  @Override
  public void close() {
    caches.forEach(of -> of.forEach(KeyValueCache::close));
    memory.forEach(of -> of.forEach(KeyValueCache::close));
    closed = true;
  }

  /** Caches refuse by themselves, but a batch of none has none. */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the state is closed");
    }
  }
}
