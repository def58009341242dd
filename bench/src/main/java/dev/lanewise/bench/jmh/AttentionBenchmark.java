package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import org.openjdk.jmh.annotations.Param;

/** A whole call of {@link Attention} on one thread: 4 · heads · length² · headDim operations, about half of that when causal. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class AttentionBenchmark extends ScalarVersusVector {
  /** heads × length × headDim, as many queries as keys. */
  @Param({"12x128x64", "12x512x64", "3x113x59"})
  public String shape;

  /** Whether a query sees only the keys up to its own place. */
  @Param({"false", "true"})
  public boolean causal;

  private Heads query;
  private Heads key;
  private Heads value;
  private Heads output;
  private Mask mask;
  private ByPath<Attention> attention;

  @Override
  protected void prepare() {
    int[] sizes = Inputs.sizes(shape);
    query = Inputs.heads(sizes[0], sizes[1], sizes[2], 1);
    key = Inputs.heads(sizes[0], sizes[1], sizes[2], 2);
    value = Inputs.heads(sizes[0], sizes[1], sizes[2], 3);
    output = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    mask = causal ? Mask.causal() : Mask.none();
    attention = ByPath.of(kernels -> Attention.standard().withKernels(kernels).withMask(mask));
  }

  @Override
  protected double[] reference() {
    return ReferenceAttention.of(Attention.standard().withMask(mask), query, key, value).output();
  }

  @Override
  protected double flops() {
    return 4.0 * query.width() * query.heads() * visible();
  }

  @Override
  protected double bytes() {
    return 4.0 * Float.BYTES * query.data().length;
  }

  /** Pairs of a query and a key that it sees, of one head. */
  private double visible() {
    double length = query.rows();
    return causal ? length * (length + 1) / 2 : length * length;
  }

  @Override
  protected float[] run(Kernels kernels) {
    attention.on(kernels).compute(query, key, value, output);
    return output.data();
  }
}
