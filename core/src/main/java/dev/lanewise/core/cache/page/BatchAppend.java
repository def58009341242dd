package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Appends rows to the caches of a batch, to all of them or to none. */
public final class BatchAppend {
  private BatchAppend() {}

  /** Appends rows to caches, one cache for each batch entry. */
  public static void run(List<? extends PagedCache> caches, Heads key, Heads value) {
    Objects.requireNonNull(caches, "caches");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    Checks.same("key.batch", key.batch(), "the number of caches", caches.size());
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    for (PagedCache cache : caches) {
      check(Objects.requireNonNull(cache, "caches").table().layout(), key, value, caches.size());
    }
    append(caches, key, value, null);
  }

  private static void append(List<? extends PagedCache> caches, Heads key, Heads value, @Nullable PackedSequences sequences) {
    try (CacheTransaction transaction = new CacheTransaction()) {
      List<? extends PagedCache> entered = transaction.enter(caches);
      transaction.reserve(entered, key.rows(), sequences);
      transaction.append(entered, key, value, sequences);
      transaction.commit();
    }
  }

  /** Appends packed rows to caches, one cache for each sequence. */
  public static void run(List<? extends PagedCache> caches, Heads key, Heads value, PackedSequences sequences) {
    check(caches, key, value, sequences);
    append(caches, key, value, sequences);
  }

  /** Checks packed rows before they are appended to caches. */
  public static void check(List<? extends PagedCache> caches, Heads key, Heads value, PackedSequences sequences) {
    Objects.requireNonNull(caches, "caches");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    Checks.same("caches", caches.size(), "the number of sequences", Objects.requireNonNull(sequences, "sequences").count());
    Checks.same("key.batch", key.batch(), "the batch of packed rows", 1);
    Checks.same("key.rows", key.rows(), "the number of keys of all sequences", sequences.keyStart(sequences.count()));
    for (PagedCache cache : caches) {
      check(Objects.requireNonNull(cache, "caches").table().layout(), key, value, 1);
    }
  }

  /** Checks rows before they are appended to caches of a layout, one cache for each batch entry. */
  public static void check(KeyValueLayout layout, Heads key, Heads value, int caches) {
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
