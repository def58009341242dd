package dev.lanewise.kernels;

import dev.lanewise.kernels.call.GradientKernels.Gate;
import dev.lanewise.kernels.call.GradientKernels.Norm;
import dev.lanewise.kernels.call.GradientKernels.Targets;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The checks of the arguments of {@link BackwardKernels}. */
final class GradientChecks {
  private GradientChecks() {}

  static void productInput(Matrix outputGradient, Matrix weight, Matrix inputGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(inputGradient, "inputGradient");
    Checks.same("weight.rows", weight.rows(), "outputGradient.columns", outputGradient.columns());
    Checks.same("inputGradient.rows", inputGradient.rows(), "outputGradient.rows", outputGradient.rows());
    Checks.same("inputGradient.columns", inputGradient.columns(), "weight.columns", weight.columns());
    ViewChecks.writes("inputGradient", inputGradient, "outputGradient", outputGradient);
    ViewChecks.disjoint("inputGradient", inputGradient, "weight", weight);
  }

  static void productWeight(Matrix outputGradient, Matrix input, Matrix weightGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(weightGradient, "weightGradient");
    Checks.same("input.rows", input.rows(), "outputGradient.rows", outputGradient.rows());
    Checks.same("weightGradient.rows", weightGradient.rows(), "outputGradient.columns", outputGradient.columns());
    Checks.same("weightGradient.columns", weightGradient.columns(), "input.columns", input.columns());
    ViewChecks.writes("weightGradient", weightGradient, "outputGradient", outputGradient);
    ViewChecks.disjoint("weightGradient", weightGradient, "input", input);
  }

  static void columnSums(Matrix outputGradient, float[] biasGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    Objects.requireNonNull(biasGradient, "biasGradient");
    columns("biasGradient", biasGradient, "outputGradient", outputGradient);
  }

  static void activation(Matrix x, Matrix outputGradient, Matrix inputGradient) {
    ViewChecks.sameShape("outputGradient", outputGradient, "x", x);
    ViewChecks.sameShape("inputGradient", inputGradient, "x", x);
    ViewChecks.writableInPlace("inputGradient", inputGradient, "x", x);
    ViewChecks.writableInPlace("inputGradient", inputGradient, "outputGradient", outputGradient);
  }

  static void gate(Gate gate) {
    ViewChecks.sameShape("up", gate.up(), "gate", gate.gate());
    ViewChecks.sameShape("outputGradient", gate.outputGradient(), "gate", gate.gate());
    ViewChecks.sameShape("gateGradient", gate.gateGradient(), "gate", gate.gate());
    ViewChecks.sameShape("upGradient", gate.upGradient(), "gate", gate.gate());
    gateResult("gateGradient", gate.gateGradient(), gate);
    gateResult("upGradient", gate.upGradient(), gate);
    ViewChecks.disjoint("gateGradient", gate.gateGradient(), "upGradient", gate.upGradient());
  }

  private static void gateResult(String name, Matrix result, Gate gate) {
    ViewChecks.writableInPlace(name, result, "gate", gate.gate());
    ViewChecks.writableInPlace(name, result, "up", gate.up());
    ViewChecks.writableInPlace(name, result, "outputGradient", gate.outputGradient());
  }

  static void norm(Norm norm) {
    ViewChecks.sameShape("outputGradient", norm.outputGradient(), "x", norm.x());
    ViewChecks.sameShape("inputGradient", norm.inputGradient(), "x", norm.x());
    Checks.epsilon(norm.epsilon());
    float[] weight = norm.weight();
    if (weight != null) {
      columns("weight", weight, "inputGradient", norm.inputGradient());
    }
    parameter("weightGradient", norm.weightGradient(), norm);
    parameter("biasGradient", norm.biasGradient(), norm);
    if (norm.weightGradient() != null && norm.weightGradient() == norm.biasGradient()) {
      throw new IllegalArgumentException("weightGradient and biasGradient are the same array of " + norm.x().columns() + " elements");
    }
    ViewChecks.writableInPlace("inputGradient", norm.inputGradient(), "x", norm.x());
    ViewChecks.writableInPlace("inputGradient", norm.inputGradient(), "outputGradient", norm.outputGradient());
  }

