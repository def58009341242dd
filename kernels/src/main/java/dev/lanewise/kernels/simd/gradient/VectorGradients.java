package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.call.GradientKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.plain.ScalarGradients;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.product.ColumnProduct;
import dev.lanewise.kernels.simd.product.TransposedProduct;

/** The gradients of the SIMD kernels. */
public final class VectorGradients implements GradientKernels {
  private final ScalarGradients plain = new ScalarGradients();

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
    plain.columnSums(outputGradient, biasGradient);
  }

  @Override
  public void activation(Activation activation, Matrix x, Matrix outputGradient, Matrix inputGradient) {
    plain.activation(activation, x, outputGradient, inputGradient);
  }

  @Override
  public void gate(Activation activation, Gate gate) {
    plain.gate(activation, gate);
  }

  @Override
  public void norm(Norm norm) {
    plain.norm(norm);
  }

  @Override
  public void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient) {
    plain.softmax(weights, weightGradient, scoreGradient);
  }

  @Override
  public double crossEntropy(Matrix logits, Targets targets, float scale, Matrix logitGradient) {
    return plain.crossEntropy(logits, targets, scale, logitGradient);
  }

  @Override
  public void add(float factor, Matrix x, Matrix sum) {
    plain.add(factor, x, sum);
  }

  @Override
  public void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient) {
    plain.addRows(outputGradient, ids, tableGradient);
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
