package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/** What the stored bits of a row mean: format, heads, widths, and for 8-bit integers the divisors of the columns of K. */
record RowForm(KeyValueLayout layout, float @Nullable [] keyChannels) {
  /**
   * Checks that rows of another form have the same meaning.
   *
   * @param name the rows of the other form, in messages
   * @throws IllegalArgumentException if they have not
   */
  void check(String name, RowForm other) {
    KeyValueLayout given = other.layout;
    if (given.format() != layout.format()) {
      throw new IllegalArgumentException("format of " + name + " is " + given.format() + ", but that of the cache is " + layout.format());
    }
    Checks.same("keyValueHeads of " + name, given.heads(), "that of the cache", layout.heads());
    Checks.same("headDim of " + name, given.keyWidth(), "that of the cache", layout.keyWidth());
    Checks.same("valueDim of " + name, given.valueWidth(), "that of the cache", layout.valueWidth());
    int channels = layout.heads() * layout.keyWidth();
    for (int i = 0; i < channels; i++) {
      if (channel(i) != other.channel(i)) {
        throw new IllegalArgumentException(
            "keyChannels[" + i + "] of " + name + " is " + other.channel(i) + ", but that of the cache is " + channel(i));
      }
    }
  }

  /** The divisor of a column of K; without divisors the numbers are stored as if it were 1. */
  private float channel(int i) {
    return keyChannels == null ? 1 : keyChannels[i];
  }
}
