package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A feed-forward network that learns: linear2(activation(linear1(x))), or gated, linear2(activation(gate(x)) · linear1(x)), see {@link
 * FeedForward}. Its parameters have the names of PyTorch's transformer layers: {@code linear1.weight}, {@code linear1.bias}, {@code
 * linear2.weight}, {@code linear2.bias}; those of a gate are {@code gate.weight} and {@code gate.bias}.
 *
 * <pre>{@code
 * TrainableFeedForward network = TrainableFeedForward.of(
 *     TrainableLinear.xavier(1, 384, 1536), TrainableLinear.xavier(2, 1536, 384), Activation.GELU);
 * network.forward(x, y, trace);
 * network.backward(trace, outputGradient, inputGradient);
 * }</pre>
 */
public final class TrainableFeedForward implements TrainableLayer {
  /** Cost of an element of an activation, in multiply-adds. */
  private static final int WORK = 32;

  private final @Nullable TrainableLinear gate;
  private final TrainableLinear up;
  private final TrainableLinear down;
  private final Activation activation;
  private final List<Parameter> parameters = new ArrayList<>();

  private TrainableFeedForward(@Nullable TrainableLinear gate, TrainableLinear up, TrainableLinear down, Activation activation) {
    this.gate = gate;
    this.up = Objects.requireNonNull(up, "linear1");
    this.down = Objects.requireNonNull(down, "linear2");
    this.activation = Objects.requireNonNull(activation, "activation");
    Checks.same("linear2.inputs", down.inputs(), "linear1.outputs", up.outputs());
    up.parameters().forEach(parameter -> parameters.add(parameter.under("linear1.")));
    down.parameters().forEach(parameter -> parameters.add(parameter.under("linear2.")));
    if (gate != null) {
      Checks.same("gate.inputs", gate.inputs(), "linear1.inputs", up.inputs());
      Checks.same("gate.outputs", gate.outputs(), "linear1.outputs", up.outputs());
      gate.parameters().forEach(parameter -> parameters.add(parameter.under("gate.")));
    }
  }

  /**
   * Creates the network linear2(activation(linear1(x))).
   *
   * @throws IllegalArgumentException if widths differ
   */
  public static TrainableFeedForward of(TrainableLinear linear1, TrainableLinear linear2, Activation activation) {
    return new TrainableFeedForward(null, linear1, linear2, activation);
  }

  /**
   * Creates the network linear2(activation(gate(x)) · linear1(x)).
   *
   * @throws IllegalArgumentException if widths differ
   */
  public static TrainableFeedForward gated(TrainableLinear gate, TrainableLinear linear1, TrainableLinear linear2, Activation activation) {
    return new TrainableFeedForward(Objects.requireNonNull(gate, "gate"), linear1, linear2, activation);
  }

  /**
   * Creates a network from the tensors of {@code linear1.}, {@code linear2.} and, if there is one, {@code gate.} under a prefix.
   *
   * @throws IllegalArgumentException if a weight is missing, or a shape does not fit
   */
  public static TrainableFeedForward of(NamedTensors tensors, String prefix, Activation activation) {
    NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
    TrainableLinear gate = module.names().contains("gate.weight") ? TrainableLinear.of(module, "gate.") : null;
    return new TrainableFeedForward(gate, TrainableLinear.of(module, "linear1."), TrainableLinear.of(module, "linear2."), activation);
  }

  /** Width of the input rows. */
  public int inputs() {
    return up.inputs();
  }

  /** Width of the output rows. */
  public int outputs() {
    return down.outputs();
  }

  /** The projection from the input to the hidden rows. */
  public TrainableLinear linear1() {
    return up;
  }

  /** The projection from the hidden rows to the output. */
  public TrainableLinear linear2() {
    return down;
  }

  /** The projection of the gate, or null. */
  public @Nullable TrainableLinear gate() {
    return gate;
  }

  @Override
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** Packs the network for inference, on one thread. */
  public FeedForward toLayer() {
    Linear linear1 = up.toLayer();
    Linear linear2 = down.toLayer();
    return gate == null ? FeedForward.of(linear1, linear2, activation) : FeedForward.gated(gate.toLayer(), linear1, linear2, activation);
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    LayerRows.checkForward(x, inputs(), y, outputs());
    Kernels kernels = trace.kernels();
    SequenceBatch before = LayerRows.keep(trace, x, up.outputs());
    up.forward(x, before, trace);
    if (gate == null) {
      SequenceBatch hidden = LayerRows.keep(trace, x, up.outputs());
      LayerRows.run(trace, WORK, (block, rows) -> kernels.activate(activation, rows[0], rows[1]), before, hidden);
      trace.keep(before);
      down.forward(hidden, y, trace);
    } else {
      SequenceBatch opened = LayerRows.keep(trace, x, up.outputs());
      gate.forward(x, opened, trace);
      SequenceBatch hidden = LayerRows.keep(trace, x, up.outputs());
      LayerRows.run(trace, WORK, (block, rows) -> kernels.gate(activation, rows[0], rows[1], rows[2]), opened, before, hidden);
      trace.keep(before);
      trace.keep(opened);
      down.forward(hidden, y, trace);
    }
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    LayerRows.checkGradients(outputGradient, outputs(), inputGradient, inputs());
    int borrowed = trace.borrowed();
    SequenceBatch hiddenGradient = LayerRows.borrow(trace, outputGradient, up.outputs());
    down.backward(trace, outputGradient, hiddenGradient);
    if (gate == null) {
      plainBackward(trace, hiddenGradient, inputGradient);
    } else {
      gatedBackward(gate, trace, hiddenGradient, inputGradient);
    }
    trace.release(borrowed);
  }

  private void plainBackward(Trace trace, SequenceBatch hiddenGradient, @Nullable SequenceBatch inputGradient) {
    BackwardKernels kernels = trace.kernels().backward();
    SequenceBatch before = trace.take(SequenceBatch.class);
    trace.take(SequenceBatch.class); // the buffer of the hidden rows
    LayerRows.run(trace, WORK, (block, rows) -> kernels.activation(activation, rows[0], rows[1], rows[1]), before, hiddenGradient);
    up.backward(trace, hiddenGradient, inputGradient);
    trace.take(SequenceBatch.class); // the buffer of the rows before the activation
  }

  private void gatedBackward(TrainableLinear opening, Trace trace, SequenceBatch hiddenGradient, @Nullable SequenceBatch inputGradient) {
    BackwardKernels kernels = trace.kernels().backward();
    SequenceBatch opened = trace.take(SequenceBatch.class);
    SequenceBatch before = trace.take(SequenceBatch.class);
    trace.take(SequenceBatch.class); // the buffer of the hidden rows
    SequenceBatch gateGradient = LayerRows.borrow(trace, hiddenGradient, up.outputs());
    LayerRows.run(
        trace,
        WORK,
        (block, rows) -> kernels.gate(activation, rows[0], rows[1], rows[2], rows[3], rows[2]),
        opened,
        before,
        hiddenGradient,
        gateGradient);
    SequenceBatch fromGate = inputGradient == null ? null : LayerRows.borrow(trace, hiddenGradient, inputs());
    opening.backward(trace, gateGradient, fromGate);
    trace.take(SequenceBatch.class); // the buffer of the gate's rows
    up.backward(trace, hiddenGradient, inputGradient);
    trace.take(SequenceBatch.class); // the buffer of the rows that the gate opens
    if (inputGradient != null && fromGate != null) {
      LayerRows.add(trace, inputGradient, fromGate, inputGradient);
    }
  }
}
