package dev.lanewise.kernels.data;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Cosines and sines for {@link Kernels#rotate}, by a formula or from the caller: factor · cos(p · frequencies[i]) and factor · sin(p ·
 * frequencies[i]) for any position p from 0 to 2<sup>31</sup> − 1, or given numbers for a number of positions. Angles and functions are
 * computed in double and rounded to float once.
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
  private final Source source;
  private final int lastPosition;

  /** The section of each pair. A row has a position for each section. */
  private final int[] sectionOf;

  private final int sections;

  /** Rows of positions below this are kept. */
  private final int limit;

  /** Chunk i holds the rows of the positions from i · CHUNK on. The array is never changed; a longer or fuller copy replaces it. */
  private volatile float[] @Nullable [] chunks = {};

  private RotaryTable(Form form, Source source, int lastPosition, int[] sectionOf) {
    this.form = form;
    this.source = source;
    this.lastPosition = lastPosition;
    this.sectionOf = sectionOf;
    this.sections = 1 + Arrays.stream(sectionOf).max().orElse(0);
    this.limit = KEPT / (CHUNK * rowSize()) * CHUNK;
  }

  /** Where cosines and sines come from. */
  private interface Source {
    float of(boolean sine, int position, int pair);
  }

  /**
   * Creates a table of a formula, which has no rows yet.
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
    Source source = (sine, p, i) -> (float) (factor * (sine ? Math.sin(p * copied[i]) : Math.cos(p * copied[i])));
    return new RotaryTable(form, source, Integer.MAX_VALUE, new int[copied.length]);
  }

  /**
   * Creates a table of the caller's cosines and sines, such as {@code cos_cache} and {@code sin_cache} of ONNX's {@code RotaryEmbedding}.
   *
   * @param cosines dense maxPositions × pairs; copied
   * @param sines dense maxPositions × pairs; copied
   * @throws IllegalArgumentException if there is no position, no pair or more than 65 536, or an array has another length
   */
  public static RotaryTable of(Form form, float[] cosines, float[] sines, int maxPositions, int pairs) {
    Objects.requireNonNull(form, "form");
    Checks.atLeast("maxPositions", maxPositions, 1);
    Checks.atLeast("pairs", pairs, 1);
    Checks.atMost("pairs", pairs, "the most pairs of a table", MAX_PAIRS);
    float[] c = Objects.requireNonNull(cosines, "cosines").clone();
    float[] s = Objects.requireNonNull(sines, "sines").clone();
    Checks.same("cosines.length", c.length, "maxPositions * pairs", (long) maxPositions * pairs);
    Checks.same("sines.length", s.length, "maxPositions * pairs", (long) maxPositions * pairs);
    return new RotaryTable(form, (sine, p, i) -> (sine ? s : c)[p * pairs + i], maxPositions - 1, new int[pairs]);
  }

  /** Returns a table of the same cosines and sines with this choice of the elements that form a pair. */
  public RotaryTable withForm(Form newForm) {
    return new RotaryTable(Objects.requireNonNull(newForm, "form"), source, lastPosition, sectionOf);
  }

  /**
   * Returns a table of the same cosines and sines for rows with several positions: the first sections[0] pairs use the first position, the
   * next sections[1] pairs the second, and so on. The M-RoPE of Qwen2-VL (Wang et al., 2024, section 2.1) has 16, 24 and 24 pairs for time,
   * height and width.
   *
   * @param sections number of pairs that use each position; at least 1, and {@link #pairs} together
   */
  public RotaryTable withSections(int... sections) {
    return withSections(sections, false);
  }

  /**
   * As {@link #withSections}, but positions take turns: pair i uses position i mod n of n, or the first one when it has passed the last
   * pair of that position. The M-RoPE of Qwen3-VL (2025) has 24, 20 and 20 pairs.
   *
   * @throws IllegalArgumentException as for {@link #withSections}, or if there is no turn for each pair of a position
   */
  public RotaryTable withInterleavedSections(int... sections) {
    return withSections(sections, true);
  }

  private RotaryTable withSections(int[] counts, boolean inTurn) {
    Objects.requireNonNull(counts, "sections");
    int[] newSectionOf = new int[pairs()];
    long from = 0;
    for (int section = 0; section < counts.length; section++) {
      Checks.atLeast("sections[" + section + "]", counts[section], 1);
      for (int i = 0; section > 0 && i < counts[section]; i++) {
        long pair = inTurn ? (long) i * counts.length + section : from + i;
        Checks.atMost("pair " + i + " of sections[" + section + "]", pair, "the last pair", pairs() - 1);
        newSectionOf[(int) pair] = section;
      }
      from += counts[section];
    }
    Checks.same("the sum of sections", from, "the number of pairs", pairs());
    return new RotaryTable(form, source, lastPosition, newSectionOf);
  }

  /**
   * Returns a table of these cosines and sines, with form and sections of another table.
   *
   * @hidden
   */
  public RotaryTable like(RotaryTable other) {
    return new RotaryTable(other.form, source, lastPosition, other.sectionOf);
  }

  /** The largest position: 2<sup>31</sup> − 1 for a formula. */
  public int lastPosition() {
    return lastPosition;
  }

  /** Which elements form a pair. */
  public Form form() {
    return form;
  }

  /** Number of pairs that are rotated. */
  public int pairs() {
    return sectionOf.length;
  }

  /**
   * Number of positions of a row: more than 1 if the table has sections.
   *
   * @hidden
   */
  public int sections() {
    return sections;
  }

  /** Number of elements of a row that are rotated: two for each pair. */
  public int rotaryDim() {
    return 2 * pairs();
  }

  /**
   * Checks that there is one position, or one for each section, for each of {@code rows} rows, and that the table has them.
   *
   * @hidden
   */
  public void checkPositions(String name, int[] positions, String rowsName, long rows) {
    Objects.requireNonNull(positions, name);
    if (positions.length != rows && positions.length != sections * rows) {
      Checks.same(name + ".length", positions.length, (sections == 1 ? "" : sections + " * ") + rowsName, sections * rows);
    }
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] < 0 || positions[i] > lastPosition) {
        Checks.atLeast(name + "[" + i + "]", positions[i], 0);
        Checks.atMost(name + "[" + i + "]", positions[i], "the last position of the table", lastPosition);
      }
    }
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
   * The array that keeps the row of a position, at {@link #index}; null if the table does not keep it.
   *
   * @hidden
   */
  public float @Nullable [] chunk(int position) {
    if (position >= limit) {
      return null;
    }
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
    for (int i = 0; i < CHUNK && which * CHUNK + i <= lastPosition; i++) {
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
    for (int pair = 0; pair < pairs(); pair++) {
      compute(position, pair, row, at);
    }
  }

  private void compute(int position, int pair, float[] row, int at) {
    float cosine = source.of(false, position, pair);
    float sine = source.of(true, position, pair);
    if (form == Form.HALF) {
      row[at + pair] = cosine;
      row[at + pairs() + pair] = sine;
    } else {
      int even = at + 2 * pair;
      row[even] = cosine;
      row[even + 1] = cosine;
      row[even + 2 * pairs()] = -sine;
      row[even + 2 * pairs() + 1] = sine;
    }
  }

  /**
   * Puts together, from index {@code at} of {@code row} on, a row whose sections have different positions: section s has positions[index +
   * s · stride].
   *
   * @hidden
   */
  public void combine(int[] positions, int index, int stride, float[] row, int at) {
    int half = rowSize() / 2;
    int width = half / pairs();
    for (int pair = 0; pair < pairs(); pair++) {
      int position = positions[index + sectionOf[pair] * stride];
      float[] kept = chunk(position);
      if (kept == null) {
        compute(position, pair, row, at);
      } else {
        int from = index(position) + pair * width;
        System.arraycopy(kept, from, row, at + pair * width, width);
        System.arraycopy(kept, from + half, row, at + half + pair * width, width);
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
