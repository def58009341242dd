package dev.lanewise.kernels.data;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Cosines and sines for {@link Kernels#rotate}: factor · cos(p · frequencies[i]) and factor · sin(p · frequencies[i]) for any position p
 * from 0 to 2<sup>31</sup> − 1. Angles and functions are computed in double and rounded to float once.
 *
 * <p>The table computes and keeps a row when a position near it is first used, up to 64 MB (131 072 positions at 64 pairs; half as many in
 * the interleaved form). Rows of later positions are computed in each call. Threads may share a table.
 */
public final class RotaryTable {
  /** Number of positions that are computed together: 0.2 ms at 64 pairs. */
  private static final int CHUNK = 64;

  /** The most elements that are kept. */
  private static final int KEPT = 1 << 24;

  private static final int MAX_PAIRS = 1 << 16;

  private final Form form;
  private final double[] frequencies;
  private final double factor;

  /** Rows of positions below this are kept. */
  private final int limit;

  /** Chunk i holds the rows of the positions from i · CHUNK on. The array is never changed; a longer or fuller copy replaces it. */
  private volatile float[] @Nullable [] chunks = {};

  private RotaryTable(Form form, double[] frequencies, double factor) {
    this.form = form;
    this.frequencies = frequencies;
    this.factor = factor;
    this.limit = KEPT / (CHUNK * rowSize()) * CHUNK;
  }

  /**
   * Creates a table, which has no rows yet.
   *
   * @param frequencies angle of each pair from one position to the next; copied
   * @param factor multiplies cosines and sines; usually 1
   * @throws IllegalArgumentException if there is no pair or more than 65 536, or {@code factor} or the angle of a pair at position
   *     2<sup>31</sup> − 1 is not finite
   */
  public static RotaryTable of(Form form, double[] frequencies, double factor) {
    Objects.requireNonNull(form, "form");
    double[] copied = Objects.requireNonNull(frequencies, "frequencies").clone();
    Checks.atLeast("frequencies.length", copied.length, 1);
    Checks.atMost("frequencies.length", copied.length, "the most pairs of a table", MAX_PAIRS);
    for (int i = 0; i < copied.length; i++) {
      if (!Double.isFinite(copied[i] * Integer.MAX_VALUE)) {
        String given = "frequencies[" + i + "] is " + copied[i];
        throw new IllegalArgumentException(given + ", its angle at position " + Integer.MAX_VALUE + " must be finite");
      }
    }
    if (!Double.isFinite(factor)) {
      throw new IllegalArgumentException("factor is " + factor + ", must be finite");
    }
    return new RotaryTable(form, copied, factor);
  }

  /** Which elements form a pair. */
  public Form form() {
    return form;
  }

  /** Number of pairs that are rotated. */
  public int pairs() {
    return frequencies.length;
  }

  /** Number of elements of a row that are rotated: two for each pair. */
  public int rotaryDim() {
    return 2 * frequencies.length;
  }

  /**
   * Number of elements of a row of the table. Half form: pairs cosines, then pairs sines. Interleaved form: rotaryDim cosines, then
   * rotaryDim sines, one for each rotated element, with the sines of even elements negated.
   *
   * @hidden
   */
  public int rowSize() {
    return form == Form.HALF ? 2 * pairs() : 4 * pairs();
  }

  /**
   * Whether {@link #chunk} keeps the row of a position.
   *
   * @hidden
   */
  public boolean keeps(int position) {
    return position < limit;
  }

  /**
   * The array that holds the row of a position, at {@link #index}.
   *
   * @hidden
   */
  public float[] chunk(int position) {
    float[] @Nullable [] all = chunks;
    int which = position / CHUNK;
    float[] chunk = which < all.length ? all[which] : null;
    return chunk == null ? add(which) : chunk;
  }

  /**
   * Where the row of a position begins in its {@link #chunk}.
   *
   * @hidden
   */
  public int index(int position) {
    return position % CHUNK * rowSize();
  }

  private synchronized float[] add(int which) {
    float[] present = which < chunks.length ? chunks[which] : null;
    if (present != null) {
      return present;
    }
    float[] chunk = new float[CHUNK * rowSize()];
    for (int i = 0; i < CHUNK; i++) {
      compute(which * CHUNK + i, chunk, i * rowSize());
    }
    float[] @Nullable [] all = Arrays.copyOf(chunks, Math.max(chunks.length, which + 1));
    all[which] = chunk;
    chunks = all;
    return chunk;
  }

  /**
   * Computes the row of any position into {@code row}, from index {@code at} on.
   *
   * @hidden
   */
  public void compute(int position, float[] row, int at) {
    int pairs = pairs();
    for (int i = 0; i < pairs; i++) {
      double angle = position * frequencies[i];
      float cosine = (float) (factor * Math.cos(angle));
      float sine = (float) (factor * Math.sin(angle));
      if (form == Form.HALF) {
        row[at + i] = cosine;
        row[at + pairs + i] = sine;
      } else {
        int even = at + 2 * i;
        row[even] = cosine;
        row[even + 1] = cosine;
        row[even + 2 * pairs] = -sine;
        row[even + 2 * pairs + 1] = sine;
      }
    }
  }

  /** Which elements of a row a rotary embedding turns together; the first rotaryDim of them turn, with pairs = rotaryDim / 2. */
  public enum Form {
    /** Element i with element i + pairs, known as "rotate half": GPT-NeoX, Llama and most that came after. */
    HALF,
    /** Element 2i with element 2i + 1, as in the paper: GPT-J. */
    INTERLEAVED
  }
}
