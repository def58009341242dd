package dev.lanewise.kernels.runtime;

import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the working arrays of a kernel between calls, so that a steady state allocates nothing. The pool is bounded, whatever the number of
 * threads that call, and refers to its members softly: a JVM short of memory gets them back.
 */
public final class ScratchPool<S extends ScratchPool.Member> {
  private final AtomicReferenceArray<@Nullable SoftReference<Member>> kept;
  private final Supplier<S> factory;

  /** A pool that keeps two members a processor. */
  public ScratchPool(Supplier<S> factory) {
    this(2 * Runtime.getRuntime().availableProcessors(), factory);
  }

  /** A pool that keeps up to {@code capacity} members. */
  public ScratchPool(int capacity, Supplier<S> factory) {
    this.kept = new AtomicReferenceArray<>(capacity);
    this.factory = factory;
  }

  /**
   * A scratch for the caller alone, until it is given back by {@link #give} on the same thread. Where many threads call, it may have to
   * wait for one, see {@link Admission}.
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

  /** The same in a call that has been let in, to be given back by any thread. A thread looks first where it looked last time. */
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

  /** What a pool keeps. A member has one reference to itself, so that giving it back allocates nothing. */
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
