package dev.lanewise.core;

import dev.lanewise.kernels.AttentionProblem;
import dev.lanewise.kernels.AttentionProblemBuilder;
import dev.lanewise.kernels.Bias;
import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.KeyValueRows;
import dev.lanewise.kernels.Normaliser;
import dev.lanewise.kernels.RowFunction;
import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.Similarity;
import dev.lanewise.kernels.Stage;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the with… methods of {@link Attention} set. Changed only on a copy that nobody else has seen. */
final class AttentionSettings implements Cloneable {
  Kernels kernels;
  int threads = 1;
  Mask mask = Mask.none();
  @Nullable Float scale;
  Similarity similarity = Similarity.dot();
  float softcap;
  @Nullable Bias bias;
  float @Nullable [] slopes;
  @Nullable RowFunction scoreFunction;
  @Nullable RowFunction weightFunction;
  Normaliser normaliser = Normaliser.softmax();
  @Nullable SequenceStarts sequences;

  AttentionSettings(Kernels kernels) {
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

  /** Describes a call, but for what it hands out; shapes and mask have been checked. */
  AttentionProblemBuilder describe(Heads query, Heads key) {
    Objects.requireNonNull(query, "query");
    Objects.requireNonNull(key, "key");
    return describe(AttentionProblem.of(query, key), query, sequences == null ? Extents.of(query, key) : Extents.of(query, sequences));
  }

  /** The same of a call whose keys are cached. */
  AttentionProblemBuilder describe(Heads query, KeyValueRows[] cached) {
    Extents extents = Extents.of(query, cached, sequences);
    return describe(AttentionProblem.of(query, hasWindow(cached) ? windows(query, cached, extents) : cached), query, extents);
  }

  private static boolean hasWindow(KeyValueRows[] cached) {
    for (KeyValueRows rows : cached) {
      if (rows instanceof PageTable table && table.hasWindow()) {
        return true;
      }
    }
    return false;
  }

  /** Shapes must fit before it can be told which rows queries see. */
  private KeyValueRows[] windows(Heads query, KeyValueRows[] cached, Extents extents) {
    AttentionProblemBuilder builder = AttentionProblem.of(query, cached);
    if (sequences != null) {
      builder.sequences(sequences);
    }
    builder.checkShapes();
    return CacheWindows.rows(extents);
  }

  private AttentionProblemBuilder describe(AttentionProblemBuilder builder, Heads query, Extents extents) {
    builder.scale(scale(query)).similarity(similarity).softcap(softcap).normaliser(normaliser);
    if (bias != null) {
      builder.bias(bias);
    }
    if (slopes != null) {
      builder.slopes(slopes);
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
    builder.checkShapes();
    MaskRule rule = MaskRule.of(mask);
    rule.check(extents);
    Lowering lowering = new Lowering(extents);
    rule.lower(lowering);
    CacheWindows.lower(lowering);
    return builder.visibility(lowering.visibility());
  }

  private float scale(Heads query) {
    if (scale != null) {
      return scale;
    }
    return similarity.scalesByWidth() ? (float) (1 / Math.sqrt(query.width())) : 1;
  }
}
