package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.position.InputPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Positions that are added to the rows of the first layer: a learned table, whose parameter is {@code weight} of shape maxPositions ×
 * embedDim, or fixed sines and cosines without a parameter. Positions of packed sequences begin at 0 in each sequence.
 *
 * <pre>{@code
 * TrainablePositions positions = TrainablePositions.learned(TrainableEmbedding.normal(1, 512, 384, 0.02f));
 * positions.forward(x, trace); // adds to x
 * positions.backward(trace, gradient); // the gradient of x passes unchanged
 * }</pre>
 */
public final class TrainablePositions implements Trainable {
  private final @Nullable TrainableEmbedding table;
  private final @Nullable InputPositions fixed;

  private TrainablePositions(@Nullable TrainableEmbedding table, @Nullable InputPositions fixed) {
    this.table = table;
    this.fixed = fixed;
  }

  /** Creates learned positions: a row for each position. */
  public static TrainablePositions learned(TrainableEmbedding table) {
    return new TrainablePositions(Objects.requireNonNull(table, "table"), null);
  }

  /** Creates learned positions from the tensor {@code weight} under a prefix. */
  public static TrainablePositions learned(NamedTensors tensors, String prefix) {
    return learned(TrainableEmbedding.of(tensors, prefix));
  }

  /** Creates positions that do not learn, such as {@link Positions#sinusoidal(int)}. */
  public static TrainablePositions fixed(InputPositions positions) {
    return new TrainablePositions(null, Objects.requireNonNull(positions, "positions"));
  }

  /** Elements of a row. */
  public int embedDim() {
    return table == null ? toLayer().embedDim() : table.embedDim();
  }

  /** Number of positions. */
  public int count() {
    return table == null ? toLayer().count() : table.vocabulary();
  }

  @Override
  public List<Parameter> parameters() {
    return table == null ? List.of() : table.parameters();
  }

  /** Makes the positions for inference. */
  public InputPositions toLayer() {
    if (table != null) {
      return Positions.learned(table.weight().values(), table.vocabulary(), table.embedDim());
    }
    return Objects.requireNonNull(fixed);
  }

  /**
   * Adds the row of its position to each row.
   *
   * @param x batch × rows × embedDim, changed; packed sequences are those of the trace
   * @throws IllegalArgumentException if the width differs, packed sequences do not cover the rows, or there are too few positions; nothing
   *     has been written then
   */
  public void forward(SequenceBatch x, Trace trace) {
    LayerRows.checkWidth("x", x, "embedDim", embedDim());
    ViewChecks.writable("x", x.split(1));
    int[] positions = positions(x, trace.packedSequences());
    if (table == null) {
      toLayer().apply(x, positions);
      return;
    }
    for (int i = 0; i < positions.length; i++) {
      Checks.atMost("the position of row " + i % x.rows(), positions[i], "the last position", table.vocabulary() - 1L);
    }
    int borrowed = trace.borrowed();
    SequenceBatch rows = LayerRows.borrow(trace, x, x.width());
    table.forward(positions, rows, trace);
    LayerRows.add(trace, x, rows, x);
    trace.release(borrowed);
  }

  /** The position of each row, dense batch × rows. */
  private static int[] positions(SequenceBatch x, @Nullable PackedSequences sequences) {
    if (sequences == null) {
      return Positions.ofRows(x.rows(), new int[x.batch()]);
    }
    Checks.same("x.batch", x.batch(), "the batch of packed sequences", 1);
    Checks.same("x.rows", x.rows(), "queryStarts[last]", sequences.queryStart(sequences.count()));
    return Positions.ofRows(sequences);
  }

  /**
   * Adds to the gradient of the table, if there is one that learns. The gradient of the input is {@code gradient} itself.
   *
   * @param gradient the gradient of x after positions were added; not changed
   */
  public void backward(Trace trace, SequenceBatch gradient) {
    if (table != null) {
      table.backward(trace, gradient);
    }
  }
}
