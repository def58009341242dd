package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Mismatch;
import dev.lanewise.core.Attention;
import dev.lanewise.core.Results;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/** Calls that fail before the one that counts. They leave caches and inputs as they were, and outputs too if nothing was computed. */
record Failures(Case of, Asked asked, List<KeyValueCache> caches, Attention attention, BiConsumer<Attention, Results> call) {

  /** Those before a call of a layer. */
  static Failures of(Case of, Asked asked, List<KeyValueCache> caches, Attention attention, BiConsumer<Attention, Results> call) {
    return new Failures(of, asked, caches, attention, call);
  }

  /** Those before a call of attention, or of a layer as a whole. */
  static Failures of(Case of, Asked asked) {
    Attention attention = of.attention(of.plan.get(Knob.THREADS));
    Caches caches = of.caches;
    return new Failures(of, asked, caches == null ? List.of() : caches.list(), attention, asked::compute);
  }

  /** Why a call fails. */
  enum Kind {
    NONE(""),
    WRONG_ARGUMENT("wrong argument"),
    THROWING_FUNCTION("a function that throws"),
    INTERRUPTED("interrupted"),
    FULL_CACHE("full cache");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** What the function throws. */
  private static final class Planted extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Makes the failing calls of the plan.
   *
   * @throws Mismatch if one succeeds, fails otherwise than it should, or leaves a trace
   */
  void provoke() {
    List<KeyValueCache.Statistics> before = statistics();
    boolean failed =
        switch (Choice.at(Kind.values(), of.plan.get(Knob.FAILURE))) {
          case NONE -> true;
          case WRONG_ARGUMENT -> wrongArgument();
          case THROWING_FUNCTION -> throwingFunction();
          case INTERRUPTED -> interrupted();
          case FULL_CACHE -> fullCaches();
        };
    if (!failed) { // a call without a row to fail at: a layer takes its rows back
      for (int b = 0; b < caches.size(); b++) {
        caches.get(b).truncate(before.get(b).rows());
      }
    } else if (!statistics().equals(before)) {
      throw new Mismatch("a failed call changed the caches: " + before + " became " + statistics());
    }
    asked.checkUntouched();
    asked.restore();
  }

  private List<KeyValueCache.Statistics> statistics() {
    return caches.stream().map(KeyValueCache::statistics).map(Failures::withoutReserve).toList();
  }

  /** Memory that a failed call has reserved may stay so. */
  private static KeyValueCache.Statistics withoutReserve(KeyValueCache.Statistics of) {
    return new KeyValueCache.Statistics(of.rows(), of.storedRows(), of.pages(), of.sharedPages(), of.bytesUsed(), 0);
  }

  private boolean wrongArgument() {
    int most = Math.max(of.model.extent.mostQueries(), of.model.extent.mostKeys());
    int[] chain = new int[most + 1];
    chain[0] = -1;
    Results results = asked.results();
    int entries = of.model.extent.entries();
    int choices = of.plan.has(Knob.LAYER) ? 2 : of.plan.has(Knob.CHOSEN_ROWS) ? 3 : 4;
    Attention wrong =
        switch (of.numbers.below(choices, Operand.OTHER, 920)) {
          case 0 -> attention.withMask(entries == 0 ? Mask.keyLengths(1) : Mask.tree(chain));
          case 1 -> attention.withMask(Mask.keyLengths(new int[entries + 1]));
          case 2 -> attention.withAlibi(new float[of.model.extent.heads() + 1]);
          default -> {
            results.columnSums(new float[asked.columnSums.length + 1]);
            yield attention;
          }
        };
    try {
      call.accept(wrong, results);
    } catch (IllegalArgumentException e) {
      asked.checkNothingWritten();
      return true;
    }
    throw new Mismatch("a wrong argument was not refused");
  }

  private boolean throwingFunction() {
    AtomicInteger left = new AtomicInteger(of.numbers.below(20, Operand.OTHER, 921));
    Planted planted = new Planted();
    RowFunction function =
        (row, offset, length, b, head, i, first) -> {
          if (left.getAndDecrement() == 0) {
            throw planted;
          }
        };
    try {
      call.accept(attention.withScoreFunction(function), asked.results());
    } catch (Planted e) {
      return true;
    } catch (RuntimeException e) {
      if (e.getCause() == planted) {
        return true;
      }
      throw e;
    }
    if (left.get() < 0) {
      throw new Mismatch("what a function threw was lost");
    }
    return false;
  }

  private boolean interrupted() {
    Thread.currentThread().interrupt();
    boolean cancelled = false;
    boolean interrupted;
    try {
      call.accept(attention, asked.results());
    } catch (CancellationException e) {
      cancelled = true;
    } finally {
      interrupted = Thread.interrupted();
    }
    if (!interrupted) {
      throw new Mismatch("the interrupt is gone");
    }
    return cancelled;
  }

  /** Rows for a full cache, or for a batch of which one is full. */
  private boolean fullCaches() {
    Heads key = of.operands.key();
    Heads value = of.operands.value();
    int width = key.width();
    KeyValueCache.Builder builder = KeyValueCache.builder(key.heads(), width).valueDim(value.width()).format(Caches.format(of.plan));
    try (KeyValueCache full =
        (of.plan.has(Knob.CHANNELS) ? builder.keyChannels(Caches.channels(of.plan, of.numbers)) : builder).capacity(16).build()) {
      List<KeyValueCache> all = new ArrayList<>(caches);
      all.add(full);
      int rows = 17 + of.numbers.below(200, Operand.OTHER, 922);
      Layout dense = Layout.of(0);
      KeyValueCache.appendAll(
          all, dense.view(all.size(), key.heads(), rows, width, 1), dense.view(all.size(), key.heads(), rows, value.width(), 1));
    } catch (IllegalStateException e) {
      asked.checkNothingWritten();
      return true;
    }
    throw new Mismatch("rows went into a full cache");
  }
}
