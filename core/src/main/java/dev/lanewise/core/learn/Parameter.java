package dev.lanewise.core.learn;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A named array of numbers that are learned, with the gradient of the loss for each of them. Backward passes add to the gradient, and an
 * optimiser changes the values. A frozen parameter has no gradient. Mutable, and for one thread at a time.
 *
 * <pre>{@code
 * for (Parameter parameter : layer.parameters()) {
 *   if (!parameter.isFrozen()) {
 *     float[] values = parameter.values();
 *     float[] gradient = parameter.gradient();
 *     for (int i = 0; i < values.length; i++) {
 *       values[i] -= 0.1f * gradient[i];
 *     }
 *     parameter.clearGradient();
 *   }
 * }
 * }</pre>
 */
public final class Parameter {
  private final String name;
  private final Content content;

  private Parameter(String name, Content content) {
    this.name = name;
    this.content = content;
  }

  /** What parameters with different prefixes share. */
  private static final class Content {
    private final float[] values;
    private final long[] shape;
    private float @Nullable [] gradient;

    private Content(float[] values, long[] shape) {
      this.values = values;
      this.shape = shape;
      this.gradient = new float[values.length];
    }
  }

  /**
   * Creates a parameter with a gradient of zeros.
   *
   * @param name its name within its layer, such as {@code linear1.weight}
   * @param values its elements, dense, with the last dimension innermost; the array is not copied
   * @param shape its dimensions
   * @throws IllegalArgumentException if the product of the dimensions is not the length of the array
   */
  public static Parameter of(String name, float[] values, long... shape) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(values, "values");
    long size = 1;
    for (int i = 0; i < shape.length; i++) {
      Checks.atLeast("shape[" + i + "] of " + name, shape[i], 0);
      size = Checks.product("shape[" + i + "] of " + name, shape[i], "the product of the dimensions before it", size);
    }
    Checks.same("the number of values of " + name, values.length, "the product of its shape", size);
    return new Parameter(name, new Content(values, shape.clone()));
  }

  /** Creates a parameter with the name, the shape and a copy of the elements of a tensor. */
  static Parameter of(NamedTensors tensors, String name) {
    return of(name, tensors.floats(name), tensors.shape(name));
  }

  /** Returns this parameter under a name with a prefix. Values, gradient and frozen state are shared. */
  public Parameter under(String prefix) {
    return new Parameter(Objects.requireNonNull(prefix, "prefix") + name, content);
  }

  /** The shapes of parameters by their names, in their order. */
  static Map<String, long[]> shapes(List<Parameter> parameters) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    parameters.forEach(parameter -> shapes.put(parameter.name, parameter.shape()));
    return shapes;
  }

  /** Whether another parameter is the same one, perhaps under another prefix. */
  public boolean isSameAs(Parameter other) {
    return content == other.content;
  }

  /** The name within the layer that returned this parameter. */
  public String name() {
    return name;
  }

  /** The dimensions, outermost first, as a new array. */
  public long[] shape() {
    return content.shape.clone();
  }

  /** Number of elements. */
  public int size() {
    return content.values.length;
  }

  /** The elements themselves, not a copy. */
  public float[] values() {
    return content.values;
  }

  /**
   * The gradient itself, not a copy: an element for each of {@link #values}.
   *
   * @throws IllegalStateException if this parameter is frozen
   */
  public float[] gradient() {
    float[] gradient = content.gradient;
    if (gradient == null) {
      throw new IllegalStateException("parameter " + name + " is frozen and has no gradient");
    }
    return gradient;
  }

  /** Adds numbers to the gradient, to element {@code from} and those after it. */
  void addGradient(float[] added, int from) {
    float[] gradient = gradient();
    for (int i = 0; i < added.length; i++) {
      gradient[from + i] += added[i];
    }
  }

  /** The gradient, or null if this parameter is frozen. */
  float @Nullable [] gradientOrNull() {
    return content.gradient;
  }

  /** Whether this parameter is frozen: it has no gradient, and optimisers leave it alone. */
  public boolean isFrozen() {
    return content.gradient == null;
  }

  /** Freezes this parameter, or gives it a gradient of zeros again. */
  public void setFrozen(boolean frozen) {
    if (frozen != isFrozen()) {
      content.gradient = frozen ? null : new float[content.values.length];
    }
  }

  /** Sets the gradient to 0. */
  public void clearGradient() {
    if (content.gradient != null) {
      Arrays.fill(content.gradient, 0);
    }
  }

  /** The values as a matrix: the first dimension as rows, and the others as columns. */
  Matrix matrix() {
    return matrix(content.values);
  }

  /** The gradient as a matrix of the shape of {@link #matrix}. */
  Matrix gradientMatrix() {
    return matrix(gradient());
  }

  private Matrix matrix(float[] data) {
    int rows = content.shape.length == 0 ? 1 : (int) content.shape[0];
    return Matrix.of(data, rows, rows == 0 ? 0 : data.length / rows);
  }

  @Override
  public String toString() {
    return name + Arrays.toString(content.shape) + (isFrozen() ? ", frozen" : "");
  }
}
