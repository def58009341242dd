package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.KeyValueLayout;
import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;

/** Adds rows to the caches of a batch: all are checked, then entered, then given room, and only then is anything written. */
final class BatchAppend {
  private BatchAppend() {}

  /** See {@link KeyValueCache#appendAll}. */
  static void run(KeyValueCache[] caches, Heads key, Heads value) {
    for (KeyValueCache cache : caches) {
      Objects.requireNonNull(cache, "caches");
      check(cache.layout(), key, value, caches.length);
    }
    int entered = 0;
    try {
      for (; entered < caches.length; entered++) {
        refuseTwice(caches, entered);
        caches[entered].usage().acquireExclusive();
      }
      reserve(caches, key.rows());
      add(caches, key, value);
    } finally {
      for (int b = 0; b < entered; b++) {
        caches[b].usage().releaseExclusive();
      }
    }
  }

  /** Makes room in all of them or in none. */
  private static void reserve(KeyValueCache[] caches, int rows) {
    int reserved = 0;
    try {
      for (; reserved < caches.length; reserved++) {
        caches[reserved].table().reserve(rows);
      }
    } finally {
      for (int b = 0; b < reserved && reserved < caches.length; b++) {
        caches[b].table().cancel();
      }
    }
  }

  /** Writes to all of them; if the thread is interrupted meanwhile, all go back to what they had. */
  private static void add(KeyValueCache[] caches, Heads key, Heads value) {
    int[] before = new int[caches.length];
    int added = 0;
    try {
      for (; added < caches.length; added++) {
        before[added] = caches[added].table().rows();
        caches[added].table().add(key, value, added);
      }
    } finally {
      for (int b = 0; b < caches.length && added < caches.length; b++) {
        if (b < added) {
          caches[b].table().truncate(before[b]);
        } else if (b > added) {
          caches[b].table().cancel();
        }
      }
    }
  }

  private static void refuseTwice(KeyValueCache[] caches, int index) {
    for (int b = 0; b < index; b++) {
      if (caches[b] == caches[index]) {
        throw new IllegalArgumentException("caches[" + index + "] is caches[" + b + "] again");
      }
    }
  }

  /** Checks rows that are to be added to caches of a layout, one a batch entry. */
  static void check(KeyValueLayout layout, Heads key, Heads value, int caches) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    Checks.same("key.batch", key.batch(), "the number of caches", caches);
    Checks.same("key.heads", key.heads(), "keyValueHeads", layout.heads());
    Checks.same("key.width", key.width(), "headDim", layout.keyWidth());
    Checks.same("value.batch", value.batch(), "key.batch", caches);
    Checks.same("value.heads", value.heads(), "keyValueHeads", layout.heads());
    Checks.same("value.width", value.width(), "valueDim", layout.valueWidth());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
  }
}
