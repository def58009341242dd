package dev.lanewise.core.weights;

import dev.lanewise.core.weights.Safetensors.Dtype;
import dev.lanewise.kernels.runtime.StoredBits;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

/**
 * Converts between floats and their stored formats, little-endian. Reading is exact except for {@link Dtype#F64}, which is rounded. Writing
 * rounds to nearest, ties to even; a NaN stays a NaN.
 */
final class FloatFormats {
  static final Set<Dtype> READABLE = EnumSet.of(Dtype.F16, Dtype.BF16, Dtype.F32, Dtype.F64);
  static final Set<Dtype> WRITABLE = EnumSet.of(Dtype.F16, Dtype.BF16, Dtype.F32);

  /** The integers that are read and written as they are. */
  static final Set<Dtype> BYTES = EnumSet.of(Dtype.U8, Dtype.I8);

  /** Number of elements that are converted at a time. They are converted in an array, so no conversion reads mapped memory directly. */
  private static final int CHUNK = 4096;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatFormats() {}

  /** Converts all elements of {@code stored}, of a readable dtype, into {@code target} from {@code offset} on. */
  static void read(Dtype dtype, MemorySegment stored, float[] target, int offset) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(stored, FLOAT, 0, target, offset, (int) (stored.byteSize() / Float.BYTES));
      case F64 -> readDoubles(stored, target, offset);
      case F16, BF16 -> readHalves(dtype == Dtype.F16, stored, target, offset);
      case BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, I16, U16, I32, U32, C64, I64, U64 ->
          throw new AssertionError(dtype);
    }
  }

  private static void readHalves(boolean ieee, MemorySegment stored, float[] target, int offset) {
    int length = (int) (stored.byteSize() / Short.BYTES);
    short[] chunk = new short[Math.min(length, CHUNK)];
    int count;
    for (int done = 0; done < length; done += count) {
      count = Math.min(chunk.length, length - done);
      MemorySegment.copy(stored, SHORT, (long) done * Short.BYTES, chunk, 0, count);
      StoredBits.widen(ieee, chunk, 0, target, offset + done, count);
    }
  }

  private static void readDoubles(MemorySegment stored, float[] target, int offset) {
    int length = (int) (stored.byteSize() / Double.BYTES);
    double[] chunk = new double[Math.min(length, CHUNK)];
    int count;
    for (int done = 0; done < length; done += count) {
      count = Math.min(chunk.length, length - done);
      MemorySegment.copy(stored, DOUBLE, (long) done * Double.BYTES, chunk, 0, count);
      for (int i = 0; i < count; i++) {
        target[offset + done + i] = (float) chunk[i];
      }
    }
  }

  /** Writes elements {@code from} to {@code to}, excluded, to a little-endian buffer, in a writable dtype. */
  static void write(Dtype dtype, float[] source, int from, int to, ByteBuffer target) {
    for (int i = from; i < to; i++) {
      if (dtype == Dtype.F32) {
        target.putInt(Float.floatToRawIntBits(source[i]));
      } else {
        target.putShort(dtype == Dtype.F16 ? Float.floatToFloat16(source[i]) : StoredBits.toBfloat16(source[i]));
      }
    }
  }
}
