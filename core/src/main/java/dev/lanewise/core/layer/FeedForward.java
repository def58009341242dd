package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The position-wise feed-forward network: down(activation(up(x))) ("Attention Is All You Need", section 3.3), or gated, down(activation(
 * gate(x)) · up(x)) (Shazeer, "GLU variants improve transformer", 2020: SwiGLU with {@link Activation#SILU}). Bias and activation are
 * applied while a product is still in the CPU cache. Immutable and thread-safe.
 *
 * <p>For an example see {@link TransformerLayer}.
 */
public final class FeedForward {
  /** Number of rows that are computed at a time, so that the hidden layer takes a few megabytes whatever the batch. */
  private static final int CHUNK_ROWS = 512;

  /** Cost of an element of a gate, in multiply-adds. */
  private static final int GATE_WORK = 16;

  private static final int GATE_ROWS = 32;

  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 2);

  private final @Nullable Linear gate;
  private final Linear up;
  private final Linear down;
  private final Activation activation;

  private FeedForward(@Nullable Linear gate, Linear up, Linear down, Activation activation) {
    this.gate = gate;
    this.up = up;
    this.down = down;
    this.activation = activation;
    Checks.same("down.inputs", down.inputs(), "up.outputs", up.outputs());
    if (gate != null) {
      Checks.same("gate.inputs", gate.inputs(), "up.inputs", up.inputs());
      Checks.same("gate.outputs", gate.outputs(), "up.outputs", up.outputs());
    }
  }

  /**
   * Creates the network down(activation(up(x))), on one thread.
   *
   * @param up embedDim to hidden, without an activation of its own
   * @param down hidden to embedDim
   */
  public static FeedForward of(Linear up, Linear down, Activation activation) {
    Objects.requireNonNull(up, "up");
    Objects.requireNonNull(down, "down");
    if (up.activation() != Activation.NONE) {
      throw new IllegalArgumentException("up has the activation " + up.activation() + ", but activation is " + activation);
    }
    return new FeedForward(null, up.withActivation(activation), down, activation).withThreads(1);
  }

  /** Creates the network down(activation(gate(x)) · up(x)), on one thread; gate has the shape of up. */
  public static FeedForward gated(Linear gate, Linear up, Linear down, Activation activation) {
    Objects.requireNonNull(gate, "gate");
    Objects.requireNonNull(up, "up");
    Objects.requireNonNull(down, "down");
    return new FeedForward(gate, up, down, Objects.requireNonNull(activation, "activation")).withThreads(1);
  }

  /** Returns a copy with this number of threads for each call, including the caller's; the weights are shared. */
  public FeedForward withThreads(int threads) {
    return with(linear -> linear.withThreads(threads));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public FeedForward withKernels(Kernels kernels) {
    return with(linear -> linear.withKernels(kernels));
  }

  private FeedForward with(UnaryOperator<Linear> change) {
    return new FeedForward(gate == null ? null : change.apply(gate), change.apply(up), change.apply(down), activation);
  }

  /** Width of the input rows. */
  public int inputs() {
    return up.inputs();
  }

  /** Width of the output rows. */
  public int outputs() {
    return down.outputs();
  }

  /**
   * Applies the network to every row. The bits of a row do not depend on the other rows or on the number of threads.
   *
   * @param x batch × rows × inputs
   * @param output batch × rows × outputs, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself; nothing has been written then
   */
  public void forward(SequenceBatch x, SequenceBatch output) {
    Objects.requireNonNull(x, "x");
    Objects.requireNonNull(output, "output");
    Checks.same("x.width", x.width(), "inputs", up.inputs());
    Checks.same("output.width", output.width(), "outputs", down.outputs());
    Checks.same("output.batch", output.batch(), "x.batch", x.batch());
    Checks.same("output.rows", output.rows(), "x.rows", x.rows());
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), "x", x.split(1));
    Scratch buffers = BUFFERS.take();
    try {
      boolean merge = Rowwise.merges(x, output);
      chunks(merge ? x.merged() : x, merge ? output.merged() : output, buffers);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private void chunks(SequenceBatch x, SequenceBatch output, Scratch buffers) {
    for (int b = 0; b < x.batch(); b++) {
      for (int row = 0; row < x.rows(); row += CHUNK_ROWS) {
        int rows = Math.min(CHUNK_ROWS, x.rows() - row);
        SequenceBatch in = part(x, b, row, row + rows);
        SequenceBatch hidden = SequenceBatch.buffer(buffers, 0, in, up.outputs());
        if (gate == null) {
          up.forward(in, hidden);
        } else {
          SequenceBatch opened = SequenceBatch.buffer(buffers, 1, in, up.outputs());
          Linear.forwardAll(List.of(up, gate), List.of(in, in), List.of(hidden, opened));
          open(opened, hidden);
        }
        down.forward(hidden, part(output, b, row, row + rows));
      }
    }
  }

  /** Rows of a batch entry; the view itself if that is all of it. */
  private static SequenceBatch part(SequenceBatch x, int b, int from, int to) {
    return x.batch() == 1 && to - from == x.rows() ? x : x.batch(b, b + 1).rows(from, to);
  }

  int threads() {
    return up.threads();
  }

  /** Computes hidden = activation(gate) · hidden. */
  private void open(SequenceBatch opened, SequenceBatch hidden) {
    Kernels kernels = up.kernels();
    Rowwise.run(
        hidden,
        GATE_ROWS,
        GATE_WORK,
        up.threads(),
        (b, from, rows) -> {
          Matrix to = hidden.matrix(b, from, rows, 0, hidden.width());
          kernels.gate(activation, opened.matrix(b, from, rows, 0, hidden.width()), to, to);
        });
  }
}
