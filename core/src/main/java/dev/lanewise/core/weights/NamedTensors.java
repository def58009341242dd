package dev.lanewise.core.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Tensors by name, as layers are loaded from: a {@link Safetensors} file, or arrays in memory ({@link #builder}). A tensor is dense, its
 * last dimension innermost; the shape of a single number is empty.
 */
public interface NamedTensors {

  /** The names, in the order in which the tensors are stored. */
  Set<String> names();

  /**
   * The dimensions of a tensor, outermost first, as a new array.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  long[] shape(String name);

  /**
   * All elements of a tensor, as a new array.
   *
   * @throws IllegalArgumentException if there is none of that name, or it holds no floats or more than an array can
   */
  float[] floats(String name);

  /**
   * As {@link #floats(String)}, for a tensor whose shape is known.
   *
   * @param expectedShape the dimensions, outermost first
   * @throws IllegalArgumentException if there is none of that name, or it has another shape; both shapes are named
   */
  default float[] floats(String name, long... expectedShape) {
    TensorCheck.one(this, name, expectedShape);
    return floats(name);
  }

  /**
   * Holds the tensors against what a model expects: the same names, the same shapes.
   *
   * @param expected the shape of each name
   * @throws IllegalArgumentException if a tensor is missing, there is one that is not expected, or one has another shape; one message names
   *     them with both shapes, the first 50 of them, and counts the rest
   */
  default void check(Map<String, long[]> expected) {
    TensorCheck.all(this, "", expected);
  }

  /**
   * How many layers the names count: how many numbers stand between {@code before} and a dot, at least 1. A layer that is left out in the
   * middle therefore shows as missing, see {@link #check}. Where numbers have one or two tensors each, fewer are counted, so that what is
   * expected stays a small multiple of what is there.
   *
   * @param before what stands before the number, such as {@code "encoder.layer."}
   */
  default int numbered(String before) {
    return TensorCheck.layers(names(), Objects.requireNonNull(before, "before"));
  }

  /**
   * The tensors whose names begin with a prefix, without it: a part of a model, such as {@code "layers.0."}. Messages name them in full.
   */
  default NamedTensors under(String prefix) {
    return new PrefixedTensors(this, Objects.requireNonNull(prefix, "prefix"));
  }

  /** To name arrays in memory. */
  static Builder builder() {
    return new Builder();
  }

  /** Names arrays, one after the other; not for several threads. */
  final class Builder {
    private final Map<String, MemoryTensors.Tensor> tensors = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a tensor.
     *
     * @param name its name, which is new
     * @param data its elements; the array is not copied and must not change
     * @param shape its dimensions, whose product is the length of the array, also step by step no more than a long; none for a single
     *     number
     * @throws IllegalArgumentException if the name has been added before, or shape and data disagree
     */
    public Builder add(String name, float[] data, long... shape) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(data, "data");
      Objects.requireNonNull(shape, "shape");
      MemoryTensors.Tensor tensor = new MemoryTensors.Tensor(data, shape.clone());
      TensorCheck.length(name, tensor.shape(), data.length);
      if (tensors.putIfAbsent(name, tensor) != null) {
        throw new IllegalArgumentException("tensor " + TensorText.quoted(name) + " is there twice");
      }
      return this;
    }

    /** The tensors so far. */
    public NamedTensors build() {
      return new MemoryTensors(Collections.unmodifiableMap(new LinkedHashMap<>(tensors)));
    }
  }
}
