package dev.lanewise.kernels.runtime;

import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A pool that keeps the working arrays of a kernel between calls, so that a steady state allocates nothing. The pool is bounded for any
 * number of threads. It holds its members by soft references, which the JVM clears when memory is short.
 */
public final class ScratchPool<S extends ScratchPool.Member> {
  private final AtomicReferenceArray<@Nullable SoftReference<Member>> kept;
  private final Supplier<S> factory;

  /** A pool that keeps up to two members for each processor. */
  public ScratchPool(Supplier<S> factory) {
    this(2 * Runtime.getRuntime().availableProcessors(), factory);
  }

  /** A pool that keeps up to {@code capacity} members. */
  public ScratchPool(int capacity, Supplier<S> factory) {
    this.kept = new AtomicReferenceArray<>(capacity);
    this.factory = factory;
  }

  /**
   * Takes a member for exclusive use, to be returned with {@link #give} on the same thread. With many calling threads this may wait, see
   * {@link Admission}.
   */
  public S take() {
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

  public void give(S scratch) {
    giveInside(scratch);
    Admission.leave();
  }

  /** Takes a member within a call that has been admitted; any thread may return it. A thread searches from the same slot each time. */
  @SuppressWarnings("unchecked") // only this pool's members are given back to it
  public S takeInside() {
    int home = home();
    for (int i = 0; i < kept.length(); i++) {
      SoftReference<Member> reference = kept.getAndSet((home + i) % kept.length(), null);
      Member scratch = reference == null ? null : reference.get();
      if (scratch != null) {
        return (S) scratch;
      }
    }
    return factory.get();
  }

  public void giveInside(S scratch) {
    Member member = scratch;
    int home = home();
    for (int i = 0; i < kept.length(); i++) {
      if (kept.compareAndSet((home + i) % kept.length(), null, member.reference())) {
        return;
      }
    }
  }

  private int home() {
    return (int) (Thread.currentThread().threadId() % kept.length());
  }

  /** A member of a pool. It has one soft reference to itself, so that returning it allocates nothing. */
  public abstract static class Member {
    private @Nullable SoftReference<Member> reference;

    private SoftReference<Member> reference() {
      if (reference == null) {
        reference = new SoftReference<>(this);
      }
      return reference;
    }
  }
}
