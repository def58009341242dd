package dev.lanewise.bench.jmh;

import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import org.openjdk.jmh.annotations.Param;

/**
 * A projection by a packed weight, without bias: 2 · rows · inputs · outputs operations a call. Packing is paid once and not measured; each
 * path packs for its own panel width.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class ProductBenchmark extends ScalarVersusVector {
  /**
   * rows × inputs × outputs; the first two are the widening layer of a small encoder at 512 and 128 tokens, the last ones a decoder's next
   * token by a weight that no cache holds and by one that a cache does.
   */
  @Param({"512x384x1536", "128x384x1536", "113x203x59", "1x4096x4096", "1x384x1536"})
  public String shape;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix input = Inputs.matrix(sizes[0], sizes[1], 1);
    Matrix weight = Inputs.matrix(sizes[1], sizes[2], 2);
    ByPath<PackedMatrix> packed = ByPath.of(kernels -> kernels.pack(weight));
    Matrix result = Matrix.zeros(sizes[0], sizes[2]);
    return new Task(
        kernels -> {
          kernels.product(input, packed.on(kernels), null, result);
          return result.data();
        },
        2.0 * input.rows() * input.columns() * weight.columns(),
        bytes(input.data(), weight.data(), result.data()),
        () -> ReferenceLayers.product(input, weight));
  }
}
