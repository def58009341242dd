package dev.lanewise.core.weights;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
   * The element type of a tensor.
   *
   * @throws IllegalArgumentException if there is no tensor of that name
   */
  default Safetensors.Dtype dtype(String name) {
    shape(name); // the tensor must exist
    return Safetensors.Dtype.F32;
  }

  /**
   * Reads {@code length} elements of a tensor from {@code first} on, converted as by {@link #floats(String)}.
   *
   * @param first index of the first element, counted over all dimensions
   * @param target receives the elements, from {@code offset} on
   * @throws IllegalArgumentException if there is no tensor of that name, its elements are no floats, or the range is not inside the tensor
   *     or the target
   */
  default void read(String name, long first, float[] target, int offset, int length) {
    float[] floats = floats(name);
    TensorCheck.range(name, floats.length, first, target, offset, length);
    System.arraycopy(floats, (int) first, target, offset, length);
  }

  /**
   * All elements of a tensor of 8-bit integers, as a new array.
   *
   * @throws IllegalArgumentException if there is no tensor of that name, its elements are no 8-bit integers, or they are more than an array
   *     can hold
   */
  default byte[] bytes(String name) {
    throw TensorCheck.noBytes(name, dtype(name));
  }

  /**
   * Makes a projection from a stored weight: floats are read an output at a time and rounded to {@code format}. Integer codes, as {@link
   * Builder#add(String, Linear)} stores them, are kept exactly, together with their format.
   *
   * <table>
   *   <caption>How a weight is stored under the name w, for outputs × inputs; a block is 32 inputs, the last one may be shorter</caption>
   *   <tr><th>format</th><th>w</th><th>w.scale, F32</th><th>w.zero, U8</th></tr>
   *   <tr><td>F32, F16, BF16</td><td>outputs × inputs</td><td></td><td></td></tr>
   *   <tr><td>INT8</td><td>I8, outputs × inputs</td><td>outputs</td><td></td></tr>
   *   <tr><td>INT8_BLOCK</td><td>I8, outputs × inputs</td><td>outputs × blocks</td><td></td></tr>
   *   <tr><td>INT4</td><td>U8, outputs × ⌈inputs / 2⌉</td><td>outputs × blocks</td><td></td></tr>
   *   <tr><td>INT4_ZERO</td><td>U8, outputs × ⌈inputs / 2⌉</td><td>outputs × blocks</td><td>outputs × blocks</td></tr>
   * </table>
   *
   * <p>Codes of 4 bits are two to a byte, the first input in the lower half. INT4 stores a code plus 8.
   *
   * @param name the name of the weight
   * @param bias outputs elements, or null for none
   * @param format the format of the projection: any for stored floats; for stored codes their own format, or one of floats, which stands
   *     for theirs
   * @throws IllegalArgumentException if a tensor is missing, has another shape or dtype, or a scale is not finite; if codes are stored in
   *     another integer format than {@code format} (the message contains both); or if the format cannot hold a number
   */
  default Linear linear(String name, float @Nullable [] bias, int inputs, int outputs, WeightFormat format) {
    return new StoredWeight(this, name, inputs, outputs).linear(bias, format);
  }

  /**
   * Checks that the tensors are what a model expects: the same names, the same shapes.
   *
   * @param expected the shape of each name; a weight may be stored as codes, see {@link #linear}, whose scales and zero points need not be
   *     expected
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
      TensorCheck.length(name, shape, data.length);
      put(name, MemoryTensors.Tensor.of(data, shape.clone()));
      return this;
    }

    /**
     * Adds the weight of a projection in its own format, under the names that {@link NamedTensors#linear} documents. {@link
     * Safetensors#write} writes codes and scales as they are; a weight of floats gets the dtype that its caller gives. Nothing is copied.
     *
     * @throws IllegalArgumentException if a name has been added before
     */
    public Builder add(String name, Linear linear) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(linear, "linear");
      StoredWeight.tensors(name, linear.weight()).forEach(this::put);
      return this;
    }

    private void put(String name, MemoryTensors.Tensor tensor) {
      if (tensors.putIfAbsent(name, tensor) != null) {
        throw new IllegalArgumentException("tensor " + TensorText.quoted(name) + " occurs twice");
      }
    }

    /** The tensors added so far. */
    public NamedTensors build() {
      return new MemoryTensors(Collections.unmodifiableMap(new LinkedHashMap<>(tensors)));
    }
  }
}
