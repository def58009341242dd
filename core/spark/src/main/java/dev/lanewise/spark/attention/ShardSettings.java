package dev.lanewise.spark.attention;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What the attention of a call is, without anything that depends on a shard. It is sent to the executors.
 *
 * @param scale null for the default, 1/√headDim
 * @param softcap 0 for none
 * @param slopes of ALiBi, one for each query head; null for none
 * @param sinks a logit for each query head; null for none. They are merged as one more part and are in no shard
 * @param window null if every query sees every key
 */
record ShardSettings(@Nullable Float scale, float softcap, float @Nullable [] slopes, float @Nullable [] sinks, @Nullable Window window)
    implements Serializable {
  static final ShardSettings STANDARD = new ShardSettings(null, 0, null, null, null);

  /**
   * The positions of the keys that a query at position p sees: p − left to p + right, and those below {@code sinkKeys} that are not behind
   * p + right.
   *
   * @param left {@link #OPEN} for no limit
   */
  record Window(int left, int right, int sinkKeys) implements Serializable {
    static final int OPEN = -1;

    /**
     * The mask over a shard.
     *
     * @param first position of the first key of the shard
     * @param keys number of its keys
     * @param offsets position of the first query of each batch entry, counted from {@code first}
     */
    Mask mask(int first, int keys, int[] offsets) {
      Mask.Window mask = left == OPEN ? Mask.windowUpTo(right) : Mask.window(left, right);
      return mask.withSinks(Math.clamp((long) sinkKeys - first, 0, keys)).withAlignment(Mask.Alignment.offsets(offsets));
    }
  }

  /**
   * The attention of queries to the keys of a shard. The mask and ALiBi count both from the first key of the shard, where an offset may be
   * negative.
   *
   * @param positions position of the first query of each batch entry
   */
  Attention attention(int first, int keys, int[] positions, int threads) {
    int[] offsets = positions.clone();
    for (int b = 0; b < offsets.length; b++) {
      offsets[b] -= first; // both are at least 0
    }
    Attention attention = Attention.standard().withThreads(threads).withSoftcap(softcap);
    if (scale != null) {
      attention = attention.withScale(scale);
    }
    if (slopes != null) {
      attention = attention.withAlibi(slopes, offsets);
    }
    return window == null ? attention : attention.withMask(window.mask(first, keys, offsets));
  }

  ShardSettings withScale(float newScale) {
    return new ShardSettings(newScale, softcap, slopes, sinks, window);
  }

  ShardSettings withSoftcap(float newSoftcap) {
    return new ShardSettings(scale, newSoftcap, slopes, sinks, window);
  }

  ShardSettings withSlopes(float[] newSlopes) {
    return new ShardSettings(scale, softcap, newSlopes.clone(), sinks, window);
  }

  ShardSettings withSinks(float[] newSinks) {
    return new ShardSettings(scale, softcap, slopes, newSinks.clone(), window);
  }

  ShardSettings withWindow(Window newWindow) {
    return new ShardSettings(scale, softcap, slopes, sinks, newWindow);
  }
}
