package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** QKᵀ with its scale: 2 · queries · keys · headDim operations a call. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class ScoresBenchmark extends ScalarVersusVector {
  /** queries × keys × headDim. */
  @Param({"512x512x64", "113x203x59"})
  public String shape;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix query = Inputs.matrix(sizes[0], sizes[2], 1);
    Matrix key = Inputs.matrix(sizes[1], sizes[2], 2);
    Matrix scores = Matrix.zeros(sizes[0], sizes[1]);
    float scale = (float) (1 / Math.sqrt(sizes[2]));
    return new Task(
        kernels -> {
          kernels.scores(query, key, scale, scores);
          return scores.data();
        },
        2.0 * query.rows() * key.rows() * query.columns(),
        bytes(query.data(), key.data(), scores.data()),
        () -> ReferenceLayers.flat(ReferenceLayers.inDouble().products(ReferenceLayers.rows(query), ReferenceLayers.rows(key), scale)));
  }
}
