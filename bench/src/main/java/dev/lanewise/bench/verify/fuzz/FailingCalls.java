package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.RowFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * A call that fails before the call that is judged. It leaves caches and inputs unchanged, and outputs too if nothing was computed.
 *
 * @param caches the caches that the call may change
 * @param attention the call without its fault
 * @param caller makes the call
 */
record FailingCalls(
    Call call, ResultBuffers buffers, List<KeyValueCache> caches, Attention attention, BiConsumer<Attention, Results> caller) {
  /** Why a call fails. */
  enum Kind {
    NONE,
    WRONG_ARGUMENT,
    THROWING_FUNCTION,
    INTERRUPTED,
    FULL_CACHE
  }

  /** The exception of a caller's function. */
  private static final class Planted extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** The failing call before a call of attention, or before a forward pass of a layer. */
  static FailingCalls of(Call call, ResultBuffers buffers) {
    Caches caches = call.caches;
    return new FailingCalls(call, buffers, caches == null ? List.of() : caches.list(), call.attention(), buffers::compute);
  }

  /**
   * Makes the failing call of the plan.
   *
   * @throws Mismatch if it succeeds, fails otherwise than it should, or leaves a trace
   */
  void provoke() {
    List<KeyValueCache.Statistics> before = statistics();
    boolean failed =
        switch (call.plan.get(Options.FAILURE)) {
          case NONE -> true;
          case WRONG_ARGUMENT -> wrongArgument();
          case THROWING_FUNCTION -> throwingFunction();
          case INTERRUPTED -> interrupted();
          case FULL_CACHE -> fullCaches();
        };
    if (!failed) { // there was no row to fail at, so a layer has appended its rows
      for (int b = 0; b < caches.size(); b++) {
        caches.get(b).truncate(before.get(b).rows());
      }
    } else if (!statistics().equals(before)) {
      throw new Mismatch("a failed call changed the caches: " + before + " became " + statistics());
    }
    buffers.checkUntouched();
    buffers.restore();
  }

  private List<KeyValueCache.Statistics> statistics() {
    return caches.stream().map(KeyValueCache::statistics).map(FailingCalls::withoutReserve).toList();
  }

  /** A failed call may leave reserved memory. */
  private static KeyValueCache.Statistics withoutReserve(KeyValueCache.Statistics all) {
    return new KeyValueCache.Statistics(all.rows(), all.storedRows(), all.pages(), all.sharedPages(), all.bytesUsed(), 0);
  }

  private boolean wrongArgument() {
    int entries = call.model.extent.entries();
    int[] chain = new int[Math.max(call.model.extent.mostQueries(), call.model.extent.mostKeys()) + 1];
    chain[0] = -1;
    int fault = call.numbers.below(call.plan.has(Options.LAYER) ? 2 : 4, 920);
    Attention wrong =
        switch (fault) {
          case 0 -> attention.withMask(entries == 0 ? Mask.keyLengths(1) : Mask.tree(chain));
          case 1 -> attention.withMask(Mask.keyLengths(new int[entries + 1]));
          case 2 -> attention.withAlibi(new float[call.model.extent.heads() + 1]);
          default -> attention;
        };
    Results request = fault < 3 ? buffers.request() : buffers.request().withColumnSums(new float[call.model.columns() + 1]);
    try {
      caller.accept(wrong, request);
    } catch (IllegalArgumentException e) {
      buffers.checkNothingWritten();
      return true;
    }
    throw new Mismatch("a wrong argument was not refused");
  }

  private boolean throwingFunction() {
    AtomicInteger left = new AtomicInteger(call.numbers.below(20, 921));
    Planted planted = new Planted();
    RowFunction function =
        (row, offset, length, b, head, i, first) -> {
          if (left.getAndDecrement() == 0) {
            throw planted;
          }
        };
    try {
      caller.accept(attention.withScoreFunction(function), buffers.request());
    } catch (RuntimeException e) {
      if (e == planted || e.getCause() == planted) {
        return true;
      }
      throw e;
    }
    if (left.get() < 0) {
      throw new Mismatch("an exception of a caller's function was lost");
    }
    return false;
  }

  private boolean interrupted() {
    Thread.currentThread().interrupt();
    boolean cancelled = false;
    boolean interrupted;
    try {
      caller.accept(attention, buffers.request());
    } catch (CancellationException e) {
      cancelled = true;
    } finally {
      interrupted = Thread.interrupted();
    }
    if (!interrupted) {
      throw new Mismatch("the interrupt flag was lost");
    }
    return cancelled;
  }

  /** Appends rows to all caches and to one more that cannot hold them. */
  private boolean fullCaches() {
    int heads = call.operands.key().heads();
    try (KeyValueCache full = Caches.builder(call.plan, call.numbers).capacity(16).build()) {
      List<KeyValueCache> all = new ArrayList<>(caches);
      all.add(full);
      int rows = 17 + call.numbers.below(200, 922);
      KeyValueCache.appendAll(
          all,
          Layout.DENSE.view(all.size(), heads, rows, call.operands.key().width(), 1),
          Layout.DENSE.view(all.size(), heads, rows, call.operands.value().width(), 1));
    } catch (IllegalStateException e) {
      buffers.checkNothingWritten();
      return true;
    }
    throw new Mismatch("rows went into a full cache");
  }
}
