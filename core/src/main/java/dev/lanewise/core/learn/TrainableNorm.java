package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A norm of rows that learns: layer norm or RMS norm, see {@link Norm}. Its parameters are {@code weight} and, for a layer norm with a
 * bias, {@code bias}; PyTorch's {@code nn.LayerNorm} and {@code nn.RMSNorm}.
 *
 * <pre>{@code
 * TrainableNorm norm = TrainableNorm.layer(384, 1e-5f); // weights of 1, biases of 0
 * norm.forward(x, y, trace);
 * norm.backward(trace, outputGradient, inputGradient);
 * }</pre>
 */
public final class TrainableNorm implements TrainableLayer {
  /** Cost of an element, in multiply-adds. */
  private static final int WORK = 16;

  private final boolean centred;
  private final float epsilon;
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final List<Parameter> parameters;

  private TrainableNorm(boolean centred, float[] weight, float @Nullable [] bias, float epsilon) {
    Objects.requireNonNull(weight, "weight");
    Checks.atLeast("weight.length", weight.length, 1);
    Checks.epsilon(epsilon);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "weight.length", weight.length);
    }
    this.centred = centred;
    this.epsilon = epsilon;
    this.weight = Parameter.of("weight", weight.clone(), weight.length);
    this.bias = bias == null ? null : Parameter.of("bias", bias.clone(), bias.length);
    this.parameters = this.bias == null ? List.of(this.weight) : List.of(this.weight, this.bias);
  }

  /** Creates a layer norm with weights of 1 and biases of 0; {@code epsilon} is added to the variance. */
  public static TrainableNorm layer(int width, float epsilon) {
    return layer(ones(width), new float[width], epsilon);
  }

  /**
   * Creates a layer norm.
   *
   * @param weight an element for each column; copied
   * @param bias as long as weight, or null for none; copied
   * @param epsilon added to the variance; 1e-5 in PyTorch, 1e-12 in BERT
   */
  public static TrainableNorm layer(float[] weight, float @Nullable [] bias, float epsilon) {
    return new TrainableNorm(true, weight, bias, epsilon);
  }

  /** Creates an RMS norm with weights of 1; {@code epsilon} is added to the mean square. */
  public static TrainableNorm rms(int width, float epsilon) {
    return rms(ones(width), epsilon);
  }

  /** Creates an RMS norm; the weight is copied. */
  public static TrainableNorm rms(float[] weight, float epsilon) {
    return new TrainableNorm(false, weight, null, epsilon);
  }

  /**
   * Creates a layer norm from the tensors {@code weight} and, if there is one, {@code bias} under a prefix.
   *
   * @throws IllegalArgumentException if the weight is missing, or a shape does not fit
   */
  public static TrainableNorm layer(NamedTensors tensors, String prefix, float epsilon) {
    NamedTensors module = Objects.requireNonNull(tensors, "tensors").under(prefix);
    return layer(module.floats("weight"), module.names().contains("bias") ? module.floats("bias") : null, epsilon);
  }

  /** Creates an RMS norm from the tensor {@code weight} under a prefix. */
  public static TrainableNorm rms(NamedTensors tensors, String prefix, float epsilon) {
    return rms(Objects.requireNonNull(tensors, "tensors").under(prefix).floats("weight"), epsilon);
  }

  private static float[] ones(int width) {
    Checks.atLeast("width", width, 1);
    float[] ones = new float[width];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Width of the rows. */
  public int width() {
    return weight.size();
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Makes the norm for inference, on one thread. */
  public Norm toLayer() {
    return centred ? Norm.layer(weight.values(), bias == null ? null : bias.values(), epsilon) : Norm.rms(weight.values(), epsilon);
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch y, Trace trace) {
    LayerRows.checkForward(x, width(), y, width());
    toLayer().withKernels(trace.kernels()).withThreads(trace.threads()).forward(x, y);
    trace.keep(x);
  }

  /** Computes sum = x + branch and y = norm(sum), each row while it is in the CPU cache; keeps the sum. */
  void forwardSum(SequenceBatch x, SequenceBatch branch, SequenceBatch sum, SequenceBatch y, Trace trace) {
    toLayer().withKernels(trace.kernels()).withThreads(trace.threads()).forward(branch, x, sum, y);
    trace.keep(sum);
  }

  @Override
  public void backward(Trace trace, SequenceBatch outputGradient, @Nullable SequenceBatch inputGradient) {
    SequenceBatch x = trace.take(SequenceBatch.class);
    LayerRows.checkBackward(x, outputGradient, width(), inputGradient);
    int borrowed = trace.borrowed();
    SequenceBatch written = inputGradient == null ? LayerRows.borrow(trace, x, width()) : inputGradient;
    BackwardKernels kernels = trace.kernels().backward();
    int blocks = LayerRows.blocks(x, outputGradient, written);
    float @Nullable [][] weightGradients = weight.isFrozen() ? null : new float[blocks][width()];
    float @Nullable [][] biasGradients = bias == null || bias.isFrozen() ? null : new float[blocks][width()];
    LayerRows.run(
        trace,
        WORK,
        (block, rows) -> {
          float[] toWeight = weightGradients == null ? null : weightGradients[block];
          float[] toBias = biasGradients == null ? null : biasGradients[block];
          norm(kernels, rows, toWeight, toBias);
        },
        x,
        outputGradient,
        written);
    join(weightGradients, weight);
    if (bias != null) {
      join(biasGradients, bias);
    }
    trace.release(borrowed);
  }

  private void norm(BackwardKernels kernels, Matrix[] rows, float @Nullable [] weightGradient, float @Nullable [] biasGradient) {
    if (centred) {
      kernels.layerNorm(rows[0], weight.values(), epsilon, rows[1], rows[2], weightGradient, biasGradient);
    } else {
      kernels.rmsNorm(rows[0], weight.values(), epsilon, rows[1], rows[2], weightGradient);
    }
  }

  /** Adds the gradients of all blocks, in their order. */
  private static void join(float @Nullable [][] ofBlocks, Parameter parameter) {
    if (ofBlocks != null) {
      for (float[] ofBlock : ofBlocks) {
        parameter.addGradient(ofBlock, 0);
      }
    }
  }
}
