package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableLayer;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A low-rank adapter of a projection (Hu et al., "LoRA: low-rank adaptation of large language models", 2021, formula 3): y = x·(W + (α/r)
 * B·A)ᵀ + bias, where W and the bias are frozen, A is r × inputs, and B is outputs × r. A trained adapter has few numbers, and so has the
 * state of its optimiser.
 *
 * <p>At first A is uniform in ±1/√inputs and B is 0, so the adapter changes nothing. Its parameters are {@code lora_A.weight} and {@code
 * lora_B.weight}, the names of Hugging Face's PEFT. Mutable, and for one thread at a time.
 *
 * <pre>{@code
 * LowRank adapted = LowRank.of(42, projection, 8, 16); // a seed, the projection, the rank r, and α
 * Optimiser optimiser = AdamW.of(adapted.parameters());
 * adapted.forward(x, y, trace);
 * adapted.backward(trace, outputGradient, null);
 * optimiser.step(1e-3);
 * Linear layer = adapted.toLayer(); // one projection for inference, as fast as before
 * }</pre>
 */
public final class LowRank implements TrainableLayer {
  private final TrainableLinear projection;
  private final TrainableLinear a;
  private final TrainableLinear b;
  private final float scale;
  private final List<Parameter> parameters;

  private LowRank(TrainableLinear projection, TrainableLinear a, TrainableLinear b, double alpha) {
    this.projection = projection;
    this.a = a;
    this.b = b;
    this.scale = (float) (alpha / a.outputs());
    this.parameters = List.of(a.weight().under("lora_A."), b.weight().under("lora_B."));
  }

  /**
   * Creates an adapter, and freezes the projection.
   *
   * @param seed chooses the first values of A
   * @param projection W and the bias; not copied
   * @param rank r: at least 1, at most the number of inputs and of outputs
   * @param alpha α, the factor of the adapter together with the rank; finite and not 0
   */
  public static LowRank of(long seed, TrainableLinear projection, int rank, double alpha) {
    int inputs = projection.inputs();
    int outputs = projection.outputs();
    float[] values = firstValues(seed, inputs, "outputs", outputs, rank, alpha);
    projection.setFrozen(true);
    TrainableLinear b = TrainableLinear.of(new float[Math.multiplyExact(outputs, rank)], null, rank, outputs);
    return new LowRank(projection, TrainableLinear.of(values, null, inputs, rank), b, alpha);
  }

  /** Checks the numbers of an adapter, and returns the first values of A: uniform in ±1/√inputs. */
  static float[] firstValues(long seed, long inputs, String outputsName, long outputs, int rank, double alpha) {
    Checks.atLeast("rank", rank, 1);
    Checks.atMost("rank", rank, "the smaller of inputs and " + outputsName, Math.min(inputs, outputs));
    if (!Double.isFinite(alpha) || alpha == 0) {
      throw new IllegalArgumentException("alpha is " + alpha + ", must be finite and not 0");
    }
    SplittableRandom random = new SplittableRandom(seed);
    float bound = (float) (1 / Math.sqrt((double) inputs));
    float[] values = new float[(int) (rank * inputs)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (2 * random.nextFloat() - 1) * bound;
    }
    return values;
  }

  /** The frozen projection. */
  public TrainableLinear projection() {
    return projection;
  }

  /** The rank r. */
  public int rank() {
    return a.outputs();
  }

  /** The parameters of the adapter: {@code lora_A.weight} and {@code lora_B.weight}. */
  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Packs W + (α/r) B·A, summed in double, and the bias for inference, on one thread. */
  public Linear toLayer() {
    int inputs = projection.inputs();
    int outputs = projection.outputs();
    float[] merged = new float[outputs * inputs];
    double[] row = new double[inputs];
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        row[i] = projection.weight().values()[o * inputs + i];
      }
      for (int r = 0; r < rank(); r++) {
        double factor = (double) scale * b.weight().values()[o * rank() + r];
        for (int i = 0; i < inputs; i++) {
          row[i] += factor * a.weight().values()[r * inputs + i];
        }
      }
      for (int i = 0; i < inputs; i++) {
        merged[o * inputs + i] = (float) row[i];
      }
    }
    Parameter bias = projection.bias();
    return Linear.of(merged, bias == null ? null : bias.values(), inputs, outputs);
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    Objects.requireNonNull(trace, "trace");
    projection.forward(x, y, trace);
    SequenceBatch hidden = trace.keep(x.batch(), x.rows(), rank());
    a.forward(x, hidden, trace);
    // The factor stands at the narrow rows: outputs and their gradients are as wide as the layer.
    scale(hidden);
    int borrowed = trace.borrowed();
    SequenceBatch change = trace.borrow(x.batch(), x.rows(), projection.outputs());
    b.forward(hidden, change, trace);
    add(change, y, trace);
    trace.release(borrowed);
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    Objects.requireNonNull(trace, "trace");
    int borrowed = trace.borrowed();
    SequenceBatch hiddenGradient = trace.borrow(outputGradient.batch(), outputGradient.rows(), rank());
    b.backward(trace, outputGradient, hiddenGradient);
    scale(hiddenGradient);
    SequenceBatch change = null;
    if (inputGradient != null) {
      change = trace.borrow(outputGradient.batch(), outputGradient.rows(), projection.inputs());
    }
    a.backward(trace, hiddenGradient, change);
    trace.take(SequenceBatch.class);
    projection.backward(trace, outputGradient, inputGradient);
    if (change != null && inputGradient != null) {
      add(change, inputGradient, trace);
    }
    trace.release(borrowed);
  }

  private void scale(SequenceBatch dense) {
    int size = dense.batch() * dense.rows() * dense.width();
    for (int i = 0; i < size; i++) {
      dense.data()[i] *= scale;
    }
  }

  private static void add(SequenceBatch x, SequenceBatch sum, Trace trace) {
    BackwardKernels kernels = trace.kernels().backward();
    for (int entry = 0; entry < x.batch(); entry++) {
      kernels.add(1, x.matrix(entry, 0, x.rows(), 0, x.width()), sum.matrix(entry, 0, x.rows(), 0, x.width()));
    }
  }
}
