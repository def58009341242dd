package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.KeyValueCache;
import dev.lanewise.core.ReferenceAttention;
import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.KeyValueFormat;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One query against a cache, on one thread: 4 · heads · keys · headDim operations. These caches are small enough to stay in L2 or L3. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class DecodeBenchmark extends ScalarVersusVector {
  /** heads × keyValueHeads × keys × headDim. */
  @Param({"8x8x1024x64", "8x2x1024x64", "3x3x113x59"})
  public String shape;

  /** How the cache stores keys and values. */
  @Param public KeyValueFormat format;

  private Heads query;
  private Heads key;
  private Heads value;
  private Heads output;
  private KeyValueCache cache;
  private Attention scalarAttention;
  private Attention vectorAttention;

  /** Called by JMH. */
  public DecodeBenchmark() {}

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    query = Inputs.heads(sizes[0], 1, sizes[3], 1);
    key = Inputs.storableHeads(sizes[1], sizes[2], sizes[3], 2);
    value = Inputs.storableHeads(sizes[1], sizes[2], sizes[3], 3);
    output = Heads.zeros(1, sizes[0], 1, sizes[3]);
    cache = KeyValueCache.builder(sizes[1], sizes[3]).format(format).capacity(sizes[2]).build();
    cache.append(key, value);
    scalarAttention = Attention.standard().withKernels(SCALAR);
    vectorAttention = Attention.standard().withKernels(VECTOR);
  }

  @Override
  protected double[] reference() {
    return ReferenceAttention.of(query, key, value).output();
  }

  @Benchmark
  @Override
  public float[] scalar() {
    scalarAttention.compute(query, cache, output);
    return output.data();
  }

  @Benchmark
  @Override
  public float[] vector() {
    vectorAttention.compute(query, cache, output);
    return output.data();
  }
}
