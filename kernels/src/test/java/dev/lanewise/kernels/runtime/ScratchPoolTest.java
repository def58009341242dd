package dev.lanewise.kernels.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The members of a pool are reused, and threads that work at the same time keep to members of their own. */
@Tag("once")
class ScratchPoolTest {
  private static final class Part extends ScratchPool.Member {}

  @Test
  void memberIsReused() {
    ScratchPool<Part> pool = new ScratchPool<>(4, Part::new);
    Part first = pool.take();
    pool.give(first);
    Part second = pool.take();
    pool.give(second);
    assertThat(second).isSameAs(first);
  }

  /** Also threads whose first slot is the same: there are more threads than slots, so two of them have the same number modulo slots. */
  @Test
  void threadsKeepToMembersOfTheirOwn() throws Exception {
    for (int other = 0; other < 9; other++) {
      try (ExecutorService one = Executors.newSingleThreadExecutor();
          ExecutorService two = Executors.newSingleThreadExecutor()) {
        one.submit(() -> {}).get(); // starts the thread
        for (int thread = 0; thread < other; thread++) {
          Thread.ofPlatform().start(() -> {}).join(); // the next thread has another number
        }
        ScratchPool<Part> pool = new ScratchPool<>(4, Part::new);
        List<Part> ofOne = new ArrayList<>();
        List<Part> ofTwo = new ArrayList<>();
        for (int round = 0; round < 6; round++) {
          ofOne.add(one.submit(pool::take).get());
          ofTwo.add(two.submit(pool::take).get());
          Part back = ofTwo.getLast();
          two.submit(() -> pool.give(back)).get();
          Part last = ofOne.getLast();
          one.submit(() -> pool.give(last)).get();
        }
        assertThat(ofOne.subList(2, 6)).as("members of one thread, %s threads between", other).containsOnly(ofOne.getLast());
        assertThat(ofTwo.subList(2, 6)).as("members of the other thread").containsOnly(ofTwo.getLast());
      }
    }
  }

  /** A thread that may hold two members at a time, and gets the same two again. */
  @Test
  void twoMembersOfAThreadAreReused() {
    ScratchPool<Part> pool = new ScratchPool<>(4, Part::new);
    Part outer = pool.take();
    Part inner = pool.take();
    assertThat(inner).isNotSameAs(outer);
    pool.give(inner);
    pool.give(outer);
    Part again = pool.take();
    Part within = pool.take();
    assertThat(List.of(again, within)).containsExactlyInAnyOrder(outer, inner);
    pool.give(within);
    pool.give(again);
  }
}
