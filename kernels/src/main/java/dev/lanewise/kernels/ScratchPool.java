package dev.lanewise.kernels;

import dev.lanewise.kernels.internal.Admission;
import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the working arrays of a kernel between calls, so that a steady state allocates nothing: at most two a processor, softly, whatever
 * the number of threads that call.
 */
final class ScratchPool<S extends ScratchPool.Member<S>> {
  private final AtomicReferenceArray<@Nullable SoftReference<S>> kept =
      new AtomicReferenceArray<>(2 * Runtime.getRuntime().availableProcessors());
  private final Supplier<S> factory;

  ScratchPool(Supplier<S> factory) {
    this.factory = factory;
  }

  /**
   * A scratch for the caller alone, until it is given back by {@link #give} on the same thread. Where many threads call, it may have to
   * wait for one, see {@link Admission}.
   */
  S take() {
    Admission.enter();
    boolean done = false;
    try {
      S scratch = takeInside();
      done = true;
      return scratch;
    } finally {
      if (!done) {
        Admission.leave();
      }
    }
  }

  void give(S scratch) {
    giveInside(scratch);
    Admission.leave();
  }

  /** The same in a call that has been let in, to be given back by any thread. A thread looks first where it looked last time. */
  S takeInside() {
    int home = home();
    for (int i = 0; i < kept.length(); i++) {
      SoftReference<S> reference = kept.getAndSet((home + i) % kept.length(), null);
      S scratch = reference == null ? null : reference.get();
      if (scratch != null) {
        return scratch;
      }
    }
    return factory.get();
  }

  void giveInside(S scratch) {
    int home = home();
    for (int i = 0; i < kept.length(); i++) {
      if (kept.compareAndSet((home + i) % kept.length(), null, scratch.reference())) {
        return;
      }
    }
  }

  private int home() {
    return (int) (Thread.currentThread().threadId() % kept.length());
  }

  /** What a pool keeps; brings its own reference, so that giving it back allocates nothing. */
  interface Member<S> {
    SoftReference<S> reference();
  }
}
