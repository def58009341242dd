package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A projection y = activation(x·Wᵀ + bias), with W of shape outputs × inputs as in PyTorch's {@code nn.Linear}. W is packed once. Immutable
 * and thread-safe; its arrays are copied. The weight may be stored in any {@link WeightFormat}: with a few rows, a projection takes as long
 * as reading its weight.
 *
 * <pre>{@code
 * Linear projection = Linear.of(weight, bias, inputs, outputs);
 * projection.withThreads(2).forward(x, y); // batch × rows × inputs to batch × rows × outputs, on two threads
 * }</pre>
 */
public final class Linear {
  /** Number of outputs in a part, when threads divide the outputs because there are few rows; a multiple of any panel width. */
  private static final int PART = 192;

  /** Number of rows in a task, when threads divide the rows; the kernels keep as many in the CPU cache at a time. */
  private static final int BLOCK_ROWS = 128;

  /** Number of row tasks for each thread from which on the outputs are not divided as well. */
  private static final long TASKS_PER_THREAD = 4;

  private final Kernels kernels;
  private final Activation activation;
  private final int threads;

  private final Part whole;
  private final Part[] parts;

  private Linear(Kernels kernels, Activation activation, int threads, Part whole, Part[] parts) {
    this.kernels = kernels;
    this.activation = activation;
    this.threads = threads;
    this.whole = whole;
    this.parts = parts;
  }

  /** A projection over a packed weight; copies a bias. */
  private static Linear of(PackedMatrix packed, float @Nullable [] bias, Kernels kernels, Activation activation, int threads) {
    Part[] parts = new Part[Math.ceilDiv(packed.outputs(), PART)];
    for (int part = 0; part < parts.length; part++) {
      int from = part * PART;
      int to = Math.min(from + PART, packed.outputs());
      parts[part] = new Part(from, packed.outputs(from, to), bias == null ? null : Arrays.copyOfRange(bias, from, to));
    }
    return new Linear(kernels, activation, threads, new Part(0, packed, bias == null ? null : bias.clone()), parts);
  }

  /** A range of outputs that begins with output {@code from}. */
  private record Part(int from, PackedMatrix weight, float @Nullable [] bias) {}

  /**
   * Creates a projection on one thread and the fastest kernels of this JVM.
   *
   * @param weight outputs × inputs, dense
   * @param bias outputs elements, or null for none
   * @throws IllegalArgumentException if inputs or outputs is below 1, or the length of an array does not fit them
   */
  public static Linear of(float[] weight, float @Nullable [] bias, int inputs, int outputs) {
    Objects.requireNonNull(weight, "weight");
    checkSizes(inputs, outputs, bias);
    Checks.same("weight.length", weight.length, "outputs * inputs", (long) outputs * inputs);
    Kernels kernels = Kernels.selected();
    return of(kernels.packTransposed(Matrix.of(weight, outputs, inputs)), bias, kernels, Activation.NONE, 1);
  }

  /**
   * Creates a projection whose weight is read an output at a time and stored in a format, on one thread and the fastest kernels of this
   * JVM. A weight in a file therefore never becomes a whole array of floats, unless that is the format.
   *
   * @param rows reads a row of the weight, which is outputs × inputs
   * @param bias outputs elements, or null for none
   * @throws IllegalArgumentException if inputs or outputs is below 1, the length of the bias does not fit, or the format cannot hold a
   *     number of the weight
   */
  public static Linear of(PackedMatrix.Rows rows, float @Nullable [] bias, int inputs, int outputs, WeightFormat format) {
    Objects.requireNonNull(rows, "rows");
    Objects.requireNonNull(format, "format");
    checkSizes(inputs, outputs, bias);
    Kernels kernels = Kernels.selected();
    return of(kernels.packRows(rows, inputs, outputs, format), bias, kernels, Activation.NONE, 1);
  }

  /**
   * Creates a projection from stored codes, unchanged.
   *
   * @hidden
   */
  public static Linear ofCodes(PackedMatrix.Codes rows, float @Nullable [] bias, int inputs, int outputs, WeightFormat format) {
    checkSizes(inputs, outputs, bias);
    Kernels kernels = Kernels.selected();
    return of(kernels.packCodes(rows, inputs, outputs, format), bias, kernels, Activation.NONE, 1);
  }

  private static void checkSizes(int inputs, int outputs, float @Nullable [] bias) {
    Checks.atLeast("inputs", inputs, 1);
    Checks.atLeast("outputs", outputs, 1);
    if (bias != null) {
      Checks.same("bias.length", bias.length, "outputs", outputs);
    }
  }

  /**
   * Returns a copy with this activation, over the same packed weight; the default is no activation. The activation is applied while the
   * product is still in the CPU cache, which saves a pass over the output.
   */
  public Linear withActivation(Activation newActivation) {
    return new Linear(kernels, Objects.requireNonNull(newActivation, "activation"), threads, whole, parts);
  }

