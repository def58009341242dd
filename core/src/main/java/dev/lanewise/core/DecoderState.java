package dev.lanewise.core;

import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link Decoder} keeps of a batch of sequences between calls: for each layer the keys and values of the rows so far, and those of
 * the memory. All sequences are equally long.
 */
public final class DecoderState implements AutoCloseable {
  private final List<List<KeyValueCache>> caches;
  private final List<List<KeyValueCache>> memory;

  private DecoderState(List<List<KeyValueCache>> caches, List<List<KeyValueCache>> memory) {
    this.caches = caches;
    this.memory = memory;
  }

  static DecoderState of(Decoder decoder, Sequences memory, int capacity) {
    List<List<KeyValueCache>> caches = new ArrayList<>();
    List<List<KeyValueCache>> remembered = new ArrayList<>();
    for (DecoderLayer layer : decoder.layers()) {
      caches.add(open(layer.self(), memory.batch(), capacity));
      List<KeyValueCache> ofLayer = open(layer.cross(), memory.batch(), Math.max(1, memory.rows()));
      layer.cross().remember(memory, ofLayer);
      remembered.add(ofLayer);
    }
    return new DecoderState(caches, remembered);
  }

  private static List<KeyValueCache> open(MultiHeadAttention attention, int batch, int capacity) {
    List<KeyValueCache> caches = new ArrayList<>();
    for (int b = 0; b < batch; b++) {
      caches.add(attention.cache().capacity(capacity).build());
    }
    return List.copyOf(caches);
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

  /** Rows of each sequence so far. */
  public int rows() {
    return batch() == 0 ? 0 : caches.get(0).get(0).rows();
  }

  /**
   * Drops the rows from {@code rows} on, in all layers or, if anything is wrong, in none.
   *
   * @throws IllegalArgumentException if there are not that many, or rows is negative
   * @throws IllegalStateException if the state is closed or in use
   */
  public void truncate(int rows) {
    try (CacheTransaction transaction = new CacheTransaction()) {
      caches.forEach(transaction::enter);
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
  }
}
