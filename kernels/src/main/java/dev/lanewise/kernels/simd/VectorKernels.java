package dev.lanewise.kernels.simd;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.call.KernelProvider;
import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.selection.KernelSelection;
import dev.lanewise.kernels.simd.backward.BackwardPlan;
import dev.lanewise.kernels.simd.elementwise.RowArithmetic;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.elementwise.VectorNorms;
import dev.lanewise.kernels.simd.elementwise.VectorRotary;
import dev.lanewise.kernels.simd.elementwise.VectorSoftmax;
import dev.lanewise.kernels.simd.fused.AdditiveScores;
import dev.lanewise.kernels.simd.fused.ScoreScale;
import dev.lanewise.kernels.simd.gradient.VectorGradients;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.product.BlockedProduct;
import dev.lanewise.kernels.simd.product.ColumnProduct;
import dev.lanewise.kernels.simd.product.NarrowProduct;
import dev.lanewise.kernels.simd.product.ProductProblem;
import org.jspecify.annotations.Nullable;

/** SIMD kernels. Only {@link KernelSelection} creates an instance, after it has checked that the Vector API is present. */
public final class VectorKernels implements KernelProvider {
  private static final String PATH = "vector-" + Lanes.SPECIES.vectorBitSize();

  @Override
  public String path() {
    return PATH;
  }

  @Override
  public int lanes() {
    return Lanes.COUNT;
  }

  @Override
  public int panelWidth() {
    return Tiles.NR;
  }

  /** A kernel of consecutive elements; {@code padded} is scratch of one vector. */
  private interface Elements {
    void run(float[] x, int from, float[] result, int to, int length, float[] padded);
  }

  /** Runs a kernel on all elements, an interval of a row at a time, see {@link Interruption#INTERVAL}. */
  private static void run(Elements kernel, Matrix x, Matrix result) {
    boolean dense = x.isDense() && result.isDense();
    Matrix from = dense ? x.flat() : x;
    Matrix to = dense ? result.flat() : result;
    try (Scratch scratch = Scratch.take()) {
      for (int row = 0; row < from.rows(); row++) {
        for (int column = 0; column < from.columns(); column += Interruption.INTERVAL) {
          Interruption.check();
          int columns = Math.min(Interruption.INTERVAL, from.columns() - column);
          kernel.run(from.data(), from.index(row, column), to.data(), to.index(row, column), columns, scratch.lanes);
        }
      }
    }
  }

  @Override
  public void exp(Matrix x, Matrix result) {
    run(VectorSoftmax::exp, x, result);
  }

  @Override
  public void activate(Activation activation, Matrix x, Matrix result) {
    run((from, at, to, index, length, padded) -> VectorActivations.row(activation, from, at, to, index, length, padded), x, result);
  }

  @Override
  public void gate(Activation activation, Matrix gate, Matrix up, Matrix result) {
    try (Scratch scratch = Scratch.take()) {
      int often = Interruption.often(gate.columns());
      for (int row = 0; row < gate.rows(); row++) {
        Interruption.check(row, often);
        VectorActivations.gate(activation, gate, up, result, row, scratch);
      }
    }
  }

  @Override
  public void norm(NormProblem problem) {
    VectorNorms.run(problem);
  }

  @Override
  public void scores(Matrix query, Matrix key, float scale, Matrix scores) {
    try (Scratch scratch = Scratch.take()) {
      scores(query, key, ScoreScale.before(scale), scores, scratch);
      float after = ScoreScale.after(scale);
      for (int row = 0; after != 1 && row < scores.rows(); row++) {
        RowArithmetic.scale(scores.data(), scores.index(row, 0), scores.columns(), after);
      }
    }
  }

  /** Computes scores for as many keys at a time as are packed in the scratch. */
  public static void scores(Matrix query, Matrix key, float scale, Matrix scores, Scratch scratch) {
    int nc = ColumnProduct.vectorsPacked(key.columns());
    int from = 0;
    do { // once even without keys
      int to = Math.min(from + nc, key.rows());
      Matrix keys = key.rows(from, to);
      float[] panels = scratch.right(Packing.size(keys.rows(), keys.columns(), Tiles.NR));
      Packing.rows(keys, 0, keys.columns(), Tiles.NR, scale, panels, scratch);
      Matrix columns = key.rows() == keys.rows() ? scores : scores.columns(from, to);
      BlockedProduct.run(new ProductProblem(query, panels, 0, null, Activation.NONE, columns), scratch);
      from = to;
    } while (from < key.rows());
  }

  @Override
  public void additiveScores(Matrix query, Matrix key, float[] vector, Matrix scores) {
    try (Scratch scratch = Scratch.take()) {
      AdditiveScores.run(query, key, vector, scores, scratch);
    }
  }

  @Override
  public void softmax(Matrix scores, Matrix weights) {
    try (Scratch scratch = Scratch.take()) {
      VectorSoftmax.softmax(scores, weights, scratch);
    }
  }

  @Override
  public void logSoftmax(Matrix x, Matrix result) {
    try (Scratch scratch = Scratch.take()) {
      VectorSoftmax.logSoftmax(x, result, scratch);
    }
  }

  @Override
  public void output(Matrix weights, Matrix value, Matrix output) {
    try (Scratch scratch = Scratch.take()) {
      ColumnProduct.run(weights, value, output, scratch);
    }
  }

  @Override
  public void product(Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix result) {
    try (Scratch scratch = Scratch.take()) {
      float[] padded = bias == null ? null : scratch.bias(bias);
      if (weight.format() == WeightFormat.F32) {
        BlockedProduct.run(new ProductProblem(input, weight.data(), weight.panel(0), padded, activation, result), scratch);
      } else {
        NarrowProduct.run(input, weight, padded, activation, result, scratch);
      }
    }
  }

  @Override
  public void rotate(RotaryTable table, float[] x, int from, float[] y, int to, float[] angles, int at) {
    switch (table.form()) {
      case HALF -> VectorRotary.half(x, from, y, to, angles, at, table.pairs());
      case INTERLEAVED -> VectorRotary.interleaved(x, from, y, to, angles, at, table.pairs());
    }
  }

  @Override
  public AttentionTasks plan(AttentionProblem problem, int threads) {
    return VectorTasks.of(problem, threads);
  }

  @Override
  public AttentionTasks planBackward(BackwardProblem problem, int threads) {
    return BackwardPlan.of(problem, threads);
  }

  @Override
  public GradientKernels gradients() {
    return new VectorGradients();
  }
}