  /** Returns a copy with this number of threads for each call, including the caller's; the packed weight is shared. */
  public Linear withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new Linear(kernels, activation, newThreads, whole, parts);
  }

  /** Returns a copy with these kernels, for which the weight is packed again with the same bits. */
  public Linear withKernels(Kernels newKernels) {
    Objects.requireNonNull(newKernels, "kernels");
    return newKernels == kernels ? this : of(newKernels.repack(whole.weight), whole.bias, newKernels, activation, threads);
  }

  /**
   * Returns a copy whose weight is stored in another format. The numbers are those of this weight, rounded to the format; a weight that was
   * rounded before is rounded twice then.
   *
   * @throws IllegalArgumentException if the format cannot hold a number of the weight; the message names the number by its output and input
   */
  public Linear withFormat(WeightFormat newFormat) {
    Objects.requireNonNull(newFormat, "format");
    if (newFormat == format()) {
      return this;
    }
    PackedMatrix.Rows rows = (output, target) -> whole.weight.row(output, target, 0);
    return of(kernels.packRows(rows, inputs(), outputs(), newFormat), whole.bias, kernels, activation, threads);
  }

  /** The format in which the weight is stored. */
  public WeightFormat format() {
    return whole.weight.format();
  }

  /**
   * The packed weight, whose rows {@link PackedMatrix#row} reads.
   *
   * @hidden
   */
  public PackedMatrix weight() {
    return whole.weight;
  }

  Activation activation() {
    return activation;
  }

  Kernels kernels() {
    return kernels;
  }

  int threads() {
    return threads;
  }

  /** Copies the weights of one output, a row of W. */
  void row(int output, float[] target, int to) {
    whole.weight.row(output, target, to);
  }

  /** Width of the input rows. */
  public int inputs() {
    return whole.weight.inputs();
  }

  /** Width of the output rows. */
  public int outputs() {
    return whole.weight.outputs();
  }

  /**
   * Projects every row. The bits of a row do not depend on the other rows or on the number of threads.
   *
   * @param input batch × rows × inputs
   * @param output batch × rows × outputs, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with input or with itself; nothing has been written then
   */
  public void forward(SequenceBatch input, SequenceBatch output) {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(output, "output");
    Checks.same("input.width", input.width(), "inputs", inputs());
    Checks.same("output.width", output.width(), "outputs", outputs());
    Checks.same("output.batch", output.batch(), "input.batch", input.batch());
    Checks.same("output.rows", output.rows(), "input.rows", input.rows());
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), "input", input.split(1));
    if (output.batch() == 0 || output.rows() == 0) {
      return;
    }
    if (threads == 1) {
      alone(input, output);
    } else {
      Tasks tasks = new Tasks(input, output);
      Workers.run(threads, tasks.work, tasks.count, tasks::run);
    }
  }

  /**
   * Projects several inputs, each with its own projection, as {@link #forward} does, but starts the threads only once. The projections have
   * the same number of threads. The caller checks shapes and overlaps.
   */
  static void forwardAll(List<Linear> projections, List<SequenceBatch> inputs, List<SequenceBatch> outputs) {
    int threads = projections.get(0).threads;
    if (threads == 1) {
      for (int i = 0; i < projections.size(); i++) {
        projections.get(i).alone(inputs.get(i), outputs.get(i));
      }
      return;
    }
    List<Tasks> all = new ArrayList<>();
    long work = 0;
    int count = 0;
    for (int i = 0; i < projections.size(); i++) {
      Tasks tasks = projections.get(i).new Tasks(inputs.get(i), outputs.get(i));
      all.add(tasks);
      work += tasks.work;
      count += tasks.count;
    }
    Workers.run(
        threads,
        work,
        count,
        index -> {
          int task = index;
          int which = 0;
          while (task >= all.get(which).count) {
            task -= all.get(which++).count;
          }
          all.get(which).run(task);
        });
  }

  private void alone(SequenceBatch input, SequenceBatch output) {
    boolean merge = input.batch() > 1 && Rowwise.merges(input, output);
    SequenceBatch in = merge ? input.merged() : input;
    SequenceBatch out = merge ? output.merged() : output;
    for (int b = 0; b < in.batch() && in.rows() > 0; b++) {
      project(in, out, b, 0, in.rows(), whole);
    }
  }

  /** A call divided into tasks for several threads: blocks of rows, and parts of the outputs if there are few blocks. */
  private final class Tasks {
    private final SequenceBatch input;
    private final SequenceBatch output;
    private final long work;
    private final int blocks;
    private final int rowTasks;
    private final Part[] shares;
    private final int count;

    private Tasks(SequenceBatch input, SequenceBatch output) {
      boolean merge = Rowwise.merges(input, output);
      this.input = merge ? input.merged() : input;
      this.output = merge ? output.merged() : output;
      this.work = (long) input.batch() * input.rows() * inputs() * outputs();
      this.blocks = Math.ceilDiv(this.input.rows(), BLOCK_ROWS);
      this.rowTasks = this.input.batch() * blocks;
      this.shares = rowTasks >= threads * TASKS_PER_THREAD ? new Part[] {whole} : parts;
      this.count = rowTasks * shares.length;
    }

    private void run(int task) {
      int from = task % blocks * BLOCK_ROWS;
      int rows = Math.min(BLOCK_ROWS, input.rows() - from);
      project(input, output, task / blocks % input.batch(), from, rows, shares[task / rowTasks]);
    }
  }

  private void project(SequenceBatch input, SequenceBatch output, int b, int from, int rows, Part part) {
    Matrix rowsIn = input.matrix(b, from, rows, 0, input.width());
    kernels.product(rowsIn, part.weight, part.bias, activation, output.matrix(b, from, rows, part.from, part.weight.outputs()));
  }
}
