package dev.lanewise.kernels;

import java.util.concurrent.atomic.AtomicReferenceArray;

/** Working arrays of one call on one thread, pooled: at most two a processor are kept, and a call takes the first that is free. */
final class Scratch implements AutoCloseable {
  private static final AtomicReferenceArray<Scratch> POOL =
      new AtomicReferenceArray<>(2 * Runtime.getRuntime().availableProcessors());

  final Strip a = new Strip();
  final Strip b = new Strip();
  final Strip start = new Strip();
  final Strip c = new Strip();
  final Strip source = new Strip();
  final Strip target = new Strip();
  final float[] zeros = new float[Tiles.COLUMNS];
  final float[] lanes = new float[Lanes.COUNT];
  final Strip block = new Strip().set(new float[Transpose.scratchSize()], 0, Lanes.COUNT);
  final float[] padded = new float[Transpose.scratchSize()];
  final float[] edge = new float[Tiles.ROWS * Tiles.COLUMNS];
  final KeyStrips keyStrips = new KeyStrips();
  final FusedAttention attention = new FusedAttention(this);
  private float[] left = new float[0];
  private float[] right = new float[0];
  private float[] bias = new float[0];

  private Scratch() {}

  static Scratch take() {
    for (int i = 0; i < POOL.length(); i++) {
      Scratch scratch = POOL.get(i);
      if (scratch != null && POOL.compareAndSet(i, scratch, null)) {
        return scratch;
      }
    }
    return new Scratch();
  }

  @Override
  public void close() {
    for (int i = 0; i < POOL.length(); i++) {
      if (POOL.get(i) == null && POOL.compareAndSet(i, null, this)) {
        return;
      }
    }
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
