package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Checks that the gradients of a backward pass have the shapes of their operands and overlap neither operands nor each other. */
final class BackwardChecks {
  private static final int MOST = 9;

  private final BackwardProblem problem;
  private final ScoreFormula formula;

  /** Names and views of the gradients that have been checked. */
  private final String[] names = new String[MOST];

  private final Heads[] checked = new Heads[MOST];
  private int count;

  BackwardChecks(BackwardProblem problem) {
    this.problem = problem;
    this.formula = problem.forward.formula;
  }

  /** Checks the gradient of an operand. */
  void view(String name, @Nullable Heads gradient, String otherName, Heads other) {
    if (gradient != null) {
      ViewChecks.sameShape(name, gradient, otherName, other);
      ViewChecks.writable(name, gradient);
      apart(name, gradient);
    }
  }

  /** Checks the gradient of the bias of the caller, or of positions. */
  void bias(String name, float @Nullable [] gradient, boolean ofPositions) {
    if (gradient != null) {
      Bias found = null;
      for (ScoreChange change : formula.changes()) {
        found = change instanceof ScoreChange.AddedBias added && added.ofPositions() == ofPositions ? added.bias() : found;
      }
      require(found != null, name, name);
      array(name + " gradient", gradient, name + ".data.length", Objects.requireNonNull(found).data().length);
    }
  }

  /** Checks the gradients of slopes, sinks, scale and additive vector. */
  void parameters() {
    GradientResults gradients = problem.gradients;
    int heads = problem.forward.shape.queryHeads();
    if (gradients.slopes() != null) {
      require(formula.changes().stream().anyMatch(ScoreChange.Alibi.class::isInstance), "slopes", "ALiBi");
      array("slopes gradient", gradients.slopes(), "query.heads", heads);
    }
    if (gradients.sinks() != null) {
      require(formula.normaliser().hasSinks(), "sinks", "sinks");
      array("sinks gradient", gradients.sinks(), "query.heads", heads);
    }
    if (gradients.scale() != null) {
      array("scale gradient", gradients.scale(), "the number of scales", 1);
    }
    if (gradients.additiveVector() != null) {
      require(formula.similarity().kind() == Similarity.Kind.ADDITIVE, "additiveVector", "additive similarity");
      array("additiveVector gradient", gradients.additiveVector(), "query.width", problem.forward.shape.query().width());
    }
  }

  private static void require(boolean present, String name, String part) {
    if (!present) {
      throw new IllegalArgumentException("the gradient of " + name + " is requested, but the attention has no " + part);
    }
  }

  private void array(String name, float[] gradient, String otherName, int length) {
    Checks.same(name + ".length", gradient.length, otherName, length);
    apart(name, whole(gradient));
  }

  private static Heads whole(float[] array) {
    return Heads.of(array, 1, 1, 1, array.length);
  }

  /** Checks that a gradient overlaps nothing that the pass reads, and no earlier gradient. */
  private void apart(String name, Heads gradient) {
    CallShape shape = problem.forward.shape;
    ViewChecks.disjoint(name, gradient, "query", shape.query());
    ViewChecks.disjoint(name, gradient, "key", shape.key());
    ViewChecks.disjoint(name, gradient, "value", problem.forward.value());
    ViewChecks.disjoint(name, gradient, "output", problem.output);
    ViewChecks.disjoint(name, gradient, "outputGradient", problem.outputGradient);
    if (problem.logSumExp != null) {
      ViewChecks.disjoint(name, gradient, "logSumExp", whole(problem.logSumExp));
    }
    if (problem.logSumExpGradient != null) {
      ViewChecks.disjoint(name, gradient, "logSumExpGradient", whole(problem.logSumExpGradient));
    }
    formula.checkApart(name, gradient);
    for (int i = 0; i < count; i++) {
      ViewChecks.disjoint(name, gradient, names[i], checked[i]);
    }
    names[count] = name;
    checked[count++] = gradient;
  }
}
