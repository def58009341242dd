package dev.lanewise.kernels;

import java.util.Arrays;

/** Working arrays and operands of one call on one thread, pooled. */
final class Scratch extends ScratchPool.Member implements AutoCloseable {
  private static final ScratchPool<Scratch> POOL = new ScratchPool<>(Scratch::new);

  /** Floats in the widest vector. */
  static final int MOST_LANES = 16;

  final Strip a = new Strip();
  final Strip b = new Strip();
  final Strip start = new Strip();
  final Strip c = new Strip();
  final Strip source = new Strip();
  final Strip target = new Strip();
  final float[] zeros = new float[Math.max(Tiles.COLUMNS, Tiles.QUERIES)];

  /** Keeps loads made for the cache's sake from being optimised away. */
  float touched;

  /** Elements of one vector; those beyond {@link Lanes#COUNT} stay 0. */
  final float[] lanes = new float[MOST_LANES];

  final float[] activated = new float[Tiles.GATE_COLUMNS];
  final Strip block = new Strip().set(new float[Transpose.scratchSize()], 0, Lanes.COUNT);
  final float[] padded = new float[Transpose.scratchSize()];
  final float[] edge = new float[Tiles.BLOCK_ROWS * Tiles.COLUMNS];
  final float[] tile = new float[Tiles.FEW_ROWS * Tiles.FEW_ROWS_WIDTH];
  final float[] pass = new float[Tiles.FEW_ROWS * Tiles.FEW_ROWS_WIDTH];
  final LongSums longSums = new LongSums();
  private float[] left = new float[0];
  private float[] right = new float[0];
  private float[] bias = new float[0];
  private float[] ones = new float[0];
  private float[] noBias = new float[0];

  /** Scratch that is not pooled: part of a member of another pool. */
  Scratch() {}

  static Scratch take() {
    return POOL.take();
  }

  /** Gives the scratch back to the pool. */
  @Override
  public void close() {
    release();
    POOL.give(this);
  }

  /** Drops the references to the caller's arrays. */
  void release() {
    a.release();
    source.release();
    target.release();
    c.release();
    b.release();
    start.release();
  }

  /** A copy of the bias that whole panels can be read from. */
  float[] bias(float[] source) {
    int size = source.length + Tiles.COLUMNS;
    if (bias.length < size) {
      bias = new float[size];
    }
    System.arraycopy(source, 0, bias, 0, source.length);
    return bias;
  }

  /** Factors that change nothing. */
  float[] ones(int size) {
    if (ones.length < size) {
      ones = new float[size];
      Arrays.fill(ones, 1);
    }
    return ones;
  }

  /** Addends that change nothing. */
  float[] noBias(int size) {
    if (noBias.length < size) {
      noBias = new float[size];
    }
    return noBias;
  }

  /** Room for packed rows. */
  float[] left(int size) {
    if (left.length < size) {
      left = new float[size];
    }
    return left;
  }

  /** Room for packed columns. */
  float[] right(int size) {
    if (right.length < size) {
      right = new float[size];
    }
    return right;
  }
}
