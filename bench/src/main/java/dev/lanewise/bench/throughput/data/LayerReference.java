package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import java.util.List;

/**
 * Self-attention with its projections and every sum in double: the truth that float paths are measured against.
 *
 * @param heads how many heads the rows are split into
 * @param projections of query, key, value and output
 */
public record LayerReference(int heads, List<Projection> projections) {
  /**
   * A matrix and its bias.
   *
   * @param weight outputs × inputs, as PyTorch's {@code nn.Linear} has it
   * @param bias outputs elements
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Projection(float[] weight, float[] bias) {}

  /** Computes the layer's output, rows × embedDim, from the one sequence of {@code x}. */
  public double[] compute(SequenceBatch x) {
    double[][] rows = ReferenceLayers.rows(x, 0);
    double[][] query = projected(rows, 0);
    double[][] attended = ReferenceLayers.inDouble().attention(query, projected(rows, 1), projected(rows, 2), heads, heads, call -> call);
    return ReferenceLayers.flat(projected(attended, 3));
  }

  private double[][] projected(double[][] rows, int which) {
    Projection projection = projections.get(which);
    return ReferenceLayers.inDouble().linear(rows, projection.weight, projection.bias);
  }
}
