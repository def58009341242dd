package dev.lanewise.core.position;

import dev.lanewise.core.Attention;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

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
 * scaling's attention factor. The {@link RotaryTable.Form} decides which elements are left and right. The first rotaryDim elements of a row
 * are rotated, the others are copied. Angles, cosines and sines are computed in double, for positions up to 2<sup>31</sup> − 1, and kept as
 * floats for the next call; see {@link RotaryTable}. The bits of a result row depend only on the input row and its position. A call runs on
 * the caller's thread. It allocates nothing if earlier calls have used its positions.
 */
public final class Rotary implements LayerPositions {
  /** Twice the pairs of a {@link RotaryTable}. */
  private static final int MAX_ROTARY_DIM = 1 << 17;

  private final int headDim;
  private final int rotaryDim;
  private final double base;
  private final RotaryTable.Form form;
  private final RotaryScaling scaling;
  private final Kernels kernels;
  private final RotaryTable table;

  private Rotary(int headDim, int rotaryDim, double base, RotaryTable.Form form, RotaryScaling scaling, Kernels kernels) {
    this.headDim = headDim;
    this.rotaryDim = rotaryDim;
    this.base = base;
    this.form = form;
    this.scaling = scaling;
    this.kernels = kernels;
    double[] frequencies = Objects.requireNonNull(scaling.frequencies(rotaryDim, base), "the frequencies of " + scaling);
    Checks.same("frequencies.length", frequencies.length, "rotaryDim / 2", rotaryDim / 2);
    double attentionFactor = scaling.attentionFactor();
    if (!Double.isFinite(attentionFactor)) {
      throw new IllegalArgumentException("attentionFactor is " + attentionFactor + ", must be finite");
    }
    this.table = RotaryTable.of(form, frequencies, attentionFactor);
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
    return new Rotary(headDim, rotaryDim, 10_000, RotaryTable.Form.HALF, RotaryScaling.none(), Kernels.selected());
  }

  /** Returns a copy with frequencies that decrease from 1 towards 1/base; base is above 1. */
  public Rotary withBase(double newBase) {
    RotaryScalings.checkAbove("base", newBase, "1", 1);
    return new Rotary(headDim, rotaryDim, newBase, form, scaling, kernels);
  }

  /** Returns a copy with this choice of the elements that form a pair. */
  public Rotary withForm(RotaryTable.Form newForm) {
    return new Rotary(headDim, rotaryDim, base, Objects.requireNonNull(newForm, "form"), scaling, kernels);
  }

  /** Returns a copy with the frequencies and the attention factor of a model for longer contexts. */
  public Rotary withScaling(RotaryScaling newScaling) {
    return new Rotary(headDim, rotaryDim, base, form, Objects.requireNonNull(newScaling, "scaling"), kernels);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public Rotary withKernels(Kernels newKernels) {
    return new Rotary(headDim, rotaryDim, base, form, scaling, Objects.requireNonNull(newKernels, "kernels"));
  }

  /** Elements of a row. */
  public int headDim() {
    return headDim;
  }

  /** Number of elements of a row that are rotated. */
  public int rotaryDim() {
    return rotaryDim;
  }

  /** Cosines and sines of every position, for {@link Kernels#rotate(Heads, Heads, RotaryTable, int)}. */
  public RotaryTable table() {
    return table;
  }

  /**
   * Rotates consecutive rows, from the same position on in every batch entry.
   *
   * @param input batch × heads × rows × headDim
   * @param output batch × heads × rows × headDim, written; may be {@code input} itself
   * @param firstPosition row r has position firstPosition + r
   * @throws IllegalArgumentException if shapes differ, a position is negative or above 2<sup>31</sup> − 1, elements of output overlap each
   *     other, or output overlaps input without being the same view; nothing has been written then
   */
  public void apply(Heads input, Heads output, int firstPosition) {
    checkWidth(input);
    kernels.rotate(input, output, table, firstPosition);
  }

  /**
   * Rotates consecutive rows, from a different position on in each batch entry.
   *
   * @param firstPositions row r of batch entry b has position firstPositions[b] + r
   * @throws IllegalArgumentException as for {@link #apply(Heads, Heads, int)}, or if there are not batch numbers
   */
  public void applyFrom(Heads input, Heads output, int[] firstPositions) {
    checkWidth(input);
    kernels.rotateFrom(input, output, table, firstPositions);
  }

  /**
   * Rotates rows with any positions.
   *
   * @param positions dense batch × rows: the position of each row
   * @throws IllegalArgumentException as for {@link #apply(Heads, Heads, int)}, or if there are not batch · rows numbers
   */
  public void apply(Heads input, Heads output, int[] positions) {
    checkWidth(input);
    kernels.rotate(input, output, table, positions);
  }

  private void checkWidth(Heads input) {
    Objects.requireNonNull(input, "input");
    Checks.same("input.width", input.width(), "headDim", headDim);
  }

  @Override
  public Attention applyTo(Attention attention, int queries, int keys) {
    return Objects.requireNonNull(attention, "attention");
  }

  /**
   * The effect of rotary positions on the calls of a layer.
   *
   * @hidden
   */
  @Override
  @SuppressWarnings("exports") // the effect is internal: only layers use it
  public PositionEffect effect() {
    return new RotaryEffect(this);
  }

  @Override
  public String toString() {
    return "rotary(" + headDim() + ")";
  }
}
