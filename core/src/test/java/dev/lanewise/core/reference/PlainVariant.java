package dev.lanewise.core.reference;

import dev.lanewise.core.mask.lowering.Extents;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** Every result of a call, of any variant, by plain float code: the yardstick of {@link Budget}. Laid out as those of the reference. */
public final class PlainVariant {
  /** Empty if there is no value. */
  public final float[] output;

  public final float[] logSumExp;
  public final float[] columnSums;
  private final Map<Stage, float[]> scores = new EnumMap<>(Stage.class);

  /** Computes what {@code call} describes. */
  public PlainVariant(ReferenceAttention call) {
    Extents extents = call.extents();
    int heads = call.query.batch() * call.query.heads();
    int rows = heads * call.query.rows();
    int valueDim = call.value == null ? 0 : call.value.width();
    output = new float[rows * valueDim];
    logSumExp = new float[rows];
    columnSums = new float[heads * call.key.rows()];
    for (Stage stage : Stage.values()) {
      float[] dense = new float[rows * extents.mostKeys()];
      Arrays.fill(dense, stage == Stage.WEIGHTS ? 0 : Float.NEGATIVE_INFINITY);
      scores.put(stage, dense);
    }
    for (int b = 0; b < extents.batch(); b++) {
      for (int head = 0; head < call.query.heads(); head++) {
        for (int i = 0; i < extents.queries(b); i++) {
          keep(call, new PlainRow(call, extents, b, head, i), call.rowNumber(b, head, i));
        }
      }
    }
  }

  private void keep(ReferenceAttention call, PlainRow row, int n) {
    logSumExp[n] = row.logSumExp();
    if (call.value != null) {
      row.output(call.value, output, n * call.value.width());
    }
    row.addWeights(columnSums, n / call.query.rows() * call.key.rows());
    scores.forEach(
        (stage, dense) -> {
          float[] segment = row.at(stage);
          System.arraycopy(segment, 0, dense, n * (dense.length / logSumExp.length), segment.length);
        });
  }

  /** Scores at a stage, or weights. */
  public float[] scores(Stage stage) {
    return Objects.requireNonNull(scores.get(stage));
  }
}
