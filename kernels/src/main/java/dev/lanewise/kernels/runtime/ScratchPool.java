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
  /** Distance between two slots: a cache line of references, so that threads do not wait for each other's slots. */
  private static final int STRIDE = 16;

  /** Number of threads whose homes are kept apart, a power of two. */
  private static final int THREADS = 64;

  private final int capacity;

  /** How far the home slot of a thread has moved, by the number of the thread. A move that is lost between threads costs time only. */
  private final int[] moved = new int[THREADS];

  private final AtomicReferenceArray<@Nullable SoftReference<Member>> kept;
  private final Supplier<S> factory;

  /** A pool that keeps up to two members for each processor. */
  public ScratchPool(Supplier<S> factory) {
    this(2 * Runtime.getRuntime().availableProcessors(), factory);
  }

  /** A pool that keeps up to {@code capacity} members. */
  public ScratchPool(int capacity, Supplier<S> factory) {
    this.capacity = capacity;
    this.kept = new AtomicReferenceArray<>(Math.multiplyExact(capacity, STRIDE));
    this.factory = factory;
  }

  /**
   * Takes a member for exclusive use, to be returned with {@link #give} on the same thread. With many calling threads this may wait, see
   * {@link Admission}.
   */
  public S take() {
    Admission.Place place = Admission.enterPlace();
    boolean done = false;
    try {
      S scratch = find(place.held == 0);
      place.held++;
      done = true;
      return scratch;
    } finally {
      if (!done) {
        Admission.leave(place);
      }
    }
  }

  public void give(S scratch) {
    Admission.Place place = Admission.place();
    place.held--;
    put(scratch);
    Admission.leave(place);
  }

  /** Takes a member within a call that has been admitted; any thread may return it. */
  public S takeInside() {
    return find(false);
  }

  public void giveInside(S scratch) {
    put(scratch);
  }

  /**
   * Takes a member, from the home slot of the thread if it is there.
   *
   * @param moves whether the slot of the member becomes the thread's home. A thread without members finds its home empty if another thread
   *     has the same home: after the move, each keeps to a member of its own, whose arrays stay in the cache of its core
   */
  @SuppressWarnings("unchecked") // only this pool's members are given back to it
  private S find(boolean moves) {
    int slot = home();
    for (int i = 0; i < capacity; i++) {
      SoftReference<Member> reference = kept.getAndSet(slot * STRIDE, null);
      Member scratch = reference == null ? null : reference.get();
      if (scratch != null) {
        if (moves && i > 0) {
          moved[thread()] += i;
        }
        return (S) scratch;
      }
      slot = slot + 1 == capacity ? 0 : slot + 1;
    }
    return factory.get();
  }

  private void put(Member member) {
    int slot = home();
    for (int i = 0; i < capacity; i++) {
      if (kept.compareAndSet(slot * STRIDE, null, member.reference())) {
        return;
      }
      slot = slot + 1 == capacity ? 0 : slot + 1;
    }
  }

  private int home() {
    return Integer.remainderUnsigned(thread() + moved[thread()], capacity);
  }

  private static int thread() {
    return (int) Thread.currentThread().threadId() & (THREADS - 1);
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
