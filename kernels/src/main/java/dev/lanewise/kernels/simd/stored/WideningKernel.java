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
 * The innermost loops over cached rows, a vector from each of four blocks at a time and up to four rows r. Memory is fastest as a few
 * streams side by side, each read without a gap.
 *
 * <pre>
 * scores    c[r][v] += Σ<sub>k</sub> a[r][k] · b[k][v]       v a block, its keys in the lanes, k to the width of a key
 * blend     c[r]    += Σ<sub>k,v</sub> a[r][v][k] · b[k][v]    v a block, columns of its values in the lanes, k its rows
 * </pre>
 *
 * <ul>
 *   <li>a: row r starts at {@code offset + r * stride}, what belongs to the next block is {@link KeyValueLayout#BLOCK_ROWS} further on;
 *   <li>b: widened as it is read, see {@link BlockOperand};
 *   <li>c: row r starts at {@code offset + r * stride}, the next block's scores are {@link KeyValueLayout#BLOCK_ROWS} further on.
 * </ul>
 *
 * What is read of halves is 2<sup>−112</sup> of their value, see {@link #HALF_EXPONENT}.
 */
public interface WideningKernel {
  /**
   * Halves become floats by moving their bits, which leaves the exponent smaller by the difference of the biases: exact for all that are
   * finite, denormal ones included. Who calls multiplies with 2 to the power of this, best where it costs nothing.
   */
  int HALF_EXPONENT = 112;

  /** Scores of one row, {@code depth} the width of a key. */
  void scores1(Operand a, BlockOperand b, Operand c, int depth);

  /** Scores of four rows; those past {@code rows} repeat the last. */
  void scores4(Operand a, BlockOperand b, Operand c, int depth, int rows);

  /** Blends the values of all four blocks into one row. */
  void blend1(Operand a, BlockOperand b, Operand c);

  /** The same into four rows; those past {@code rows} repeat the last. */
  void blend4(Operand a, BlockOperand b, Operand c, int rows);

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
