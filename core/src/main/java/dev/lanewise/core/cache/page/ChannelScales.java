package dev.lanewise.core.cache.page;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;

/** Computes the largest elements of K in each channel. */
public final class ChannelScales {
  private ChannelScales() {}

  /** Computes scales, see {@link KeyValueCache#channelScales}. */
  public static float[] of(Heads key) {
    Objects.requireNonNull(key, "key");
    float[] scales = new float[Checks.product("key.heads", key.heads(), "key.width", key.width())];
    for (int head = 0; head < key.heads(); head++) {
      int from = head * key.width();
      for (int b = 0; b < key.batch(); b++) {
        for (int row = 0; row < key.rows(); row++) {
          add(key, b, head, row, scales);
        }
      }
      float largest = 0;
      for (int d = 0; d < key.width(); d++) {
        largest = Math.max(largest, scales[from + d]);
      }
      for (int d = 0; d < key.width(); d++) {
        // A number too small to be normal counts as zero.
        scales[from + d] = scales[from + d] >= Float.MIN_NORMAL ? scales[from + d] : largest >= Float.MIN_NORMAL ? largest : 1;
      }
    }
    return scales;
  }

  private static void add(Heads key, int b, int head, int row, float[] scales) {
    int first = key.index(b, head, row);
    int to = head * key.width();
    for (int d = 0; d < key.width(); d++) {
      float x = Math.abs(key.data()[first + d * key.columnStride()]);
      if (!Float.isFinite(x)) {
        throw new IllegalArgumentException("key at " + Arrays.toString(new int[] {b, head, row, d}) + " is " + x + ", must be finite");
      }
      scales[to + d] = Math.max(scales[to + d], x);
    }
  }
}