  private static void parameter(String name, float @Nullable [] gradient, Norm norm) {
    if (gradient == null) {
      return;
    }
    columns(name, gradient, "x", norm.x());
    columns(name, gradient, "outputGradient", norm.outputGradient());
    columns(name, gradient, "inputGradient", norm.inputGradient());
    if (gradient == norm.weight()) {
      throw new IllegalArgumentException(name + " is the same array of " + gradient.length + " elements as weight");
    }
  }

  /** Checks that there is one number for each column, in another array. */
  private static void columns(String name, float[] values, String otherName, Matrix other) {
    if (values.length != other.columns()) { // names are made for a message only
      Checks.same(name + ".length", values.length, otherName + ".columns", other.columns());
    }
    if (other.data() == values) { // a view is made for a message only: this check runs in every call
      ViewChecks.disjoint(name, Matrix.of(values, 1, values.length), otherName, other);
    }
  }

  static void softmax(Matrix weights, Matrix weightGradient, Matrix scoreGradient) {
    ViewChecks.sameShape("weightGradient", weightGradient, "weights", weights);
    ViewChecks.sameShape("scoreGradient", scoreGradient, "weights", weights);
    ViewChecks.writableInPlace("scoreGradient", scoreGradient, "weights", weights);
    ViewChecks.writableInPlace("scoreGradient", scoreGradient, "weightGradient", weightGradient);
  }

  static void crossEntropy(Matrix logits, Targets targets, Matrix logitGradient) {
    Objects.requireNonNull(logits, "logits");
    Objects.requireNonNull(targets.targets(), "targets");
    ViewChecks.sameShape("logitGradient", logitGradient, "logits", logits);
    Checks.same("targets.length", targets.targets().length, "logits.rows", logits.rows());
    for (int row = 0; row < targets.targets().length; row++) {
      int target = targets.targets()[row];
      if (target != targets.ignored() && (target < 0 || target >= logits.columns())) {
        String given = "targets[" + row + "] is " + target;
        throw new IllegalArgumentException(
            given + ", must be at least 0 and below logits.columns, " + logits.columns() + ", or ignored, " + targets.ignored());
      }
    }
    if (!(targets.labelSmoothing() >= 0 && targets.labelSmoothing() <= 1)) {
      throw new IllegalArgumentException("labelSmoothing is " + targets.labelSmoothing() + ", must be at least 0 and at most 1");
    }
    ViewChecks.writableInPlace("logitGradient", logitGradient, "logits", logits);
  }

  static void addRows(Matrix outputGradient, int[] ids, Matrix tableGradient) {
    Objects.requireNonNull(outputGradient, "outputGradient");
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(tableGradient, "tableGradient");
    Checks.same("ids.length", ids.length, "outputGradient.rows", outputGradient.rows());
    Checks.same("tableGradient.columns", tableGradient.columns(), "outputGradient.columns", outputGradient.columns());
    for (int row = 0; row < ids.length; row++) {
      if (ids[row] < 0 || ids[row] >= tableGradient.rows()) {
        throw new IllegalArgumentException(
            "ids[" + row + "] is " + ids[row] + ", must be at least 0 and below tableGradient.rows, " + tableGradient.rows());
      }
    }
    ViewChecks.writes("tableGradient", tableGradient, "outputGradient", outputGradient);
  }

  static void pack(Matrix weight, boolean transposed, PackedMatrix packed, String path, int panelWidth) {
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(packed, "packed");
    Checks.same(
        "packed.inputs", packed.inputs(), transposed ? "weight.columns" : "weight.rows", transposed ? weight.columns() : weight.rows());
    Checks.same(
        "packed.outputs", packed.outputs(), transposed ? "weight.rows" : "weight.columns", transposed ? weight.rows() : weight.columns());
    if (packed.panelWidth() != panelWidth) { // the name is made for a message only
      Checks.same("packed.panelWidth", packed.panelWidth(), "the panel width of " + path, panelWidth);
    }
    if (packed.format() != WeightFormat.F32) {
      throw new IllegalArgumentException("packed.format is " + packed.format() + ", must be " + WeightFormat.F32);
    }
  }
}
