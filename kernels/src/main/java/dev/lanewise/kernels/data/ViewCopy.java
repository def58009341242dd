package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.StoredBits;
import java.util.Arrays;
import java.util.Objects;

/** Copies between views, and between a view and dense numbers of 16 bits. */
final class ViewCopy {
  private ViewCopy() {}

  static void copy(Heads source, Heads target) {
    Checks.same("target.batch", target.batch(), "batch", source.batch());
    Checks.same("target.heads", target.heads(), "heads", source.heads());
    Checks.same("target.rows", target.rows(), "rows", source.rows());
    Checks.same("target.width", target.width(), "width", source.width());
    target.checkWritable("target");
    if (source.data() == target.data() && source.offset() < target.end() && target.offset() < source.end()) {
      float[] before = Arrays.copyOfRange(source.data(), source.offset(), source.end());
      copyRows(before, -source.offset(), source, target);
    } else {
      copyRows(source.data(), 0, source, target);
    }
  }

  /** Copies rows; element i of the source is {@code from[i + shift]}. */
  private static void copyRows(float[] from, int shift, Heads source, Heads target) {
    for (int row = 0; row < rows(source); row++) {
      int at = start(source, row) + shift;
      int to = start(target, row);
      if (source.columnStride() == 1 && target.columnStride() == 1) {
        System.arraycopy(from, at, target.data(), to, source.width());
      } else {
        for (int c = 0; c < source.width(); c++) {
          target.data()[to + c * target.columnStride()] = from[at + c * source.columnStride()];
        }
      }
    }
  }

  static void round(Heads source, KeyValueFormat format, short[] target, int from) {
    boolean half = check(source, format, "target", target, from);
    float[] row = new float[source.width()];
    for (int i = 0; i < rows(source); i++) {
      source.copyRow(start(source, i), 0, row, 0);
      StoredBits.round(half, row, target, from + i * row.length);
    }
  }

  static void widen(KeyValueFormat format, short[] source, int from, Heads target) {
    boolean half = check(target, format, "source", source, from);
    target.checkWritable("target");
    float[] row = new float[target.width()];
    for (int i = 0; i < rows(target); i++) {
      StoredBits.widen(half, source, from + i * row.length, row, 0, row.length);
      int to = start(target, i);
      for (int c = 0; c < row.length; c++) {
        target.data()[to + c * target.columnStride()] = row[c];
      }
    }
  }

  /** Checks the arguments of a conversion; returns whether the format is {@link KeyValueFormat#F16}. */
  private static boolean check(Heads view, KeyValueFormat format, String name, short[] bits, int from) {
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(bits, name);
    Checks.atLeast("from", from, 0);
    Checks.fits(name, bits.length, from + (long) view.size());
    return switch (format) {
      case F16 -> true;
      case BF16 -> false;
      case F32, INT8 -> throw new IllegalArgumentException("format is " + format + ", must be F16 or BF16");
    };
  }

  private static int rows(Heads view) {
    return view.isEmpty() ? 0 : view.size() / view.width();
  }

  /** Index of the first element of a row, where the rows of all heads of all batch entries are counted in order. */
  private static int start(Heads view, int row) {
    int head = row / view.rows();
    return view.index(head / view.heads(), head % view.heads(), row % view.rows());
  }
}
