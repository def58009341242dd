package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.cli.demo.FirstLayer.Projection;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import java.util.List;

/**
 * The steps of the layer as calls to be timed, each over all twelve heads, on the real queries, keys and values of a text. Heads are views
 * of the projected rows, as in the layer.
 */
final class Workload {
  /** Number of {@link #steps}. */
  static final int STEPS = 5;

  private static final float SCALE = (float) (1 / Math.sqrt(FirstLayer.HEAD_DIM));

  private final Kernels kernels;
  private final int threads;
  private final SequenceBatch x;
  private final Matrix input;
  private final PackedMatrix packedQuery;
  private final Projection queryProjection;
  private final Matrix query;
  private final Matrix[] queryHeads;
  private final Matrix[] keyHeads;
  private final Matrix[] valueHeads;
  private final Matrix[] scores;
  private final Matrix[] weights;
  private final Matrix[] outputHeads;
  private final MultiHeadAttention layer;
  private final SequenceBatch layerOutput;

  /**
   * A step of the layer.
   *
   * @param name what users see
   * @param flops floating-point operations a call, NaN where counting them says nothing
   * @param threads that share a call
   * @param call computes the step once
   */
  record Step(String name, double flops, int threads, Runnable call) {}

  Workload(FirstLayer model, SequenceBatch x, Kernels kernels, int threads) {
    this.kernels = kernels;
    this.threads = threads;
    this.x = x;
    int length = x.rows();
    input = Matrix.of(x.data(), length, FirstLayer.EMBED_DIM);
    queryProjection = model.query();
    packedQuery = pack(queryProjection);
    query = Matrix.zeros(length, FirstLayer.EMBED_DIM);
    queryHeads = heads(query);
    keyHeads = heads(projected(model.key()));
    valueHeads = heads(projected(model.value()));
    scores = squares(length);
    weights = squares(length);
    outputHeads = heads(Matrix.zeros(length, FirstLayer.EMBED_DIM));
    layer = model.attention(kernels).withThreads(threads);
    layerOutput = SequenceBatch.zeros(1, length, FirstLayer.EMBED_DIM);
    // Every step reads what the previous one wrote.
    project();
    scores();
    softmax();
  }

  /** The steps in the order of the data flow, then the layer as a whole. */
  List<Step> steps() {
    double rows = x.rows();
    double product = 2 * rows * FirstLayer.EMBED_DIM * FirstLayer.EMBED_DIM;
    double allHeads = 2 * rows * rows * FirstLayer.EMBED_DIM;
    return List.of(
        new Step("projection", product, 1, this::project),
        new Step("scores", allHeads, 1, this::scores),
        new Step("softmax", Double.NaN, 1, this::softmax),
        new Step("output", allHeads, 1, this::output),
        new Step("whole layer", 4 * product + 2 * allHeads, threads, () -> layer.forward(x, layerOutput)));
  }

  private void project() {
    kernels.product(input, packedQuery, queryProjection.bias(), query);
  }

  private void scores() {
    for (int head = 0; head < FirstLayer.NUM_HEADS; head++) {
      kernels.scores(queryHeads[head], keyHeads[head], SCALE, scores[head]);
    }
  }

  private void softmax() {
    for (int head = 0; head < FirstLayer.NUM_HEADS; head++) {
      kernels.softmax(scores[head], weights[head]);
    }
  }

  private void output() {
    for (int head = 0; head < FirstLayer.NUM_HEADS; head++) {
      kernels.output(weights[head], valueHeads[head], outputHeads[head]);
    }
  }

  private PackedMatrix pack(Projection projection) {
    return kernels.packTransposed(Matrix.of(projection.weight(), FirstLayer.EMBED_DIM, FirstLayer.EMBED_DIM));
  }

  private Matrix projected(Projection projection) {
    Matrix result = Matrix.zeros(input.rows(), FirstLayer.EMBED_DIM);
    kernels.product(input, pack(projection), projection.bias(), result);
    return result;
  }

  private static Matrix[] heads(Matrix rows) {
    Matrix[] heads = new Matrix[FirstLayer.NUM_HEADS];
    for (int head = 0; head < heads.length; head++) {
      heads[head] = rows.columns(head * FirstLayer.HEAD_DIM, (head + 1) * FirstLayer.HEAD_DIM);
    }
    return heads;
  }

  private static Matrix[] squares(int length) {
    Matrix[] squares = new Matrix[FirstLayer.NUM_HEADS];
    for (int head = 0; head < squares.length; head++) {
      squares[head] = Matrix.zeros(length, length);
    }
    return squares;
  }
}
