package dev.lanewise.core;

import dev.lanewise.kernels.runtime.Admission;
import dev.lanewise.kernels.runtime.Checks;
import java.lang.ref.SoftReference;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A few float arrays, and one of doubles, that one worker holds for the time of one task or call, and that the next one finds again.
 * Contents are left over.
 */
final class Scratch {
  private final float[][] arrays;
  private double[] doubles = new double[0];
  private final SoftReference<Scratch> reference = new SoftReference<>(this);

  private Scratch(int arrays) {
    this.arrays = new float[arrays][0];
  }

  /** Array {@code which}, of at least {@code length} elements; it only grows. */
  float[] floats(int which, int length) {
    if (arrays[which].length < length) {
      // Half as much again, so that sequences that grow step by step do not allocate at each step.
      long roomy = arrays[which].length * 3L / 2;
      arrays[which] = new float[Math.clamp(roomy, length, Math.max(length, Integer.MAX_VALUE - 8))];
    }
    return arrays[which];
  }

  /** So many zeros. */
  double[] zeros(int length) {
    if (doubles.length < length) {
      doubles = new double[length];
    }
    Arrays.fill(doubles, 0, length, 0);
    return doubles;
  }

  /** Array {@code which} as a row of {@code width} for each row of {@code source}. */
  Sequences sequences(int which, Sequences source, int width) {
    int size = Checks.product("batch * rows", Checks.product("batch", source.batch(), "rows", source.rows()), "width", width);
    return Sequences.of(floats(which, size), source.batch(), source.rows(), width);
  }

  /**
   * Keeps a bounded number of scratches between uses, softly: a JVM short of memory gets them back. A thread looks first where it looked
   * last time, so it tends to find its own, still in its cache.
   */
  static final class Pool {
    private final AtomicReferenceArray<@Nullable SoftReference<Scratch>> kept;
    private final int arrays;

    /** A pool that keeps up to {@code capacity} scratches of {@code arrays} arrays each. */
    Pool(int capacity, int arrays) {
      this.kept = new AtomicReferenceArray<>(capacity);
      this.arrays = arrays;
    }

    /**
     * One for the caller alone, until it is given back by {@link #release} on the same thread. Where many threads call, it may have to wait
     * for one, see {@link Admission}.
     */
    Scratch acquire() {
      Admission.enter();
      boolean done = false;
      try {
        Scratch scratch = take();
        done = true;
        return scratch;
      } finally {
        if (!done) {
          Admission.leave();
        }
      }
    }

    void release(Scratch scratch) {
      give(scratch);
      Admission.leave();
    }

    private Scratch take() {
      int first = home();
      for (int i = 0; i < kept.length(); i++) {
        SoftReference<Scratch> reference = kept.getAndSet((first + i) % kept.length(), null);
        Scratch scratch = reference == null ? null : reference.get();
        if (scratch != null) {
          return scratch;
        }
      }
      return new Scratch(arrays);
    }

    private void give(Scratch scratch) {
      int first = home();
      for (int i = 0; i < kept.length(); i++) {
        if (kept.compareAndSet((first + i) % kept.length(), null, scratch.reference)) {
          return;
        }
      }
    }

    private int home() {
      return (int) (Thread.currentThread().threadId() % kept.length());
    }
  }
}
