package dev.lanewise.core.learn;

import dev.lanewise.core.weights.NamedTensors;
import java.util.List;
import java.util.Objects;

/**
 * Something with parameters that are learned: a layer or a model.
 *
 * <pre>{@code
 * model.clearGradients();
 * model.forward(x, y, trace);
 * model.backward(trace, outputGradient, null);
 * optimiser.step(learningRate); // created with model.parameters()
 * Safetensors.write(file, model.tensors());
 * }</pre>
 */
public interface Trainable {

  /** The parameters, each once, always in the same order. Their names are those within this layer. */
  List<Parameter> parameters();

  /** Sets all gradients to 0. */
  default void clearGradients() {
    parameters().forEach(Parameter::clearGradient);
  }

  /** Freezes all parameters, or gives all of them gradients again. */
  default void setFrozen(boolean frozen) {
    parameters().forEach(parameter -> parameter.setFrozen(frozen));
  }

  /** The parameters as tensors under their names. The arrays are shared, so later changes of the parameters are visible. */
  default NamedTensors tensors() {
    NamedTensors.Builder builder = NamedTensors.builder();
    parameters().forEach(parameter -> builder.add(parameter.name(), parameter.values(), parameter.shape()));
    return builder.build();
  }

  /**
   * Replaces the values of all parameters.
   *
   * @throws IllegalArgumentException if a tensor is missing, unexpected, or has another shape; nothing has been written then
   */
  default void load(NamedTensors tensors) {
    Objects.requireNonNull(tensors, "tensors");
    tensors.check(Parameter.shapes(parameters()));
    parameters().forEach(parameter -> tensors.read(parameter.name(), 0, parameter.values(), 0, parameter.size()));
  }
}
