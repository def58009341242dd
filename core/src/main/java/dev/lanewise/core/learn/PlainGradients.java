package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Matrix;

/** Gradients of products in plain loops. */
final class PlainGradients {
  private PlainGradients() {}

  static void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient) {
    for (int row = 0; row < outputGradient.rows(); row++) {
      for (int i = 0; i < weight.columns(); i++) {
        float sum = 0;
        for (int o = 0; o < weight.rows(); o++) {
          sum += outputGradient.data()[outputGradient.index(row, o)] * weight.data()[weight.index(o, i)];
        }
        inputGradient.data()[inputGradient.index(row, i)] = sum;
      }
    }
  }

  static void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient) {
    for (int o = 0; o < weightGradient.rows(); o++) {
      for (int i = 0; i < weightGradient.columns(); i++) {
        float sum = 0;
        for (int row = 0; row < input.rows(); row++) {
          sum += outputGradient.data()[outputGradient.index(row, o)] * input.data()[input.index(row, i)];
        }
        weightGradient.data()[weightGradient.index(o, i)] += sum;
      }
    }
  }

  static void columnSums(SequenceBatch outputGradient, float[] biasGradient) {
    for (int o = 0; o < outputGradient.width(); o++) {
      float sum = 0;
      for (int b = 0; b < outputGradient.batch(); b++) {
        for (int row = 0; row < outputGradient.rows(); row++) {
          sum += outputGradient.data()[outputGradient.index(b, row) + o];
        }
      }
      biasGradient[o] += sum;
    }
  }
}
