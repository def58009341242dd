package dev.lanewise.kernels.simd.stored;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.simd.lanes.Operand;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The innermost loops over cached rows: one vector of each of four blocks at a time, for up to four rows r. Memory is fastest with a few
 * parallel streams, each read without a gap.
 *
 * <pre>
 * scores    c[r][v] += Σ<sub>k</sub> a[r][k] · b[k][v]       v: block, its keys in the lanes; k: element of a key
 * blend     c[r]    += Σ<sub>k,v</sub> a[r][v][k] · b[k][v]    v: block, columns of its values in the lanes; k: its rows
 * </pre>
 *
 * <ul>
 *   <li>a: row r starts at {@code offset + r * stride}; the elements of the next block follow {@link KeyValueLayout#BLOCK_ROWS} later;
 *   <li>b: elements are widened when they are read, see {@link BlockOperand};
 *   <li>c: row r starts at {@code offset + r * stride}; the scores of the next block follow {@link KeyValueLayout#BLOCK_ROWS} later.
 * </ul>
 *
 * Half-precision elements are read as 2<sup>−112</sup> of their value, see {@link #HALF_EXPONENT}.
 */
public interface WideningKernel {
  /**
   * The exponent of the factor that half-precision elements lack. Their bits are shifted into those of a float, which leaves the exponent
   * too small by the difference of the biases. This is exact for all finite elements, denormals included. The caller multiplies by 2 to the
   * power of this constant where the multiplication costs nothing.
   */
  int HALF_EXPONENT = 112;

  /** Computes scores of one row; {@code depth} is the width of a key. */
  void scores1(Operand a, BlockOperand b, Operand c, int depth);

  /** Computes scores of four rows; rows past {@code rows} repeat the last row. */
  void scores4(Operand a, BlockOperand b, Operand c, int depth, int rows);

  /** Adds the weighted values of all four blocks to one row. */
  void blend1(Operand a, BlockOperand b, Operand c);

  /** Adds the weighted values of all four blocks to four rows; rows past {@code rows} repeat the last row. */
  void blend4(Operand a, BlockOperand b, Operand c, int rows);

  /** Widens {@code count} elements, a multiple of 16, from {@code index} on, to their full value. */
  void widen(Object data, long index, int count, float[] target, int to);

  /** The loops for a format in an array or outside of the heap. */
  static WideningKernel of(KeyValueFormat format, boolean isNative) {
    return Objects.requireNonNull((isNative ? Loaded.NATIVE : Loaded.HEAP).get(format));
  }

  /** The storage for which a copy of {@link WideningLoops} is compiled. */
  record Storage(KeyValueFormat format, boolean isNative) {}

  /**
   * Eight copies of one class, one for each storage, each with its storage as a constant. With shared code C2 would see several kinds of
   * memory behind one load and allocate an object for every vector: 2 instead of 30 GB/s.
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
