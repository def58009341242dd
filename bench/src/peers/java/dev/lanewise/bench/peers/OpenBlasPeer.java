package dev.lanewise.bench.peers;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;
import static org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.global.openblas_full;

/** OpenBLAS' SGEMM through bytedeco's bindings. */
final class OpenBlasPeer implements Peer {
  private final String core;

  OpenBlasPeer(int threads) {
    limit(threads);
    core = openblas_full.openblas_get_corename().getString();
  }

  /** Sets OpenBLAS' own number of threads, which programs that use OpenBLAS do not set. */
  static void limit(int threads) {
    blas_set_num_threads(threads);
  }

  @Override
  public String name() {
    return openblas.OPENBLAS_VERSION.strip() + ", " + core;
  }

  @Override
  public PeerTask product(ProductTask task) {
    int m = task.m;
    int k = task.k;
    int n = task.n;
    FloatPointer input = new FloatPointer(task.input);
    FloatPointer weight = new FloatPointer(task.weight);
    FloatPointer result = new FloatPointer((long) m * n);
    return new PeerTask(
        () -> cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, input, k, weight, n, 0, result, n),
        () -> {
          float[] copy = new float[m * n];
          result.get(copy);
          return copy;
        },
        () -> {
          input.close();
          weight.close();
          result.close();
        });
  }
}
