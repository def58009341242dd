package dev.lanewise.kernels;

/** An operand of the micro-kernel: where it starts and how far apart its steps lie. Reused, so that the loops allocate nothing. */
final class Strip {
  private static final float[] NONE = new float[0];

  float[] data = NONE;
  int offset;
  int stride;

  /** From one strip to the next in a call that computes several. */
  int next;

  Strip set(float[] newData, int newOffset, int newStride) {
    data = newData;
    offset = newOffset;
    stride = newStride;
    next = 0;
    return this;
  }

  Strip next(int distance) {
    next = distance;
    return this;
  }

  /** Lets go of the array. */
  void release() {
    data = NONE;
  }
}
