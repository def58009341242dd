package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Some outputs of a projection that learns, which are consecutive rows of its weight. A packed {@code in_proj_weight} holds three of them.
 * Keeps nothing in the trace; the caller has checked the shapes. The weight is packed anew in each pass, since an optimiser may have
 * changed it; the packed copies are used again.
 */
final class OutputRange {
  /** Outputs or inputs in a task, a multiple of any panel width; a product has the same bits in any parts. */
  private static final int PART = 192;

  /** Rows in a task, when threads divide the rows; the kernels keep as many in the CPU cache at a time. */
  private static final int BLOCK_ROWS = 128;

  private final Parameter weight;
  private final int inputs;
  private final int from;
  private final int count;
  private final @Nullable Parameter bias;
  private final int biasFrom;

  /** The weight for y = x·Wᵀ and for dX = dY·W, as the kernels of the last pass pack it. */
  private @Nullable Packed forwardWeight;

  private @Nullable Packed backwardWeight;

  /** Whether nobody changes the parameters for now. */
  private boolean held;

  /** A packed weight. */
  private static final class Packed {
    private final Kernels kernels;
    private final PackedMatrix matrix;

    /** Whether the matrix has the numbers of the weight while nobody changes these. */
    private boolean isCurrent;

    private Packed(Kernels kernels, PackedMatrix matrix) {
      this.kernels = kernels;
      this.matrix = matrix;
    }
  }

  /**
   * Creates a range.
   *
   * @param weight all outputs × inputs
   * @param from the first output
   * @param count the number of outputs
   * @param bias one element for each output of a module, or null for none
   * @param biasFrom the element of the bias for the first output
   */
  OutputRange(Parameter weight, int from, int count, @Nullable Parameter bias, int biasFrom) {
    this.weight = weight;
    this.inputs = (int) weight.shape()[1];
    this.from = from;
    this.count = count;
    this.bias = bias;
    this.biasFrom = biasFrom;
  }

  Parameter weight() {
    return weight;
  }

  @Nullable Parameter bias() {
    return bias;
  }

  int inputs() {
    return inputs;
  }

  int count() {
    return count;
  }

  /** A copy of the bias of these outputs, or null. */
  float @Nullable [] biases() {
    return bias == null ? null : Arrays.copyOfRange(bias.values(), biasFrom, biasFrom + count);
  }

  private Matrix matrix() {
    return weight.matrix().rows(from, from + count);
  }

  /** Packs these outputs for inference, on one thread. */
  Linear toLayer() {
    return Linear.of(
        (output, target) -> System.arraycopy(weight.values(), (from + output) * inputs, target, 0, inputs),
        biases(),
        inputs,
        count,
        WeightFormat.F32);
  }

  /**
   * Says whether nobody changes the parameters for now, so that the passes of several blocks of rows pack the weight once.
   *
   * @param newHeld false before the parameters change
   */
  void setHeld(boolean newHeld) {
    held = newHeld;
    if (forwardWeight != null) {
      forwardWeight.isCurrent = false;
    }
    if (backwardWeight != null) {
      backwardWeight.isCurrent = false;
    }
  }

  /** y = x·Wᵀ + bias. */
  void forward(Trace trace, SequenceBatch x, SequenceBatch y) {
    forwardWeight = packed(trace, forwardWeight, true);
    product(trace, x, forwardWeight.matrix, biases(), y);
  }

  /** dX = dY·W, written. */
  void inputGradient(Trace trace, SequenceBatch outputGradient, SequenceBatch inputGradient) {
    backwardWeight = packed(trace, backwardWeight, false);
    product(trace, outputGradient, backwardWeight.matrix, null, inputGradient);
  }

  /** The weight as these kernels pack it. */
  private Packed packed(Trace trace, @Nullable Packed present, boolean transposed) {
    Kernels kernels = trace.kernels();
    Packed result = present;
    if (result == null || result.kernels != kernels) {
      result = new Packed(kernels, transposed ? kernels.packTransposed(matrix()) : kernels.pack(matrix()));
    } else if (!result.isCurrent) {
      pack(trace, result.matrix, transposed);
    }
    result.isCurrent = held;
    return result;
  }

