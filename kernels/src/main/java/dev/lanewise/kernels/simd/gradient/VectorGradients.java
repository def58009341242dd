package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.product.ColumnProduct;
import dev.lanewise.kernels.simd.product.TransposedProduct;

/** The gradients of the SIMD kernels. */
public final class VectorGradients implements GradientKernels {
  @Override
  public void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient) {
    try (Scratch scratch = Scratch.take()) {
      ColumnProduct.run(outputGradient, weight, inputGradient, scratch);
    }
  }

  @Override
  public void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient) {
    try (Scratch scratch = Scratch.take()) {
      TransposedProduct.add(outputGradient, input, weightGradient, scratch);
    }
  }

  @Override
  public void columnSums(Matrix outputGradient, float[] biasGradient) {
    RowSums.columnSums(outputGradient, biasGradient);
  }

  @Override
  public void activation(Activation activation, Matrix x, Matrix outputGradient, Matrix inputGradient) {
    boolean dense = x.isDense() && outputGradient.isDense() && inputGradient.isDense();
    Matrix from = dense ? x.flat() : x;
    Matrix dy = dense ? outputGradient.flat() : outputGradient;
    Matrix to = dense ? inputGradient.flat() : inputGradient;
    try (Scratch scratch = Scratch.take()) {
      for (int row = 0; row < from.rows(); row++) {
        for (int column = 0; column < from.columns(); column += Interruption.INTERVAL) {
          Interruption.check();
          int count = Math.min(Interruption.INTERVAL, from.columns() - column);
          int at = dy.index(row, column);
          int target = to.index(row, column);
          ActivationGradients.row(activation, from.data(), from.index(row, column), dy.data(), at, to.data(), target, count, scratch);
        }
      }
    }
  }

  @Override
  public void gate(Activation activation, Gate gate) {
    try (Scratch scratch = Scratch.take()) {
      int often = Interruption.often(gate.gate().columns());
      for (int row = 0; row < gate.gate().rows(); row++) {
        Interruption.check(row, often);
        ActivationGradients.gate(activation, gate, row, scratch);
      }
    }
  }

  @Override
  public void norm(Norm norm) {
    NormGradients.run(norm);
  }

  @Override
  public void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient) {
    try (Scratch scratch = Scratch.take()) {
      SoftmaxGradients.softmax(weights, weightGradient, scoreGradient, scratch);
    }
  }

  @Override
  public double crossEntropy(Matrix logits, Targets targets, float scale, Matrix logitGradient) {
    try (Scratch scratch = Scratch.take()) {
      return SoftmaxGradients.crossEntropy(logits, targets, scale, logitGradient, scratch);
    }
  }

  @Override
  public void add(float factor, Matrix x, Matrix sum) {
    int often = Interruption.often(x.columns());
    for (int row = 0; row < x.rows(); row++) {
      Interruption.check(row, often);
      RowSums.add(factor, x.data(), x.index(row, 0), sum.data(), sum.index(row, 0), x.columns());
    }
  }

  @Override
  public void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient) {
    int often = Interruption.often(outputGradient.columns());
    for (int row = 0; row < outputGradient.rows(); row++) {
      Interruption.check(row, often);
      int to = tableGradient.index(ids[row], 0);
      RowSums.add(1, outputGradient.data(), outputGradient.index(row, 0), tableGradient.data(), to, outputGradient.columns());
    }
  }

  @Override
  public void pack(Matrix weight, boolean transposed, PackedMatrix packed) {
    if (!weight.hasContiguousRows()) {
      packed.repack(weight, transposed);
    } else if (transposed) {
      try (Scratch scratch = Scratch.take()) {
        WeightPacking.packTransposed(weight, packed, scratch);
      }
    } else {
      WeightPacking.pack(weight, packed);
    }
  }
}
