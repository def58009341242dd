package dev.lanewise.kernels.simd.stored;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.product.MicroKernel;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link WideningKernel} for the storage of this copy of the class. Accumulators are named local variables, for the reasons given in {@link
 * MicroKernel}. A vector of 512 bits holds the keys of a whole block, a narrower one a part of them.
 */
final class WideningLoops implements WideningKernel {
  private static final WideningKernel.Storage STORAGE = storage();
  private static final KeyValueFormat FORMAT = STORAGE.format();
  private static final boolean NATIVE = STORAGE.isNative();
  private static final int SIZE = FORMAT.bytes();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(LANES * Short.SIZE));

  /** The smallest vector has 64 bits. With four lanes, the second half of its bytes is read and dropped. */
  private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, LANES * Byte.SIZE)));

  /** Sign, exponent and fraction of a half-precision number that has been shifted by 13 bits. */
  private static final int HALF_BITS = 0x8fffe000;

  private static WideningKernel.Storage storage() {
    try {
      WideningKernel.Storage given = MethodHandles.classData(MethodHandles.lookup(), "_", WideningKernel.Storage.class);
      return given == null ? new WideningKernel.Storage(KeyValueFormat.F32, false) : given;
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Loads the vector of elements {@code step} behind {@code at} as floats. The method is small enough to be inlined below; one of its
   * branches remains. An index into an array is a sum of ints, because C2 moves range checks of longs out of no loop.
   */
  private static FloatVector load(Object data, long at, int step) {
    if (FORMAT == KeyValueFormat.F32) {
      return NATIVE
          ? FloatVector.fromMemorySegment(SPECIES, (MemorySegment) data, (at + step) * SIZE, ORDER)
          : FloatVector.fromArray(SPECIES, (float[]) data, (int) at + step);
    }
    if (FORMAT == KeyValueFormat.INT8) {
      ByteVector bytes =
          NATIVE
              ? ByteVector.fromMemorySegment(BYTES, (MemorySegment) data, at + step, ORDER)
              : ByteVector.fromArray(BYTES, (byte[]) data, (int) at + step);
      return (FloatVector) bytes.convertShape(VectorOperators.B2F, SPECIES, 0);
    }
    ShortVector stored =
        NATIVE
            ? ShortVector.fromMemorySegment(SHORTS, (MemorySegment) data, (at + step) * SIZE, ORDER)
            : ShortVector.fromArray(SHORTS, (short[]) data, (int) at + step);
    IntVector bits = (IntVector) stored.convertShape(VectorOperators.S2I, INTS, 0);
    return FORMAT == KeyValueFormat.BF16
        ? bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats()
        : bits.lanewise(VectorOperators.LSHL, 13).and(HALF_BITS).reinterpretAsFloats();
  }

  @Override
  public void scores1(Operand a, BlockOperand b, Operand c, int depth) {
    float[] aData = a.data;
    float[] cData = c.data;
    int a0 = a.offset;
    int c0 = c.offset;
    FloatVector c00 = FloatVector.fromArray(SPECIES, cData, c0);
    FloatVector c01 = FloatVector.fromArray(SPECIES, cData, c0 + BLOCK);
    FloatVector c02 = FloatVector.fromArray(SPECIES, cData, c0 + 2 * BLOCK);
    FloatVector c03 = FloatVector.fromArray(SPECIES, cData, c0 + 3 * BLOCK);
    Object b0Data = b.data[0];
    Object b1Data = b.data[1];
    Object b2Data = b.data[2];
    Object b3Data = b.data[3];
    long b0 = b.at[0] + b.shift;
    long b1 = b.at[1] + b.shift;
    long b2 = b.at[2] + b.shift;
    long b3 = b.at[3] + b.shift;
    for (int k = 0; k < depth; k++) {
      int to = k * BLOCK;
      FloatVector x0 = load(b0Data, b0, to);
      FloatVector x1 = load(b1Data, b1, to);
      FloatVector x2 = load(b2Data, b2, to);
      FloatVector x3 = load(b3Data, b3, to);
      FloatVector a0k = FloatVector.broadcast(SPECIES, aData[a0 + k]);
      c00 = a0k.fma(x0, c00);
      c01 = a0k.fma(x1, c01);
      c02 = a0k.fma(x2, c02);
      c03 = a0k.fma(x3, c03);
    }
    c00.intoArray(cData, c0);
    c01.intoArray(cData, c0 + BLOCK);
    c02.intoArray(cData, c0 + 2 * BLOCK);
    c03.intoArray(cData, c0 + 3 * BLOCK);
  }

  @Override
  public void scores4(Operand a, BlockOperand b, Operand c, int depth, int rows) {
    float[] aData = a.data;
    float[] cData = c.data;
    int a0 = a.offset;
    int c0 = c.offset;
    int a1 = a.offset + Math.min(1, rows - 1) * a.stride;
    int c1 = c.offset + Math.min(1, rows - 1) * c.stride;
    int a2 = a.offset + Math.min(2, rows - 1) * a.stride;
    int c2 = c.offset + Math.min(2, rows - 1) * c.stride;
    int a3 = a.offset + Math.min(3, rows - 1) * a.stride;
    int c3 = c.offset + Math.min(3, rows - 1) * c.stride;
    FloatVector c00 = FloatVector.fromArray(SPECIES, cData, c0);
    FloatVector c01 = FloatVector.fromArray(SPECIES, cData, c0 + BLOCK);
    FloatVector c02 = FloatVector.fromArray(SPECIES, cData, c0 + 2 * BLOCK);
    FloatVector c03 = FloatVector.fromArray(SPECIES, cData, c0 + 3 * BLOCK);
    FloatVector c10 = FloatVector.fromArray(SPECIES, cData, c1);
    FloatVector c11 = FloatVector.fromArray(SPECIES, cData, c1 + BLOCK);
    FloatVector c12 = FloatVector.fromArray(SPECIES, cData, c1 + 2 * BLOCK);
    FloatVector c13 = FloatVector.fromArray(SPECIES, cData, c1 + 3 * BLOCK);
    FloatVector c20 = FloatVector.fromArray(SPECIES, cData, c2);
    FloatVector c21 = FloatVector.fromArray(SPECIES, cData, c2 + BLOCK);
    FloatVector c22 = FloatVector.fromArray(SPECIES, cData, c2 + 2 * BLOCK);
    FloatVector c23 = FloatVector.fromArray(SPECIES, cData, c2 + 3 * BLOCK);
    FloatVector c30 = FloatVector.fromArray(SPECIES, cData, c3);
    FloatVector c31 = FloatVector.fromArray(SPECIES, cData, c3 + BLOCK);
    FloatVector c32 = FloatVector.fromArray(SPECIES, cData, c3 + 2 * BLOCK);
    FloatVector c33 = FloatVector.fromArray(SPECIES, cData, c3 + 3 * BLOCK);
    Object b0Data = b.data[0];
    Object b1Data = b.data[1];
    Object b2Data = b.data[2];
    Object b3Data = b.data[3];
    long b0 = b.at[0] + b.shift;
    long b1 = b.at[1] + b.shift;
    long b2 = b.at[2] + b.shift;
    long b3 = b.at[3] + b.shift;
    for (int k = 0; k < depth; k++) {
      int to = k * BLOCK;
      FloatVector x0 = load(b0Data, b0, to);
      FloatVector x1 = load(b1Data, b1, to);
      FloatVector x2 = load(b2Data, b2, to);
      FloatVector x3 = load(b3Data, b3, to);
      FloatVector a0k = FloatVector.broadcast(SPECIES, aData[a0 + k]);
      c00 = a0k.fma(x0, c00);
      c01 = a0k.fma(x1, c01);
      c02 = a0k.fma(x2, c02);
      c03 = a0k.fma(x3, c03);
      FloatVector a1k = FloatVector.broadcast(SPECIES, aData[a1 + k]);
      c10 = a1k.fma(x0, c10);
      c11 = a1k.fma(x1, c11);
      c12 = a1k.fma(x2, c12);
      c13 = a1k.fma(x3, c13);
      FloatVector a2k = FloatVector.broadcast(SPECIES, aData[a2 + k]);
      c20 = a2k.fma(x0, c20);
      c21 = a2k.fma(x1, c21);
      c22 = a2k.fma(x2, c22);
      c23 = a2k.fma(x3, c23);
      FloatVector a3k = FloatVector.broadcast(SPECIES, aData[a3 + k]);
      c30 = a3k.fma(x0, c30);
      c31 = a3k.fma(x1, c31);
      c32 = a3k.fma(x2, c32);
      c33 = a3k.fma(x3, c33);
    }
    c00.intoArray(cData, c0);
    c01.intoArray(cData, c0 + BLOCK);
    c02.intoArray(cData, c0 + 2 * BLOCK);
    c03.intoArray(cData, c0 + 3 * BLOCK);
    c10.intoArray(cData, c1);
    c11.intoArray(cData, c1 + BLOCK);
    c12.intoArray(cData, c1 + 2 * BLOCK);
    c13.intoArray(cData, c1 + 3 * BLOCK);
    c20.intoArray(cData, c2);
    c21.intoArray(cData, c2 + BLOCK);
    c22.intoArray(cData, c2 + 2 * BLOCK);
    c23.intoArray(cData, c2 + 3 * BLOCK);
    c30.intoArray(cData, c3);
    c31.intoArray(cData, c3 + BLOCK);
    c32.intoArray(cData, c3 + 2 * BLOCK);
    c33.intoArray(cData, c3 + 3 * BLOCK);
  }

  @Override
  public void blend1(Operand a, BlockOperand b, Operand c) {
    float[] aData = a.data;
    float[] cData = c.data;
    int a0 = a.offset;
    Object b0Data = b.data[0];
    Object b1Data = b.data[1];
    Object b2Data = b.data[2];
    Object b3Data = b.data[3];
    long b0 = b.at[0] + b.shift;
    long b1 = b.at[1] + b.shift;
    long b2 = b.at[2] + b.shift;
    long b3 = b.at[3] + b.shift;
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c02 = FloatVector.zero(SPECIES);
    FloatVector c03 = FloatVector.zero(SPECIES);
    for (int k = 0; k < BLOCK; k++) {
      int to = k * BLOCK;
      FloatVector x0 = load(b0Data, b0, to);
      FloatVector x1 = load(b1Data, b1, to);
      FloatVector x2 = load(b2Data, b2, to);
      FloatVector x3 = load(b3Data, b3, to);
      c00 = FloatVector.broadcast(SPECIES, aData[a0 + k]).fma(x0, c00);
      c01 = FloatVector.broadcast(SPECIES, aData[a0 + BLOCK + k]).fma(x1, c01);
      c02 = FloatVector.broadcast(SPECIES, aData[a0 + 2 * BLOCK + k]).fma(x2, c02);
      c03 = FloatVector.broadcast(SPECIES, aData[a0 + 3 * BLOCK + k]).fma(x3, c03);
    }
    c00.add(c01).add(c02).add(c03).add(FloatVector.fromArray(SPECIES, cData, c.offset)).intoArray(cData, c.offset);
  }

  @Override
  public void blend4(Operand a, BlockOperand b, Operand c, int rows) {
    float[] aData = a.data;
    float[] cData = c.data;
    int a0 = a.offset;
    int a1 = a.offset + Math.min(1, rows - 1) * a.stride;
    int a2 = a.offset + Math.min(2, rows - 1) * a.stride;
    int a3 = a.offset + Math.min(3, rows - 1) * a.stride;
    Object b0Data = b.data[0];
    Object b1Data = b.data[1];
    Object b2Data = b.data[2];
    Object b3Data = b.data[3];
    long b0 = b.at[0] + b.shift;
    long b1 = b.at[1] + b.shift;
    long b2 = b.at[2] + b.shift;
    long b3 = b.at[3] + b.shift;
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = FloatVector.zero(SPECIES);
    FloatVector c02 = FloatVector.zero(SPECIES);
    FloatVector c03 = FloatVector.zero(SPECIES);
    FloatVector c10 = FloatVector.zero(SPECIES);
    FloatVector c11 = FloatVector.zero(SPECIES);
    FloatVector c12 = FloatVector.zero(SPECIES);
    FloatVector c13 = FloatVector.zero(SPECIES);
    FloatVector c20 = FloatVector.zero(SPECIES);
    FloatVector c21 = FloatVector.zero(SPECIES);
    FloatVector c22 = FloatVector.zero(SPECIES);
    FloatVector c23 = FloatVector.zero(SPECIES);
    FloatVector c30 = FloatVector.zero(SPECIES);
    FloatVector c31 = FloatVector.zero(SPECIES);
    FloatVector c32 = FloatVector.zero(SPECIES);
    FloatVector c33 = FloatVector.zero(SPECIES);
    for (int k = 0; k < BLOCK; k++) {
      int to = k * BLOCK;
      FloatVector x0 = load(b0Data, b0, to);
      FloatVector x1 = load(b1Data, b1, to);
      FloatVector x2 = load(b2Data, b2, to);
      FloatVector x3 = load(b3Data, b3, to);
      c00 = FloatVector.broadcast(SPECIES, aData[a0 + k]).fma(x0, c00);
      c01 = FloatVector.broadcast(SPECIES, aData[a0 + BLOCK + k]).fma(x1, c01);
      c02 = FloatVector.broadcast(SPECIES, aData[a0 + 2 * BLOCK + k]).fma(x2, c02);
      c03 = FloatVector.broadcast(SPECIES, aData[a0 + 3 * BLOCK + k]).fma(x3, c03);
      c10 = FloatVector.broadcast(SPECIES, aData[a1 + k]).fma(x0, c10);
      c11 = FloatVector.broadcast(SPECIES, aData[a1 + BLOCK + k]).fma(x1, c11);
      c12 = FloatVector.broadcast(SPECIES, aData[a1 + 2 * BLOCK + k]).fma(x2, c12);
      c13 = FloatVector.broadcast(SPECIES, aData[a1 + 3 * BLOCK + k]).fma(x3, c13);
      c20 = FloatVector.broadcast(SPECIES, aData[a2 + k]).fma(x0, c20);
      c21 = FloatVector.broadcast(SPECIES, aData[a2 + BLOCK + k]).fma(x1, c21);
      c22 = FloatVector.broadcast(SPECIES, aData[a2 + 2 * BLOCK + k]).fma(x2, c22);
      c23 = FloatVector.broadcast(SPECIES, aData[a2 + 3 * BLOCK + k]).fma(x3, c23);
      c30 = FloatVector.broadcast(SPECIES, aData[a3 + k]).fma(x0, c30);
      c31 = FloatVector.broadcast(SPECIES, aData[a3 + BLOCK + k]).fma(x1, c31);
      c32 = FloatVector.broadcast(SPECIES, aData[a3 + 2 * BLOCK + k]).fma(x2, c32);
      c33 = FloatVector.broadcast(SPECIES, aData[a3 + 3 * BLOCK + k]).fma(x3, c33);
    }
    int c0 = c.offset;
    int c1 = c.offset + Math.min(1, rows - 1) * c.stride;
    int c2 = c.offset + Math.min(2, rows - 1) * c.stride;
    int c3 = c.offset + Math.min(3, rows - 1) * c.stride;
    // all rows are read before any is written, because rows may be the same
    FloatVector sum0 = c00.add(c01).add(c02).add(c03).add(FloatVector.fromArray(SPECIES, cData, c0));
    FloatVector sum1 = c10.add(c11).add(c12).add(c13).add(FloatVector.fromArray(SPECIES, cData, c1));
    FloatVector sum2 = c20.add(c21).add(c22).add(c23).add(FloatVector.fromArray(SPECIES, cData, c2));
    FloatVector sum3 = c30.add(c31).add(c32).add(c33).add(FloatVector.fromArray(SPECIES, cData, c3));
    sum0.intoArray(cData, c0);
    sum1.intoArray(cData, c1);
    sum2.intoArray(cData, c2);
    sum3.intoArray(cData, c3);
  }

  /** Converts halves with the processor's instruction, which C2 uses for a plain loop and which supports numbers that are not finite. */
  @Override
  public void widen(Object data, long index, int count, float[] target, int to) {
    if (FORMAT == KeyValueFormat.F16 && !NATIVE) {
      short[] halves = (short[]) data;
      int from = (int) index;
      for (int i = 0; i < count; i++) {
        target[to + i] = Float.float16ToFloat(halves[from + i]);
      }
    } else if (FORMAT == KeyValueFormat.F16) {
      MemorySegment halves = (MemorySegment) data;
      for (int i = 0; i < count; i++) {
        target[to + i] = Float.float16ToFloat(halves.getAtIndex(java.lang.foreign.ValueLayout.JAVA_SHORT, index + i));
      }
    } else {
      for (int i = 0; i < count; i += LANES) {
        load(data, index, i).intoArray(target, to + i);
      }
    }
  }
}
