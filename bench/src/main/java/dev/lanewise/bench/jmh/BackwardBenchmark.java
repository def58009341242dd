package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.Gradients;
import dev.lanewise.core.Results;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceGradients;
import dev.lanewise.kernels.data.Heads;
import org.openjdk.jmh.annotations.Param;

/** The backward pass of {@link Attention} on one thread: 10 · heads · length² · headDim operations, about half of that when causal. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class BackwardBenchmark extends ScalarVersusVector {
  /** heads × length × headDim, as many queries as keys. */
  @Param({"12x128x64", "12x512x64", "3x113x59"})
  public String shape;

  /** Whether a query sees only the keys up to its own place. */
  @Param({"false", "true"})
  public boolean causal;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Heads query = Inputs.heads(sizes[0], sizes[1], sizes[2], 1);
    Heads key = Inputs.heads(sizes[0], sizes[1], sizes[2], 2);
    Heads value = Inputs.heads(sizes[0], sizes[1], sizes[2], 3);
    Heads outputGradient = Inputs.heads(sizes[0], sizes[1], sizes[2], 4);
    Heads output = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    float[] logSumExp = new float[sizes[0] * sizes[1]];
    Heads queryGradient = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    Heads keyGradient = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    Heads valueGradient = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    Gradients gradients = Gradients.of().withQuery(queryGradient).withKey(keyGradient).withValue(valueGradient);
    Attention plain = Attention.standard().withMask(causal ? Mask.causal() : Mask.none());
    plain.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
    ByPath<Attention> attention = ByPath.of(plain::withKernels);
    double length = sizes[1];
    double visible = causal ? length * (length + 1) / 2 : length * length; // pairs of a query and a key that it sees, of one head
    return new Task(
        kernels -> {
          attention.on(kernels).backward(query, key, value, output, logSumExp, outputGradient, gradients);
          return keyGradient.data();
        },
        10.0 * query.width() * query.heads() * visible,
        bytes(query.data(), key.data(), value.data(), outputGradient.data(), keyGradient.data()),
        () -> ReferenceGradients.of(plain, query, key, value, outputGradient).key());
  }
}
