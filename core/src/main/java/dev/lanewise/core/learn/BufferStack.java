package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;

/** A stack of values, of which some are buffers. The buffer at a depth is used again at the next push at this depth. */
final class BufferStack {
  private final List<float[]> buffers = new ArrayList<>();
  private final List<Object> values = new ArrayList<>();

  int size() {
    return values.size();
  }

  SequenceBatch push(int batch, int rows, int width) {
    int size = Checks.product("batch", batch, "rows * width", Checks.product("rows", rows, "width", width));
    SequenceBatch view = SequenceBatch.of(buffer(size), batch, rows, width);
    values.add(view);
    return view;
  }

  float[] push(int size) {
    float[] buffer = buffer(size);
    values.add(buffer);
    return buffer;
  }

  void push(Object value) {
    values.add(value);
  }

  private float[] buffer(int size) {
    int depth = values.size();
    while (buffers.size() <= depth) {
      buffers.add(new float[0]);
    }
    if (buffers.get(depth).length < size) {
      buffers.set(depth, new float[size]);
    }
    return buffers.get(depth);
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
    values.removeLast();
    return type.cast(last);
  }

  void release(int size) {
    while (values.size() > size) {
      values.removeLast();
    }
  }
}
