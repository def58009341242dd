package dev.lanewise.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The innermost loops over cached rows: c[r][v] += Σ<sub>k</sub> a[r][k] · widened(b[k][v]), for up to four rows r and four vectors v, over
 * all segments of b one after the other. A step of a segment takes the next element of each row of a.
 *
 * <ul>
 *   <li>a: row r starts at {@code offset + r * stride};
 *   <li>b: see {@link StoredRows};
 *   <li>c: row r starts at {@code offset + r * stride}, its four vectors lie side by side.
 * </ul>
 *
 * What is read of halves is 2<sup>−112</sup> of their value, see {@link #HALF_EXPONENT}.
 */
interface WideningKernel {
  /**
   * Halves become floats by moving their bits, which leaves the exponent smaller by the difference of the biases: exact for all that are
   * finite, denormal ones included. Who calls multiplies with 2 to the power of this, best where it costs nothing.
   */
  int HALF_EXPONENT = 112;

  /** One row. */
  void multiply1(Strip a, StoredRows b, Strip c, int depth);

  /** Two rows, of which the second may repeat the first. */
  void multiply2(Strip a, StoredRows b, Strip c, int depth, int rows);

  /** Four rows; those past {@code rows} repeat the last. */
  void multiply4(Strip a, StoredRows b, Strip c, int depth, int rows);

  /** Widens {@code count} elements, a multiple of 16, from {@code index} on, with all of their value. */
  void widen(Object data, long index, int count, float[] target, int to);

  /** The loops for a format, in an array or outside of the heap. */
  static WideningKernel of(KeyValueFormat format, boolean isNative) {
    return Objects.requireNonNull((isNative ? Loaded.NATIVE : Loaded.HEAP).get(format));
  }

  /** What {@link WideningLoops} are compiled for. */
  record Storage(KeyValueFormat format, boolean isNative) {}

  /**
   * Eight copies of one class, as many as there are storages, each with its storage as a constant. Sharing the code instead would let C2
   * see several kinds of memory behind one load, and it would make an object of every vector: runs of 2 instead of 30 GB/s.
   */
  final class Loaded {
    private static final Map<KeyValueFormat, WideningKernel> HEAP = load(false);
    private static final Map<KeyValueFormat, WideningKernel> NATIVE = load(true);

    private Loaded() {}

    private static Map<KeyValueFormat, WideningKernel> load(boolean isNative) {
      Map<KeyValueFormat, WideningKernel> kernels = new EnumMap<>(KeyValueFormat.class);
      try (InputStream source = WideningKernel.class.getResourceAsStream("WideningLoops.class")) {
        if (source == null) {
          throw new IllegalStateException("WideningLoops.class is missing from the jar");
        }
        byte[] bytes = source.readAllBytes();
        for (KeyValueFormat format : KeyValueFormat.values()) {
          MethodHandles.Lookup loaded = MethodHandles.lookup().defineHiddenClassWithClassData(bytes, new Storage(format, isNative), true);
          kernels.put(format, (WideningKernel) loaded.lookupClass().getDeclaredConstructor().newInstance());
        }
      } catch (IOException | ReflectiveOperationException e) {
        throw new IllegalStateException("WideningLoops.class cannot be loaded", e);
      }
      return kernels;
    }
  }
}
