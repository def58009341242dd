package dev.lanewise.core.call;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.page.CacheWindows;
import dev.lanewise.core.cache.page.PageTable;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionProblemBuilder;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The settings of {@link Attention}, as its with… methods set them. They are modified only on a copy that is not yet shared. */
public final class AttentionSettings implements Cloneable {
  public Kernels kernels;
  public int threads = 1;
  public Mask mask = Mask.none();
  public @Nullable Float scale;
  public Similarity similarity = Similarity.dot();
  public float softcap;
  public @Nullable Bias bias;
  public float @Nullable [] slopes;

  /** ALiBi slopes of the positions, see {@link PositionEffect}. At most one of slopes and bias is set. */
  @Nullable Bias positionBias;

  float @Nullable [] positionSlopes;
  public @Nullable RowFunction scoreFunction;
  public @Nullable RowFunction weightFunction;
  public Normaliser normaliser = Normaliser.softmax();
  public @Nullable PackedSequences sequences;

  public AttentionSettings(Kernels kernels) {
    this.kernels = kernels;
  }

  @Override
  public AttentionSettings clone() {
    try {
      return (AttentionSettings) super.clone();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e);
    }
  }

  /** Describes a call except for its results. Shapes and mask must have been checked. */
  public AttentionProblemBuilder describe(Heads query, Heads key) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    return describe(AttentionProblem.of(query, key), query, sequences == null ? Extents.of(query, key) : Extents.of(query, sequences));
  }

  /** Describes a call with cached keys except for its results. */
  public AttentionProblemBuilder describe(Heads query, CachedSequence[] cached) {
    Extents extents = Extents.of(query, cached, sequences);
    return describe(AttentionProblem.of(query, hasWindow(cached) ? windows(query, cached, extents) : cached), query, extents);
  }

  private static boolean hasWindow(CachedSequence[] cached) {
    for (CachedSequence rows : cached) {
      if (rows instanceof PageTable table && table.hasWindow()) {
        return true;
      }
    }
    return false;
  }

  /** The rows that the queries can see in each cache. Shapes must fit before these can be computed. */
  private CachedSequence[] windows(Heads query, CachedSequence[] cached, Extents extents) {
    AttentionProblemBuilder builder = AttentionProblem.of(query, cached);
    if (sequences != null) {
      builder.sequences(sequences);
    }
    builder.checkShapes();
    return CacheWindows.rows(extents);
  }

  /** Checks a call with these operands, without reading their elements. The caller checks the results. */
  public void check(Heads query, Heads key) {
    check(AttentionProblem.of(query, key), query, sequences == null ? Extents.of(query, key) : Extents.of(query, sequences));
  }

  /** Checks a call with cached keys in the same way. */
  public void check(Heads query, CachedSequence[] cached) {
    Extents extents = Extents.of(query, cached, sequences);
    check(AttentionProblem.of(query, hasWindow(cached) ? windows(query, cached, extents) : cached), query, extents);
  }

  private void check(AttentionProblemBuilder builder, Heads query, Extents extents) {
    set(builder, query);
    builder.check();
    mask.check(extents);
  }

  private AttentionProblemBuilder describe(AttentionProblemBuilder builder, Heads query, Extents extents) {
    set(builder, query);
    builder.checkShapes();
    mask.check(extents);
    Lowering lowering = new Lowering(extents);
    mask.lower(lowering);
    CacheWindows.lower(lowering);
    return builder.visibility(lowering.visibility());
  }

  private void set(AttentionProblemBuilder builder, Heads query) {
    builder.scale(scale(query)).similarity(similarity).softcap(softcap).normaliser(normaliser);
    if (bias != null) {
      builder.bias(bias);
    }
    if (positionBias != null) {
      builder.positionBias(positionBias);
    }
    float[] given = slopes == null ? positionSlopes : slopes;
    if (given != null) {
      builder.slopes(given);
      setTree(builder);
    }
    if (scoreFunction != null) {
      builder.change(Stage.CHANGED, scoreFunction);
    }
    if (weightFunction != null) {
      builder.change(Stage.WEIGHTS, weightFunction);
    }
    if (sequences != null) {
      builder.sequences(sequences);
    }
  }

  /** Checks that the view that a layer writes shares no element with the arrays that attention reads besides the rows of the layer. */
  public void checkApart(String name, Heads written) {
    checkApart(name, written, bias);
  }

  /**
   * Checks that a view is not in the array of a bias. A bias may begin at any offset and have any strides, so nothing may be written to its
   * array.
   */
  public static void checkApart(String name, Heads written, @Nullable Bias bias) {
    if (bias != null) {
      ViewChecks.disjoint(name, written, "bias", Heads.of(bias.data(), 1, 1, 1, bias.data().length));
    }
  }

  /** Depths of the nodes of the mask's tree; null if rows are positions. */
  public int @Nullable [] depths() {
    return mask.depths();
  }

  /**
   * Checks that the tree of the mask fits into calls of this shape.
   *
   * @return the depths of its nodes; null if there is no tree
   */
  public int @Nullable [] checkTree(int queries, int keys) {
    Checks.atLeast("queries", queries, 0);
    Checks.atLeast("keys", keys, 0);
    int[] depths = depths();
    if (depths != null) {
      Checks.atMost("parents.length", depths.length, "queries", queries);
      Checks.atMost("parents.length", depths.length, "keys", keys);
    }
    return depths;
  }

  /** Returns settings with this effect of positions on scores, in place of an earlier one. */
  public AttentionSettings withPositions(@Nullable Bias newPositionBias, float @Nullable [] newPositionSlopes) {
    AttentionSettings copy = clone();
    copy.positionBias = newPositionBias;
    copy.positionSlopes = newPositionSlopes;
    return copy.checked();
  }

  private void setTree(AttentionProblemBuilder builder) {
    int[] depths = depths();
    if (depths != null) {
      builder.treeDepths(depths);
    }
  }

  /**
   * Checks that slopes are set only once.
   *
   * @throws IllegalArgumentException naming both sources
   */
  public AttentionSettings checked() {
    if (slopes != null && positionSlopes != null) {
      throw new IllegalArgumentException(
          "slopes of withAlibi cannot be combined with the positions alibi(" + positionSlopes.length + "), which have slopes of their own");
    }
    return this;
  }

  private float scale(Heads query) {
    if (scale != null) {
      return scale;
    }
    return similarity.scalesByWidth() ? (float) (1 / Math.sqrt(query.width())) : 1;
  }
}
