package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/** Working arrays and operands of one call on one thread, pooled. */
public final class Scratch extends ScratchPool.Member implements AutoCloseable {
  private static final ScratchPool<Scratch> POOL = new ScratchPool<>(Scratch::new);

  /** Floats in the widest vector. */
  public static final int MOST_LANES = 16;

  public final Operand a = new Operand();
  public final Operand b = new Operand();
  public final Operand start = new Operand();
  public final Operand c = new Operand();
  public final CodeOperand codes = new CodeOperand();
  public final Operand source = new Operand();
  public final Operand target = new Operand();
  public final float[] zeros = new float[4 * Lanes.COUNT];

  /** Receives bits of elements that were read to load them into the cache, so that the loads are not optimised away. */
  public int touched;

  /** Elements of one vector; elements beyond {@link Lanes#COUNT} stay 0. */
  public final float[] lanes = new float[MOST_LANES];

  public final float[] activated = new float[Tiles.GATE_COLUMNS];
  public final Operand block = new Operand().set(new float[Transpose.scratchSize()], 0, Lanes.COUNT);
  public final float[] padded = new float[Transpose.scratchSize()];
  public final float[] edge = new float[Tiles.MC * Tiles.NR];
  public final float[] tile = new float[Tiles.SKINNY_ROWS * Tiles.SKINNY_WIDTH];
  public final float[] partial = new float[Tiles.SKINNY_ROWS * Tiles.SKINNY_WIDTH];
  public final LongSums longSums = new LongSums();
  public final float[] biasPart = new float[Tiles.SKINNY_WIDTH];
  private float[] left = new float[0];
  private float[] right = new float[0];
  private float[] panel = new float[0];
  private float[] bias = new float[0];
  private float[] ones = new float[0];
  private float[] noBias = new float[0];

  /** Creates scratch that is part of a member of another pool. */
  public Scratch() {}

  public static Scratch take() {
    return POOL.take();
  }

  /** Gives the scratch back to the pool. */
  @Override
  public void close() {
    release();
    POOL.give(this);
  }

  /** Drops the references to the caller's arrays. */
  public void release() {
    a.release();
    source.release();
    target.release();
    c.release();
    b.release();
    start.release();
    codes.release();
  }

  /** A copy of the bias from which whole panels can be read. */
  public float[] bias(float[] source) {
    int size = source.length + Tiles.NR;
    if (bias.length < size) {
      bias = new float[size];
    }
    System.arraycopy(source, 0, bias, 0, source.length);
    return bias;
  }

  /** An array of at least {@code size} ones. */
  public float[] ones(int size) {
    if (ones.length < size) {
      ones = new float[size];
      Arrays.fill(ones, 1);
    }
    return ones;
  }

  /** An array of at least {@code size} zeros. */
  public float[] noBias(int size) {
    if (noBias.length < size) {
      noBias = new float[size];
    }
    return noBias;
  }

  /** An array of at least {@code size} elements for packed rows. */
  public float[] left(int size) {
    if (left.length < size) {
      left = new float[size];
    }
    return left;
  }

  /** An array of at least {@code size} elements for a panel of a result. */
  public float[] panel(int size) {
    if (panel.length < size) {
      panel = new float[size];
    }
    return panel;
  }

  /** An array of at least {@code size} elements for packed columns. */
  public float[] right(int size) {
    if (right.length < size) {
      right = new float[size];
    }
    return right;
  }
}
