package dev.lanewise.kernels.call.gradient;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sums of the gradients of small parameters (slopes, sinks, scale, additive vector): a set for each part of the queries of a unit. The
 * sets are joined in the order of units and parts, whatever the order in which they were computed.
 */
public final class ParameterSums extends ScratchPool.Member {
  private static final ScratchPool<ParameterSums> POOL = new ScratchPool<>(ParameterSums::new);

  private double[] sums = new double[0];
  private int parts;
  private int group;
  private int width;
  private int size;

  private ParameterSums() {}

  /** Takes sums of 0; they are given back by {@link #giveBack}, on any thread. */
  static ParameterSums take(BackwardProblem problem, int parts) {
    ParameterSums taken = POOL.takeInside();
    AttentionProblem forward = problem.forward;
    GradientResults wanted = problem.gradients;
    boolean any = wanted.slopes() != null || wanted.sinks() != null || wanted.scale() != null || wanted.additiveVector() != null;
    taken.parts = parts;
    taken.group = forward.shape.group();
    taken.width = wanted.additiveVector() == null ? 0 : forward.shape.query().width();
    taken.size = any ? 2 * taken.group + 1 + taken.width : 0;
    int needed = Math.multiplyExact(Math.multiplyExact(forward.units(), parts), taken.size);
    if (taken.sums.length < needed) {
      taken.sums = new double[needed];
    }
    Arrays.fill(taken.sums, 0, needed, 0);
    return taken;
  }

  void giveBack() {
    POOL.giveInside(this);
  }

  private int start(int unit, int part) {
    return (unit * parts + part) * size;
  }

  private void add(int unit, int part, int place, double gradient) {
    if (size > 0) {
      sums[start(unit, part) + place] += gradient;
    }
  }

  /** Adds to the gradient of the slope of a head of the group. */
  public void addSlope(int unit, int part, int headOfGroup, double gradient) {
    add(unit, part, headOfGroup, gradient);
  }

  /** Adds to the gradient of the sink of a head of the group. */
  public void addSink(int unit, int part, int headOfGroup, double gradient) {
    add(unit, part, group + headOfGroup, gradient);
  }

  /** Adds −e<sup>sink − log-sum-exp</sup> · delta to the gradient of the sink of a query head; {@code number} is that of the row. */
  public void addSink(BackwardProblem problem, int unit, int part, int head, int number, double delta) {
    float sink = problem.forward.formula.normaliser().sink(head);
    if (sink != Float.NEGATIVE_INFINITY) {
      double weight = Math.exp(sink - (double) Objects.requireNonNull(problem.logSumExp)[number]);
      addSink(unit, part, head % group, -weight * delta);
    }
  }

  /** Adds to the gradient of the scale. */
  public void addScale(int unit, int part, double gradient) {
    add(unit, part, 2 * group, gradient);
  }

  /** Adds to the gradient of element {@code a} of the additive vector. */
  public void addVector(int unit, int part, int a, double gradient) {
    add(unit, part, 2 * group + 1 + a, gradient);
  }

  /** Joins the sums of all parts and writes the gradients. */
  void store(BackwardProblem problem) {
    GradientResults wanted = problem.gradients;
    int units = problem.forward.units();
    int heads = problem.forward.shape.key().heads();
    storeOfHeads(wanted.slopes(), 0, units, heads);
    storeOfHeads(wanted.sinks(), group, units, heads);
    if (wanted.scale() != null) {
      wanted.scale()[0] = (float) sum(2 * group, 0, 1, units);
    }
    for (int a = 0; wanted.additiveVector() != null && a < width; a++) {
      wanted.additiveVector()[a] = (float) sum(2 * group + 1 + a, 0, 1, units);
    }
  }

  private void storeOfHeads(float @Nullable [] target, int place, int units, int heads) {
    for (int head = 0; target != null && head < target.length; head++) {
      target[head] = (float) sum(place + head % group, head / group, heads, units);
    }
  }

  private double sum(int place, int firstUnit, int step, int units) {
    double sum = 0;
    for (int unit = firstUnit; unit < units; unit += step) {
      for (int part = 0; part < parts; part++) {
        sum += sums[start(unit, part) + place];
      }
    }
    return sum;
  }
}
