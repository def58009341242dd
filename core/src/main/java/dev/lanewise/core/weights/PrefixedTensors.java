package dev.lanewise.core.weights;

import dev.lanewise.core.layer.Linear;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tensors of another set whose names begin with a prefix, under names without the prefix. */
record PrefixedTensors(NamedTensors all, String prefix) implements NamedTensors {

  @Override
  public Set<String> names() {
    return all.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  @Override
  public long[] shape(String name) {
    return all.shape(prefix + Objects.requireNonNull(name, "name"));
  }

  @Override
  public Safetensors.Dtype dtype(String name) {
    return all.dtype(prefix + Objects.requireNonNull(name, "name"));
  }

  @Override
  public void read(String name, long first, float[] target, int offset, int length) {
    all.read(prefix + Objects.requireNonNull(name, "name"), first, target, offset, length);
  }

  @Override
  public byte[] bytes(String name) {
    return all.bytes(prefix + Objects.requireNonNull(name, "name"));
  }

  @Override
  public Linear linear(String name, float @Nullable [] bias, int inputs, int outputs, WeightFormat format) {
    return all.linear(prefix + Objects.requireNonNull(name, "name"), bias, inputs, outputs, format);
  }

  @Override
  public float[] floats(String name) {
    return all.floats(prefix + Objects.requireNonNull(name, "name"));
  }

  @Override
  public float[] floats(String name, long... expectedShape) {
    return all.floats(prefix + Objects.requireNonNull(name, "name"), expectedShape);
  }

  @Override
  public void check(Map<String, long[]> expected) {
    TensorCheck.all(all, prefix, expected);
  }

  @Override
  public NamedTensors under(String further) {
    return new PrefixedTensors(all, prefix + Objects.requireNonNull(further, "prefix"));
  }

  @Override
  public String toString() {
    return all + " under " + TensorText.quoted(prefix);
  }
}
