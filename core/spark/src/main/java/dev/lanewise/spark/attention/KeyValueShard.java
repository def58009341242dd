package dev.lanewise.spark.attention;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.io.Serializable;
import java.util.Objects;

/**
 * Keys and values of consecutive positions of a context: one part of what {@link ShardedAttention} attends to. Immutable, serialisable.
 *
 * <pre>{@code
 * KeyValueShard shard = KeyValueShard.of(4096, key, value); // positions 4096 to 4096 + key.rows() - 1
 * }</pre>
 */
public final class KeyValueShard implements Serializable {
  private static final long serialVersionUID = 1;

  private final int first;
  private final int batch;
  private final int heads;
  private final int rows;
  private final int headDim;
  private final int valueDim;
  private final float[] key;
  private final float[] value;

  private KeyValueShard(int first, Heads key, Heads value) {
    this.first = first;
    this.batch = key.batch();
    this.heads = key.heads();
    this.rows = key.rows();
    this.headDim = key.width();
    this.valueDim = value.width();
    this.key = dense(key);
    this.value = dense(value);
  }

  /**
   * A shard. A view that covers a dense array is kept, another is copied; nobody may change the arrays afterwards.
   *
   * @param first position of the first key
   * @param key batch × keyValueHeads × keys × headDim; may have no keys
   * @param value batch × keyValueHeads × keys × valueDim
   * @throws IllegalArgumentException if the shapes differ, {@code first} is negative, or a position is above 2<sup>31</sup> − 1
   */
  public static KeyValueShard of(int first, Heads key, Heads value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    Checks.atLeast("first", first, 0);
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
    Checks.atMost("first + key.rows", (long) first + key.rows(), "the largest number of keys", Integer.MAX_VALUE);
    return new KeyValueShard(first, key, value);
  }

  private static float[] dense(Heads view) {
    long size = (long) view.batch() * view.heads() * view.rows() * view.width();
    if (view.data().length == size && view.equals(Heads.of(view.data(), view.batch(), view.heads(), view.rows(), view.width()))) {
      return view.data();
    }
    Heads copy = Heads.zeros(view.batch(), view.heads(), view.rows(), view.width());
    view.copyTo(copy);
    return copy.data();
  }

  /** The position of the first key. */
  public int first() {
    return first;
  }

  /** One past the position of the last key. */
  public int end() {
    return first + rows;
  }

  /** The keys: batch × keyValueHeads × keys × headDim, not to be changed. */
  public Heads key() {
    return Heads.of(key, batch, heads, rows, headDim);
  }

  /** The values: batch × keyValueHeads × keys × valueDim, not to be changed. */
  public Heads value() {
    return Heads.of(value, batch, heads, rows, valueDim);
  }

  @Override
  public String toString() {
    return "KeyValueShard[positions "
        + first
        + " to "
        + end()
        + ", "
        + batch
        + " × "
        + heads
        + " heads of "
        + headDim
        + ", "
        + valueDim
        + "]";
  }
}
