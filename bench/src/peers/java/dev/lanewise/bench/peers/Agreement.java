package dev.lanewise.bench.peers;

import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeModel;
import java.util.List;

/**
 * The distance between two programs' embeddings of the same texts.
 *
 * @param leastCosine the least cosine of any text
 * @param greatestDifference the greatest difference of any component
 */
record Agreement(double leastCosine, double greatestDifference) {
  /** Whether the embeddings are as near as the project requires. */
  boolean holds() {
    return leastCosine >= 0.999999 && greatestDifference <= 1e-5;
  }

  /** Compares text by text, so that ONNX Runtime pads nothing. */
  static Agreement of(IdEncoder model, OnnxRuntimeModel peer, List<int[]> texts) {
    float[][] ours = model.embed(texts);
    double leastCosine = 1;
    double greatestDifference = 0;
    for (int text = 0; text < texts.size(); text++) {
      float[] theirs = pooled(peer.lastHiddenStates(List.of(texts.get(text))).get(0));
      double dot = 0;
      double squares = 0;
      for (int i = 0; i < theirs.length; i++) {
        dot += (double) theirs[i] * ours[text][i];
        squares += (double) ours[text][i] * ours[text][i];
        greatestDifference = Math.max(greatestDifference, Math.abs(theirs[i] - ours[text][i]));
      }
      leastCosine = Math.min(leastCosine, dot / Math.sqrt(squares));
    }
    return new Agreement(leastCosine, greatestDifference);
  }

  /** The mean of the rows, divided by its length. */
  static float[] pooled(float[] rows) {
    double[] mean = new double[OnnxRuntimeModel.EMBED_DIM];
    for (int i = 0; i < rows.length; i++) {
      mean[i % mean.length] += rows[i];
    }
    double squares = 0;
    for (double x : mean) {
      squares += x * x;
    }
    float[] pooled = new float[mean.length];
    for (int i = 0; i < mean.length; i++) {
      pooled[i] = (float) (mean[i] / Math.sqrt(squares));
    }
    return pooled;
  }
}
