package dev.lanewise.text.model;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs a layer of a shape, on zeros, while a model is being read. The JVM interprets vector code hundreds of times slower than it runs
 * compiled code, so without this the first text would wait for the compiler. It does nothing on a machine with one processor, or if earlier
 * models of the same shape had all runs.
 */
final class WarmUp {
  private static final int ROWS = 16;

  /** Maximum number of runs of a shape. After this many everything is compiled, even if reading takes longer. */
  private static final int MOST = 200;

  /** The runs of each shape so far. */
  private static final Map<Shape, AtomicInteger> RUNS = new ConcurrentHashMap<>();

  /** Largest width of a layer that is run, so that a config that names a huge width costs no memory. */
  private static final int MOST_WIDTH = 1024;

  private final int heads;
  private final int width;
  private final Activation activation;
  private volatile boolean stopped;

  private WarmUp(int heads, int headDim, Activation activation) {
    this.heads = heads;
    this.width = heads * headDim;
    this.activation = activation;
  }

  /**
   * Starts to run layers.
   *
   * @param headDim width of a head
   */
  static WarmUp start(int width, int headDim, Activation activation) {
    int head = Math.min(headDim, MOST_WIDTH);
    WarmUp warmUp = new WarmUp(Math.max(1, Math.min(width, MOST_WIDTH) / head), head, activation);
    if (Runtime.getRuntime().availableProcessors() > 1) {
      Thread.ofPlatform().daemon().name("lanewise-warm-up").start(warmUp::run);
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
    AtomicInteger runs = RUNS.computeIfAbsent(new Shape(heads, width, activation), shape -> new AtomicInteger());
    if (runs.get() >= MOST) {
      return;
    }
    TransformerLayer layer = layer().withPackedSequences(PackedSequences.of(0, ROWS));
    SequenceBatch x = SequenceBatch.zeros(1, ROWS, width);
    while (!stopped && runs.getAndIncrement() < MOST) {
      layer.forward(x, x);
    }
  }

  private TransformerLayer layer() {
    int hidden = 4 * width;
    float[] square = new float[width * width];
    float[] bias = new float[width];
    MultiHeadAttention attention =
        MultiHeadAttention.builder(width, heads).query(square, bias).key(square, bias).value(square, bias).output(square, bias).build();
    float[] oblong = new float[width * hidden];
    Linear up = Linear.of(oblong, new float[hidden], width, hidden);
    Linear down = Linear.of(oblong, bias, hidden, width);
    Norm norm = Norm.layer(bias, bias, 1e-12f);
    return TransformerLayer.encoder(attention, norm, FeedForward.of(up, down, activation), norm, Norm.Placement.POST);
  }

  private record Shape(int heads, int width, Activation activation) {}
}
