package dev.lanewise.core.layer;

import dev.lanewise.core.cache.KeyValuePool;
import java.util.ArrayList;
import java.util.List;

/** The pools of the self-attentions, which the last of the states that share them closes. */
final class SharedPools {
  final List<KeyValuePool> ofLayers = new ArrayList<>();
  private int states = 1;

  synchronized void open() {
    states++;
  }

  synchronized void close() {
    if (--states == 0) {
      ofLayers.forEach(KeyValuePool::close);
    }
  }
}
