package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;

/**
 * Runs a layer with the model's shape, on zeros, while the model is being read. The JVM interprets vector code hundreds of times slower
 * than it runs compiled code, so without this the first text would wait for the compiler. It does nothing on a machine with one processor.
 */
final class WarmUp {
  private static final int ROWS = 16;
  private static final int HIDDEN = 4 * MiniLm.EMBED_DIM;

  /** Maximum number of runs. After this many everything is compiled, even if reading takes longer. */
  private static final int MOST = 200;

  private volatile boolean stopped;

  private WarmUp() {}

  static WarmUp start() {
    WarmUp warmUp = new WarmUp();
    if (Runtime.getRuntime().availableProcessors() > 1) {
      Thread.ofPlatform().daemon().name("minilm-warm-up").start(warmUp::run);
    }
    return warmUp;
  }

  /** Ends the warm-up after the layer that is running. */
  void stop() {
    stopped = true;
  }

  private void run() {
    try {
      work();
    } catch (OutOfMemoryError e) {
      // The caller will meet the same error and report it; otherwise the error only costs time.
      stopped = true;
    }
  }

  private void work() {
    TransformerLayer layer = layer().withPackedSequences(PackedSequences.of(0, ROWS));
    SequenceBatch x = SequenceBatch.zeros(1, ROWS, MiniLm.EMBED_DIM);
    for (int i = 0; i < MOST && !stopped; i++) {
      layer.forward(x, x);
    }
  }

  private static TransformerLayer layer() {
    int width = MiniLm.EMBED_DIM;
    float[] square = new float[width * width];
    float[] bias = new float[width];
    MultiHeadAttention attention =
        MultiHeadAttention.builder(width, MiniLm.NUM_HEADS)
            .query(square, bias)
            .key(square, bias)
            .value(square, bias)
            .output(square, bias)
            .build();
    float[] oblong = new float[width * HIDDEN];
    Linear up = Linear.of(oblong, new float[HIDDEN], width, HIDDEN);
    Linear down = Linear.of(oblong, bias, HIDDEN, width);
    Norm norm = Norm.layer(bias, bias, 1e-12f);
    return TransformerLayer.encoder(attention, norm, FeedForward.of(up, down, Activation.GELU), norm, Norm.Placement.POST);
  }
}
