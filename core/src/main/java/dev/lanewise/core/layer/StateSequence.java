package dev.lanewise.core.layer;

import dev.lanewise.core.cache.KeyValueCache;
import java.util.ArrayList;
import java.util.List;

/**
 * A sequence of a state.
 *
 * @param caches one for each self-attention
 * @param memory one for each cross-attention
 */
record StateSequence(List<KeyValueCache> caches, List<KeyValueCache> memory) implements AutoCloseable {
  StateSequence() {
    this(new ArrayList<>(), new ArrayList<>());
  }

  @Override
  public void close() {
    caches.forEach(KeyValueCache::close);
    memory.forEach(KeyValueCache::close);
  }
}
