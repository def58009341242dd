package dev.lanewise.core.cache;

import dev.lanewise.core.cache.page.CacheSettings;
import dev.lanewise.kernels.data.KeyValueFormat;

/**
 * The settings of stored rows that the builders of caches and of pools share.
 *
 * @param <B> the builder itself
 */
abstract sealed class StorageBuilder<B extends StorageBuilder<B>> permits KeyValueCache.Builder, KeyValuePool.Builder {
  final CacheSettings settings;

  StorageBuilder(int keyValueHeads, int headDim) {
    settings = new CacheSettings(keyValueHeads, headDim);
  }

  /** This builder. */
  abstract B self();

  /**
   * Sets the elements of a value; the default is headDim.
   *
   * @throws IllegalArgumentException if that is below 1, or above 2<sup>22</sup>
   */
  public B valueDim(int valueDim) {
    settings.valueDim(valueDim);
    return self();
  }

  /** Sets the storage format of the elements; the default is {@link KeyValueFormat#F32}. */
  public B format(KeyValueFormat format) {
    settings.format(format);
    return self();
  }

  /**
   * Sets the divisors of the columns of K for {@link KeyValueFormat#INT8}: a row is divided by them before it gets its scale. {@link
   * KeyValueCache#channelScales} computes them.
   *
   * @param scales keyValueHeads × headDim, all at least {@link Float#MIN_NORMAL} and finite
   * @throws IllegalArgumentException if there are more or fewer; {@code build} checks that they are positive
   */
  public B keyChannels(float[] scales) {
    settings.keyChannels(scales);
    return self();
  }

  /** Allocates the memory outside the heap. Only {@code close} frees it: the garbage collector does not. */
  public B offHeap() {
    settings.offHeap = true;
    return self();
  }
}
