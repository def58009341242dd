package dev.lanewise.core;

import dev.lanewise.kernels.internal.Checks;
import java.util.Arrays;
import java.util.Objects;

/** The members of the {@link Mask} family. */
final class Masks {
  private Masks() {}

  record None() implements Mask {
    static final None INSTANCE = new None();

    @Override
    public void check(int batch, int queries, int keys) {}

    @Override
    public int visibleKeys(int b, int query, int queries, int keys) {
      return keys;
    }
  }

  record Causal(Alignment alignment) implements Mask {
    Causal {
      Objects.requireNonNull(alignment, "alignment");
    }

    @Override
    public void check(int batch, int queries, int keys) {}

    @Override
    public int visibleKeys(int b, int query, int queries, int keys) {
      int last = alignment == Alignment.TOP_LEFT ? query : query + keys - queries;
      return Math.clamp(last + 1L, 0, keys);
    }
  }

  /** Holds its own copy of the lengths. */
  record KeyLengths(int[] lengths) implements Mask {
    @Override
    public void check(int batch, int queries, int keys) {
      Checks.same("keyLengths.length", lengths.length, "batch", batch);
      for (int b = 0; b < lengths.length; b++) {
        Checks.atLeast("keyLengths[" + b + "]", lengths[b], 0);
        Checks.atMost("keyLengths[" + b + "]", lengths[b], "keys", keys);
      }
    }

    @Override
    public int visibleKeys(int b, int query, int queries, int keys) {
      return lengths[b];
    }

    @Override
    public String toString() {
      return "KeyLengths" + Arrays.toString(lengths);
    }
  }

  record Both(Mask first, Mask second) implements Mask {
    @Override
    public void check(int batch, int queries, int keys) {
      first.check(batch, queries, keys);
      second.check(batch, queries, keys);
    }

    @Override
    public int visibleKeys(int b, int query, int queries, int keys) {
      return Math.min(first.visibleKeys(b, query, queries, keys), second.visibleKeys(b, query, queries, keys));
    }
  }
}
