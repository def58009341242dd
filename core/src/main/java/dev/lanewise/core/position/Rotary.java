package dev.lanewise.core.position;

import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding (Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021): rotates the pairs of
 * elements of queries and keys by angles that grow with the row's position, so that their dot products depend on the distance between the
 * rows. Immutable and thread-safe: the {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * Rotary rotary = Rotary.of(128).withBase(500_000).withScaling(RotaryScaling.llama3(8, 1, 4, 8192));
 * rotary.apply(query, query, 0); // in place: row r of every batch entry has position r
 * rotary.apply(key, key, 0);
 * }</pre>
 *
 * <p>Pair i of a row at position p becomes (left · cos − right · sin, right · cos + left · sin) for the angle p · frequency(i), times the
 * scaling's attention factor, or for the caller's cosines and sines. The {@link RotaryTable.Form} decides which elements are left and
 * right. The first rotaryDim elements of a row are rotated, the others are copied. Angles, cosines and sines are computed in double, for
 * positions up to 2<sup>31</sup> − 1, and kept as floats for the next call; see {@link RotaryTable}. The bits of a result row depend only
 * on the input row and its position. A call runs on the caller's thread. It allocates nothing if earlier calls have used its positions.
 */
public final class Rotary implements LayerPositions {
  /** Twice the pairs of a {@link RotaryTable}. */
  private static final int MAX_ROTARY_DIM = 1 << 17;

  private final int headDim;
  private final RotaryTable table;
  private final Kernels kernels;
  private final double base;

  /** Null if the caller has given the table. */
  private final @Nullable RotaryScaling scaling;

  private Rotary(int headDim, RotaryTable table, Kernels kernels, double base, @Nullable RotaryScaling scaling) {
    this.headDim = headDim;
    this.table = table;
    this.kernels = kernels;
    this.base = base;
    this.scaling = scaling;
  }

  /**
   * Rotary positions that rotate all of a row, in the half form, with the frequencies of base 10 000, on the fastest kernels of this JVM.
   *
   * @param headDim elements of a row; even, from 2 to 131 072
   */
  public static Rotary of(int headDim) {
    return of("headDim", headDim, headDim);
  }

  /**
   * Rotary positions that rotate only the first elements of a row; otherwise as {@link #of(int)}.
   *
   * @param headDim elements of a row
   * @param rotaryDim number of elements that are rotated, from the first on; even, from 2 to 131 072
   */
  public static Rotary of(int headDim, int rotaryDim) {
    return of("rotaryDim", headDim, rotaryDim);
  }

  private static Rotary of(String name, int headDim, int rotaryDim) {
    Checks.atLeast(name, rotaryDim, 2);
    Checks.atMost(name, rotaryDim, "headDim", headDim);
    Checks.atMost(name, rotaryDim, "the largest that can be rotated", MAX_ROTARY_DIM);
    Checks.multiple(name, rotaryDim, "a pair's", 2);
    RotaryScaling none = RotaryScaling.none();
    return new Rotary(headDim, table(rotaryDim, 10_000, none), Kernels.selected(), 10_000, none);
  }

  /**
   * Rotary positions with the caller's table, of cosines and sines that a model brings or of any frequencies. They have neither base nor
   * scaling: the methods that set one throw an {@link IllegalStateException}.
   *
   * @param headDim elements of a row, at least {@code table.rotaryDim()}
   */
  public static Rotary of(int headDim, RotaryTable table) {
    Checks.atMost("table.rotaryDim", Objects.requireNonNull(table, "table").rotaryDim(), "headDim", headDim);
    return new Rotary(headDim, table, Kernels.selected(), 0, null);
  }

  private static RotaryTable table(int rotaryDim, double base, RotaryScaling scaling) {
    double[] frequencies = Objects.requireNonNull(scaling.frequencies(rotaryDim, base), "the frequencies of " + scaling);
    Checks.same("frequencies.length", frequencies.length, "rotaryDim / 2", rotaryDim / 2);
    return RotaryTable.of(RotaryTable.Form.HALF, frequencies, scaling.attentionFactor());
  }

