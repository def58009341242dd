package dev.lanewise.core.weights;

import java.util.Map;
import java.util.Set;

/** Arrays in memory with names and shapes. */
record MemoryTensors(Map<String, Tensor> tensors) implements NamedTensors {

  record Tensor(float[] data, long[] shape) {}

  private Tensor tensor(String name) {
    return TensorCheck.present(tensors.get(name), name, this);
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
  public float[] floats(String name) {
    return tensor(name).data().clone();
  }

  @Override
  public String toString() {
    return tensors.size() + " tensors in memory";
  }
}
