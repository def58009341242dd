package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A projection y = x·Wᵀ + bias that learns, with W of shape outputs × inputs; PyTorch's {@code nn.Linear}. Its parameters are {@code
 * weight} and, with a bias, {@code bias}. Gradients: dX = dY·W, dW = Σ dYᵀ·X, dBias = Σ dY over all rows.
 *
 * <pre>{@code
 * TrainableLinear projection = TrainableLinear.xavier(42, 384, 1536); // a seed, inputs, outputs
 * projection.forward(x, y, trace); // batch × rows × inputs to batch × rows × outputs
 * projection.backward(trace, outputGradient, inputGradient);
 * Linear layer = projection.toLayer();
 * }</pre>
 */
public final class TrainableLinear implements TrainableLayer {
  private final OutputRange range;
  private final List<Parameter> parameters;

  private TrainableLinear(int outputs, Parameter weight, @Nullable Parameter bias) {
    this.range = new OutputRange(weight, 0, outputs, bias, 0);
    this.parameters = bias == null ? List.of(weight) : List.of(weight, bias);
  }

  /**
   * Creates a projection.
   *
   * @param weight outputs × inputs, dense; copied
   * @param bias outputs elements, or null for none; copied
   * @throws IllegalArgumentException if inputs or outputs is below 1, or the length of an array does not fit them
   */
  public static TrainableLinear of(float[] weight, float @Nullable [] bias, int inputs, int outputs) {
    Objects.requireNonNull(weight, "weight");
    Checks.atLeast("inputs", inputs, 1);
    Checks.atLeast("outputs", outputs, 1);
    Checks.same("weight.length", weight.length, "outputs * inputs", (long) outputs * inputs);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "outputs", outputs);
    }
    return new TrainableLinear(
        outputs,
        Parameter.of("weight", weight.clone(), outputs, inputs),
        bias == null ? null : Parameter.of("bias", bias.clone(), outputs));
  }

  /**
   * Creates a projection from the tensors {@code weight} and, if there is one, {@code bias} under a prefix.
   *
   * @throws IllegalArgumentException if the weight is missing, or a shape does not fit
   */
  public static TrainableLinear of(NamedTensors tensors, String prefix) {
    NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
    float[] bias = module.names().contains("bias") ? module.floats("bias") : null;
    long[] shape = module.shape("weight");
    Checks.same("the number of dimensions of " + prefix + "weight", shape.length, "that of outputs × inputs", 2);
    return of(module.floats("weight"), bias, Math.toIntExact(shape[1]), Math.toIntExact(shape[0]));
  }

  /** Creates a projection with the weights of {@link Initialisation#xavier} and a bias of 0. */
  public static TrainableLinear xavier(long seed, int inputs, int outputs) {
    return of(Initialisation.xavier(seed).linear(inputs, outputs), "");
  }

  /**
   * Creates a projection over a parameter that exists already, such as the weight of an embedding (a tied head). Both layers add to the
   * same gradient.
   *
   * @param weight outputs × inputs
   */
  static TrainableLinear tied(Parameter weight) {
    long[] shape = weight.shape();
    return new TrainableLinear((int) shape[0], weight, null);
  }

  /** Width of the input rows. */
  public int inputs() {
    return range.inputs();
  }

  /** Width of the output rows. */
  public int outputs() {
    return range.count();
  }

  /** The weight, outputs × inputs. */
  public Parameter weight() {
    return range.weight();
  }

  /** The bias, or null. */
  public @Nullable Parameter bias() {
    return range.bias();
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Packs the projection for inference, on one thread. */
  public Linear toLayer() {
    return range.toLayer();
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    LayerRows.checkForward(x, inputs(), y, outputs());
    range.forward(trace, x, y);
    trace.keep(x);
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    SequenceBatch x = trace.take(SequenceBatch.class);
    LayerRows.checkBackward(x, outputGradient, outputs(), inputGradient);
    if (inputGradient != null) {
      range.inputGradient(trace, outputGradient, inputGradient);
    }
    range.parameterGradients(trace, x, outputGradient);
  }

  /** Says whether nobody changes the parameters for now, see {@link OutputRange#setHeld}. */
  void setHeld(boolean held) {
    range.setHeld(held);
  }
}
