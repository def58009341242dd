package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A stack of values, of which some are buffers. A buffer that has left the stack is used again by a later one of about its size. */
final class BufferStack {
  private static final float[] NO_BUFFER = new float[0];

  /** Part of a power of two that sizes are rounded up to a multiple of, so that batches of similar sizes share buffers. */
  private static final int SIZES = 8;

  private final List<Object> values = new ArrayList<>();

  /** The buffer of each value, or {@link #NO_BUFFER}. */
  private final List<float[]> buffers = new ArrayList<>();

  private final TreeMap<Integer, Free> free = new TreeMap<>();

  /** Buffers of one size that are not in use. */
  private static final class Free {
    private final ArrayDeque<float[]> buffers = new ArrayDeque<>();

    /** The least number of them since the last {@link BufferStack#clear}. */
    private int least;
  }

  int size() {
    return values.size();
  }

  SequenceBatch push(int batch, int rows, int width) {
    int size = Checks.product("batch", batch, "rows * width", Checks.product("rows", rows, "width", width));
    float[] buffer = buffer(size);
    SequenceBatch view = SequenceBatch.of(buffer, batch, rows, width);
    push(view, buffer);
    return view;
  }

  float[] push(int size) {
    float[] buffer = buffer(size);
    push(buffer, buffer);
    return buffer;
  }

  void push(Object value) {
    push(value, NO_BUFFER);
  }

  private void push(Object value, float[] buffer) {
    values.add(value);
    buffers.add(buffer);
  }

  private float[] buffer(int size) {
    int rounded = rounded(size);
    Free ofSize = free.computeIfAbsent(rounded, _ -> new Free());
    float[] buffer = ofSize.buffers.pollLast();
    ofSize.least = Math.min(ofSize.least, ofSize.buffers.size());
    return buffer == null ? new float[rounded] : buffer;
  }

  private static int rounded(int size) {
    int multiple = Math.max(1, Integer.highestOneBit(size) / SIZES);
    return (int) Math.min(Integer.MAX_VALUE - 8, Math.ceilDiv(size, multiple) * (long) multiple);
  }

  /** The wanted value of this type that is nearest to the top, or null. */
  <T> @Nullable T last(Class<T> type, Predicate<T> wanted) {
    for (Object value : values.reversed()) {
      if (type.isInstance(value) && wanted.test(type.cast(value))) {
        return type.cast(value);
      }
    }
    return null;
  }

  <T> T pop(Class<T> type) {
    if (values.isEmpty()) {
      throw new IllegalStateException(
          "the trace is empty, but a backward pass takes a " + type.getSimpleName() + ": a backward pass follows its forward pass");
    }
    Object last = values.getLast();
    if (!type.isInstance(last)) {
      throw new IllegalStateException(
          "a backward pass takes a "
              + type.getSimpleName()
              + ", but the trace ends with a "
              + last.getClass().getSimpleName()
              + " of another layer: backward passes run in the reverse order of the forward passes");
    }
    removeLast();
    return type.cast(last);
  }

  private void removeLast() {
    values.removeLast();
    float[] buffer = buffers.removeLast();
    if (buffer.length > 0) {
      free.computeIfAbsent(buffer.length, _ -> new Free()).buffers.addLast(buffer);
    }
  }

  /** Removes all but the first values. */
  void release(int size) {
    while (values.size() > size) {
      removeLast();
    }
  }

  /** Removes all values, and half of the buffers that nobody has used since the last time. */
  void clear() {
    release(0);
    for (Free ofSize : free.values()) {
      for (int i = 0; i < Math.ceilDiv(ofSize.least, 2); i++) {
        ofSize.buffers.pollFirst();
      }
      ofSize.least = ofSize.buffers.size();
    }
  }
}
