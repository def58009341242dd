package dev.lanewise.core.learn.optimise;

import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * A random order of items that begins anew in each epoch: a function of a seed, the number of items and a position. A run that continues at
 * a position therefore sees the items that an unbroken run sees. The order is the same on every machine: Fisher and Yates's shuffle with
 * the random numbers of SplitMix64 (Steele, Lea and Flood, 2014). Thread-safe; the order of the last epoch is kept, with 4 bytes an item.
 *
 * <pre>{@code
 * SeededOrder order = SeededOrder.of(42, pairs.size());
 * for (int i = 0; i < batchSize; i++) {
 *   batch.add(pairs.get(order.item(number * batchSize + i))); // batch `number` of the run, across the ends of epochs
 * }
 * }</pre>
 */
public final class SeededOrder {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final long seed;
  private final int items;
  private volatile @Nullable Epoch last;

  private SeededOrder(long seed, int items) {
    this.seed = seed;
    this.items = items;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Epoch(long number, int[] order) {}

  /**
   * The orders of a seed.
   *
   * @param items number of items, at least 1
   */
  public static SeededOrder of(long seed, int items) {
    Checks.atLeast("items", items, 1);
    return new SeededOrder(seed, items);
  }

  /** Number of items in an epoch. */
  public int items() {
    return items;
  }

  /**
   * The item at a position of the run.
   *
   * @param position 0 for the first item of the first epoch, {@code items} for the first item of the second
   * @return 0 to items − 1
   */
  public int item(long position) {
    Checks.atLeast("position", position, 0);
    return order(position / items)[(int) (position % items)];
  }

  /**
   * The order of all items in an epoch, as a new array.
   *
   * @param epoch its number, from 0
   */
  public int[] epoch(long epoch) {
    Checks.atLeast("epoch", epoch, 0);
    return order(epoch).clone();
  }

  private int[] order(long epoch) {
    Epoch found = last;
    if (found == null || found.number != epoch) {
      found = new Epoch(epoch, shuffled(mixed(mixed(seed) + (epoch + 1) * GOLDEN)));
      last = found;
    }
    return found.order;
  }

  private int[] shuffled(long start) {
    int[] order = new int[items];
    long state = start;
    for (int i = 0; i < items; i++) {
      state += GOLDEN;
      // A number below i + 1; its bias is below 2⁻³³.
      int at = (int) Math.unsignedMultiplyHigh(mixed(state), i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    return order;
  }

  private static long mixed(long z) {
    long once = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long twice = (once ^ (once >>> 27)) * 0x94D049BB133111EBL;
    return twice ^ (twice >>> 31);
  }
}
