package dev.lanewise.core.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Tensors by name, the source that layers are loaded from: a {@link Safetensors} file, or arrays in memory ({@link #builder}). A tensor is
 * dense, with the last dimension innermost. The shape of a single number is empty.
 */
public interface NamedTensors {

  /** The names, in the order in which the tensors are stored. */
  Set<String> names();

  /**
   * The dimensions of a tensor, outermost first, as a new array.
   *
   * @throws IllegalArgumentException if there is no tensor of that name
   */
  long[] shape(String name);

  /**
   * All elements of a tensor, as a new array.
   *
   * @throws IllegalArgumentException if there is no tensor of that name, its elements are no floats, or they are more than an array can
   *     hold
   */
  float[] floats(String name);

  /**
   * All elements of a tensor with a known shape, as by {@link #floats(String)}.
   *
   * @param expectedShape the dimensions, outermost first
   * @throws IllegalArgumentException if there is no tensor of that name, or it has another shape; the message contains both shapes
   */
  default float[] floats(String name, long... expectedShape) {
    TensorCheck.one(this, name, expectedShape);
    return floats(name);
  }

  /**
   * Checks that the tensors are what a model expects: the same names, the same shapes.
   *
   * @param expected the shape of each name
   * @throws IllegalArgumentException if a tensor is missing, unexpected, or has another shape; one message lists the first 50 of them with
   *     both shapes, and the number of the others
   */
  default void check(Map<String, long[]> expected) {
    TensorCheck.all(this, "", expected);
  }

  /**
   * Counts layers by their names: how many different numbers occur between {@code before} and a dot, at least 1. A missing layer in the
   * middle is therefore reported as missing, see {@link #check}. If a number has only one or two tensors, fewer layers are counted, so that
   * the number of expected tensors stays a small multiple of the number of existing tensors.
   *
   * @param before the text before the number, such as {@code "encoder.layer."}
   */
  default int numbered(String before) {
    return TensorCheck.layers(names(), Objects.requireNonNull(before, "before"));
  }

  /**
   * The tensors whose names begin with a prefix, under names without the prefix: a part of a model, such as {@code "layers.0."}. Messages
   * contain the full names.
   */
  default NamedTensors under(String prefix) {
    return new PrefixedTensors(this, Objects.requireNonNull(prefix, "prefix"));
  }

  /** Creates a builder for arrays in memory. */
  static Builder builder() {
    return new Builder();
  }

  /** Builder of named arrays in memory; not thread-safe. */
  final class Builder {
    private final Map<String, MemoryTensors.Tensor> tensors = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Adds a tensor.
     *
     * @param name its name, which must be new
     * @param data its elements; the array is not copied and must not change
     * @param shape its dimensions; their product must be the length of the array, and no partial product may exceed a long. Without
     *     dimensions the tensor is a single number
     * @throws IllegalArgumentException if the name has been added before, or shape and data disagree
     */
    public Builder add(String name, float[] data, long... shape) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(data, "data");
      Objects.requireNonNull(shape, "shape");
      MemoryTensors.Tensor tensor = new MemoryTensors.Tensor(data, shape.clone());
      TensorCheck.length(name, tensor.shape(), data.length);
      if (tensors.putIfAbsent(name, tensor) != null) {
        throw new IllegalArgumentException("tensor " + TensorText.quoted(name) + " occurs twice");
      }
      return this;
    }

    /** The tensors added so far. */
    public NamedTensors build() {
      return new MemoryTensors(Collections.unmodifiableMap(new LinkedHashMap<>(tensors)));
    }
  }
}
