package dev.lanewise.kernels;

import dev.lanewise.kernels.data.Matrix;

/** The example of kernels/README.md; {@link ReadmeTest} compares the two and runs it. */
final class ReadmeExample {
  private ReadmeExample() {}

  static Matrix run(float[] q, float[] k, float[] v) {
    // begin
    Kernels kernels = Kernels.selected();
    Matrix query = Matrix.of(q, 16, 64), key = Matrix.of(k, 100, 64), value = Matrix.of(v, 100, 64); // rows, columns
    Matrix scores = Matrix.zeros(16, 100), output = Matrix.zeros(16, 64);
    kernels.scores(query, key, 1 / 8f, scores); // QKᵀ / √64
    kernels.softmax(scores, scores); // each row, in place
    kernels.output(scores, value, output); // weights · V
    // end
    return output;
  }
}