  /** Returns a copy with frequencies that decrease from 1 towards 1/base; base is above 1. */
  public Rotary withBase(double newBase) {
    RotaryScalings.checkAbove("base", newBase, "1", 1);
    return withFormula(newBase, scaling);
  }

  /** Returns a copy with the frequencies and the attention factor of a model for longer contexts. */
  public Rotary withScaling(RotaryScaling newScaling) {
    return withFormula(base, Objects.requireNonNull(newScaling, "scaling"));
  }

  private Rotary withFormula(double newBase, @Nullable RotaryScaling newScaling) {
    if (scaling == null || newScaling == null) {
      throw new IllegalStateException("the table is the caller's: it has neither base nor scaling");
    }
    return new Rotary(headDim, table(rotaryDim(), newBase, newScaling).like(table), kernels, newBase, newScaling);
  }

  /** Returns a copy with this choice of the elements that form a pair. */
  public Rotary withForm(RotaryTable.Form newForm) {
    return new Rotary(headDim, table.withForm(newForm), kernels, base, scaling);
  }

  /** Returns a copy for rows with several positions, as M-RoPE has; see {@link RotaryTable#withSections}. */
  public Rotary withSections(int... sections) {
    return new Rotary(headDim, table.withSections(sections), kernels, base, scaling);
  }

  /** Returns a copy for rows with several positions that take turns, see {@link RotaryTable#withInterleavedSections}. */
  public Rotary withInterleavedSections(int... sections) {
    return new Rotary(headDim, table.withInterleavedSections(sections), kernels, base, scaling);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Rotary withKernels(Kernels newKernels) {
    return new Rotary(headDim, table, Objects.requireNonNull(newKernels, "kernels"), base, scaling);
  }

  /** Elements of a row. */
  public int headDim() {
    return headDim;
  }

  /** Number of elements of a row that are rotated. */
  public int rotaryDim() {
    return table.rotaryDim();
  }

  /** Cosines and sines of every position, for {@link Kernels#rotate(Heads, Heads, RotaryTable, int)}. */
  public RotaryTable table() {
    return table;
  }

  /**
   * Rotates consecutive rows, from the same position on in every batch entry. With sections, all positions of a row are the same.
   *
   * @param input batch × heads × rows × headDim
   * @param output batch × heads × rows × headDim, written; may be {@code input} itself
   * @param firstPosition row r has position firstPosition + r
   * @throws IllegalArgumentException if shapes differ, a position is negative or above the last of the table, elements of output overlap
   *     each other, or output overlaps input without being the same view; nothing has been written then
   */
  public void apply(Heads input, Heads output, int firstPosition) {
    checkWidth(input);
    kernels.rotate(input, output, table, firstPosition);
  }

  /**
   * Rotates rows with any positions. {@link Positions} makes those of consecutive rows, of packed sequences and of trees.
   *
   * @param positions dense batch × rows: the position of each row; with sections also sections × batch × rows, as Qwen2-VL's {@code
   *     position_ids}
   * @throws IllegalArgumentException as for {@link #apply(Heads, Heads, int)}, or if there is another number of positions
   */
  public void apply(Heads input, Heads output, int[] positions) {
    checkWidth(input);
    kernels.rotate(input, output, table, positions);
  }

  /**
   * Returns these rotary positions for the calls of a layer, with the given positions of the call's rows in place of those that layers
   * count: {@code layer.withPositions(rotary.at(7, 8, 30)).forward(x, caches, y)}. A tree of the mask does not change them.
   *
   * @param positions as for {@link #apply(Heads, Heads, int[])}; copied. A call with another number of queries, or of new keys, throws.
   */
  public LayerPositions at(int... positions) {
    return new RotaryEffect(this, Objects.requireNonNull(positions, "positions").clone());
  }

  private void checkWidth(Heads input) {
    Objects.requireNonNull(input, "input");
    Checks.same("input.width", input.width(), "headDim", headDim);
  }

  /**
   * The effect of rotary positions on the calls of a layer.
   *
   * @hidden
   */
  @Override
  @SuppressWarnings("exports") // the effect is internal: only layers use it
  public PositionEffect effect() {
    return new RotaryEffect(this, null);
  }

  @Override
  public String toString() {
    return "rotary(" + headDim() + ")";
  }
}
