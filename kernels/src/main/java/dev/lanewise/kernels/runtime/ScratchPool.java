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

  private final int capacity;
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
      S scratch = take(place, place.held == 0);
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
    give(place, scratch);
    Admission.leave(place);
  }

  /** Takes a member within a call that has been admitted; any thread may return it. */
  public S takeInside() {
    return take(Admission.place(), false);
  }

  public void giveInside(S scratch) {
    give(Admission.place(), scratch);
  }

  /**
   * Takes a member, from the home slot of the thread if it is there.
   *
   * @param moves whether the slot of the member becomes the thread's home. A thread without members finds its home empty if another thread
   *     has the same home: after the move, each keeps to a member of its own, whose arrays stay in the cache of its core
   */
  @SuppressWarnings("unchecked") // only this pool's members are given back to it
  private S take(Admission.Place place, boolean moves) {
    int slot = place.home % capacity;
    for (int i = 0; i < capacity; i++) {
      SoftReference<Member> reference = kept.getAndSet(slot * STRIDE, null);
      Member scratch = reference == null ? null : reference.get();
      if (scratch != null) {
        if (moves && i > 0) {
          place.home = slot;
        }
        return (S) scratch;
      }
      slot = slot + 1 == capacity ? 0 : slot + 1;
    }
    return factory.get();
  }

  private void give(Admission.Place place, Member member) {
    int slot = place.home % capacity;
    for (int i = 0; i < capacity; i++) {
      if (kept.compareAndSet(slot * STRIDE, null, member.reference())) {
        return;
      }
      slot = slot + 1 == capacity ? 0 : slot + 1;
    }
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