  /** Packs the weight again, some outputs in each task. */
  private void pack(Trace trace, PackedMatrix target, boolean transposed) {
    BackwardKernels backward = trace.kernels().backward();
    Workers.run(
        trace.threads(),
        (long) inputs * count,
        Math.ceilDiv(target.outputs(), PART),
        task -> {
          int first = task * PART;
          int end = Math.min(first + PART, target.outputs());
          if (transposed) {
            backward.packTransposed(matrix().rows(first, end), target.outputs(first, end));
          } else {
            backward.pack(matrix().columns(first, end), target.outputs(first, end));
          }
        });
  }

  /** A product in blocks of rows, and in parts of its outputs if there are few blocks. */
  private void product(Trace trace, SequenceBatch x, PackedMatrix packed, float @Nullable [] addend, SequenceBatch y) {
    Kernels kernels = trace.kernels();
    int parts = LayerRows.parts(x, y);
    if (trace.threads() == 1) {
      for (int part = 0; part < parts; part++) {
        kernels.product(LayerRows.part(x, part, parts), packed, addend, LayerRows.part(y, part, parts));
      }
      return;
    }
    int rows = parts == 0 ? 0 : x.batch() / parts * x.rows();
    int blocks = Math.ceilDiv(rows, BLOCK_ROWS);
    boolean fewBlocks = (long) parts * blocks < 4L * trace.threads();
    int slices = fewBlocks ? Math.ceilDiv(packed.outputs(), PART) : 1;
    Workers.run(
        trace.threads(),
        work(x),
        parts * blocks * slices,
        task -> {
          int firstRow = task % blocks * BLOCK_ROWS;
          int endRow = Math.min(firstRow + BLOCK_ROWS, rows);
          int part = task / blocks % parts;
          int first = task / (blocks * parts) * PART;
          int end = slices == 1 ? packed.outputs() : Math.min(first + PART, packed.outputs());
          kernels.product(
              LayerRows.part(x, part, parts).rows(firstRow, endRow),
              slices == 1 ? packed : packed.outputs(first, end),
              addend == null || slices == 1 ? addend : Arrays.copyOfRange(addend, first, end),
              LayerRows.part(y, part, parts).rows(firstRow, endRow).columns(first, end));
        });
  }

  /** dW += dYᵀ·X and dBias += Σ dY over all rows, except for frozen parameters: some rows of dW in each task, the bias in one more. */
  void parameterGradients(Trace trace, SequenceBatch x, SequenceBatch outputGradient) {
    int slices = weight.isFrozen() ? 0 : trace.threads() == 1 ? 1 : Math.ceilDiv(count, PART);
    int part = slices == 1 ? count : PART;
    float[] sums = bias == null || bias.isFrozen() ? null : new float[count];
    Workers.run(
        trace.threads(),
        work(x),
        slices + (sums == null ? 0 : 1),
        task -> {
          if (task == slices && sums != null) {
            LayerRows.columnSums(trace, outputGradient, sums);
          } else {
            int first = task * part;
            weightGradient(trace, x, outputGradient, first, Math.min(first + part, count));
          }
        });
    if (bias != null && sums != null) {
      bias.addGradient(sums, biasFrom);
    }
  }

  /** Some rows of dW, over all rows of x in order. */
  private void weightGradient(Trace trace, SequenceBatch x, SequenceBatch outputGradient, int first, int end) {
    int parts = LayerRows.parts(x, outputGradient);
    Matrix gradient = weight.gradientMatrix().rows(from + first, from + end);
    for (int part = 0; part < parts; part++) {
      trace
          .kernels()
          .backward()
          .productWeight(LayerRows.part(outputGradient, part, parts).columns(first, end), LayerRows.part(x, part, parts), gradient);
    }
  }

  private long work(SequenceBatch rows) {
    return (long) rows.batch() * rows.rows() * inputs * count;
  }
}
