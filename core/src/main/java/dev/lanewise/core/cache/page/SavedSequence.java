package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.cache.StoredRows;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link CacheFile} says of a sequence before its rows: 11 ints and the key channels, if there are any.
 *
 * <pre>
 * format (0 F32, 1 F16, 2 BF16, 3 INT8), heads, headDim, valueDim,
 * rows, first dropped row, one past the last, rows of a page, rows of the window (2³¹ − 1: none), sinks,
 * number of key channels (0, or heads · headDim), key channels as floats
 * </pre>
 *
 * @param rows rows of the sequence, including those that were dropped
 * @param pageRows rows of a page, and thus of the steps in which rows are dropped
 */
record SavedSequence(RowForm form, int rows, int droppedFrom, int droppedTo, int pageRows, Window window) {
  private static final int INTS = 11;

  /** The sequence of a table. */
  static SavedSequence of(PageTable table) {
    return new SavedSequence(table.pages.rowForm(), table.rows(), table.droppedFrom(), table.droppedTo(), table.pageRows, table.window());
  }

  /** Number of bytes of {@link #write}. */
  int bytes() {
    float[] channels = form.keyChannels();
    return INTS * Integer.BYTES + (channels == null ? 0 : channels.length * Float.BYTES);
  }

  /** Number of bytes of the stored rows. */
  long rowBytes() {
    return (rows - (droppedTo - droppedFrom)) * StoredRows.bytes(form.layout());
  }

  void write(ByteBuffer target) {
    KeyValueLayout layout = form.layout();
    target.putInt(code(layout.format())).putInt(layout.heads()).putInt(layout.keyWidth()).putInt(layout.valueWidth());
    target.putInt(rows).putInt(droppedFrom).putInt(droppedTo).putInt(pageRows).putInt(window.rows()).putInt(window.sinks());
    float[] channels = form.keyChannels();
    target.putInt(channels == null ? 0 : channels.length);
    for (int i = 0; channels != null && i < channels.length; i++) {
      target.putFloat(channels[i]);
    }
  }

  private static int code(KeyValueFormat format) {
    return switch (format) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
      case INT8 -> 3;
    };
  }

  /**
   * Reads what {@link #write} has written.
   *
   * @throws IllegalArgumentException if a number makes no sense
   * @throws java.nio.BufferUnderflowException if the buffer ends too early
   */
  static SavedSequence read(ByteBuffer source) {
    KeyValueLayout layout = new KeyValueLayout(format(source.getInt()), source.getInt(), source.getInt(), source.getInt());
    int rows = source.getInt();
    int droppedFrom = source.getInt();
    int droppedTo = source.getInt();
    int pageRows = source.getInt();
    Window window = new Window(source.getInt(), source.getInt());
    RowForm form = new RowForm(layout, channels(layout, source));
    SavedSequence saved = new SavedSequence(form, rows, droppedFrom, droppedTo, pageRows, window);
    saved.check();
    return saved;
  }

  private static KeyValueFormat format(int code) {
    for (KeyValueFormat format : KeyValueFormat.values()) {
      if (code(format) == code) {
        return format;
      }
    }
    throw new IllegalArgumentException("format is " + code + ", must be in 0..3");
  }

  private static float @Nullable [] channels(KeyValueLayout layout, ByteBuffer source) {
    int count = source.getInt();
    if (count == 0) {
      return null;
    }
    Checks.same("the number of key channels", count, "heads * headDim", (long) layout.heads() * layout.keyWidth());
    Checks.atMost("bytes of key channels", (long) count * Float.BYTES, "the rest of the header", source.remaining());
    float[] channels = new float[count];
    for (int i = 0; i < count; i++) {
      channels[i] = source.getFloat();
    }
    KeyValueMemory.checkChannels(layout, channels);
    return channels;
  }

  private void check() {
    Checks.atLeast("rows", rows, 0);
    Checks.atLeast("pageRows", pageRows, KeyValueLayout.BLOCK_ROWS);
    Checks.multiple("pageRows", pageRows, "the rows of a block", KeyValueLayout.BLOCK_ROWS);
    boolean none = droppedFrom == 0 && droppedTo == 0;
    boolean pages = (long) droppedFrom == (long) window.sinkPages(pageRows) * pageRows && droppedTo % pageRows == 0;
    if (!none && !(pages && droppedFrom < droppedTo && droppedTo <= window.firstSeen(rows - 1))) {
      throw new IllegalArgumentException(
          "dropped rows are "
              + droppedFrom
              + " to "
              + droppedTo
              + ", which a window of "
              + window.rows()
              + " rows with "
              + window.sinks()
              + " sinks does not drop from "
              + rows
              + " rows");
    }
  }

  /** Checks that a table has no rows, and can hold these. */
  void checkFits(PageTable table) {
    if (table.rows() != 0) {
      throw new IllegalStateException("rows is " + table.rows() + ", must be 0: a file is loaded into an empty cache");
    }
    table.pages.rowForm().check("the file", form);
    if (droppedTo > droppedFrom && (!window.equals(table.window()) || pageRows != table.pageRows)) {
      String file = "the file lacks dropped rows of a " + described(window, pageRows);
      throw new IllegalArgumentException(file + ", but the cache has a " + described(table.window(), table.pageRows));
    }
  }

  private static String described(Window window, int pageRows) {
    String rows = window == Window.NONE ? "window of all rows" : "window of " + window.rows() + " rows with " + window.sinks() + " sinks";
    return rows + " and pages of " + pageRows + " rows";
  }
}
