package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import org.openjdk.jmh.annotations.Param;

/** QKᵀ with its scale: 2 · queries · keys · headDim operations a call. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class ScoresBenchmark extends ScalarVersusVector {
  /** queries × keys × headDim. */
  @Param({"512x512x64", "113x203x59"})
  public String shape;

  private Matrix query;
  private Matrix key;
  private float scale;
  private Matrix scores;

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    query = Inputs.matrix(sizes[0], sizes[2], 1);
    key = Inputs.matrix(sizes[1], sizes[2], 2);
    scale = (float) (1 / Math.sqrt(sizes[2]));
    scores = Matrix.zeros(sizes[0], sizes[1]);
  }

  @Override
  protected double[] reference() {
    return ReferenceLayers.flat(ReferenceLayers.inDouble().products(ReferenceLayers.rows(query), ReferenceLayers.rows(key), scale));
  }

  @Override
  protected double flops() {
    return 2.0 * query.rows() * key.rows() * query.columns();
  }

  @Override
  protected double bytes() {
    return (double) Float.BYTES * (query.data().length + key.data().length + scores.data().length);
  }

  @Override
  protected float[] run(Kernels kernels) {
    kernels.scores(query, key, scale, scores);
    return scores.data();
  }
}
