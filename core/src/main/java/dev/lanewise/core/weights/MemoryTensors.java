package dev.lanewise.core.weights;

import dev.lanewise.core.weights.Safetensors.Dtype;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Arrays in memory with names and shapes. */
record MemoryTensors(Map<String, Tensor> tensors) implements NamedTensors {

  /** Copies a range of elements to an array. */
  @FunctionalInterface
  interface Floats {
    void read(long first, float[] target, int offset, int length);
  }

  /**
   * A tensor of floats or of bytes.
   *
   * @param floats its elements, if the dtype is one of floats
   * @param bytes makes an array of its elements, if the dtype is one of 8-bit integers
   */
  record Tensor(Dtype dtype, long[] shape, @Nullable Floats floats, @Nullable Supplier<byte[]> bytes) {
    static Tensor of(float[] data, long[] shape) {
      Floats floats = (first, target, offset, length) -> System.arraycopy(data, (int) first, target, offset, length);
      return new Tensor(Dtype.F32, shape, floats, null);
    }

    static Tensor ofBytes(Dtype dtype, Supplier<byte[]> bytes, long... shape) {
      return new Tensor(dtype, shape, null, bytes);
    }
  }

  private Tensor tensor(String name) {
    return TensorCheck.present(tensors.get(name), name, this);
  }

  private Floats readable(String name) {
    Tensor tensor = tensor(name);
    if (tensor.floats == null) {
      throw TensorCheck.noFloats(name, tensor.dtype);
    }
    return tensor.floats;
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  @Override
  public Dtype dtype(String name) {
    return tensor(name).dtype();
  }

  @Override
  public float[] floats(String name) {
    Floats floats = readable(name);
    float[] all = new float[Math.toIntExact(TensorCheck.elements(tensor(name).shape()))];
    floats.read(0, all, 0, all.length);
    return all;
  }

  @Override
  public void read(String name, long first, float[] target, int offset, int length) {
    Floats floats = readable(name);
    TensorCheck.range(name, TensorCheck.elements(tensor(name).shape()), first, target, offset, length);
    floats.read(first, target, offset, length);
  }

  @Override
  public byte[] bytes(String name) {
    Tensor tensor = tensor(name);
    if (tensor.bytes == null) {
      throw TensorCheck.noBytes(name, tensor.dtype);
    }
    return tensor.bytes.get();
  }

  @Override
  public String toString() {
    return tensors.size() + " tensors in memory";
  }
}
