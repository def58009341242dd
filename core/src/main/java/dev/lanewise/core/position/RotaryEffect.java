package dev.lanewise.core.position;

import dev.lanewise.core.call.AttentionSettings;
import dev.lanewise.core.call.PositionEffect;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Rotates the queries and keys of a layer. */
record RotaryEffect(Rotary rotary) implements PositionEffect {
  @Override
  public void checkLayer(int numHeads, int headDim, AttentionSettings settings) {
    Checks.same("positions.headDim", rotary.headDim(), "headDim", headDim);
  }

  @Override
  public void turn(AttentionSettings settings, Heads queries, Heads keys) {
    PackedSequences sequences = settings.sequences();
    int[] depths = settings.mask().depths();
    if (sequences != null) {
      rotary.apply(queries, queries, RowPositions.ofQueries(sequences, depths));
      rotary.apply(keys, keys, RowPositions.ofKeys(sequences, depths));
      return;
    }
    int[] first = new int[queries.batch()];
    Arrays.fill(first, Math.max(0, keys.rows() - queries.rows()));
    turn(queries, first, depths);
    Arrays.fill(first, Math.max(0, queries.rows() - keys.rows()));
    turn(keys, first, depths);
  }

  @Override
  public void turn(AttentionSettings settings, Heads queries, Heads keys, int[] before) {
    int[] depths = settings.mask().depths();
    turn(queries, before, depths);
    turn(keys, before, depths);
  }

  private void turn(Heads rows, int[] first, int @Nullable [] depths) {
    if (depths == null) {
      rotary.applyFrom(rows, rows, first);
    } else {
      rotary.apply(rows, rows, RowPositions.ofBatch(first, rows.rows(), depths));
    }
  }

  @Override
  public String toString() {
    return rotary.toString();
  }
}
