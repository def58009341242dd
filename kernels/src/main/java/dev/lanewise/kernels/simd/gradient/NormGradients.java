package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.call.GradientKernels.Norm;
import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.plain.ScalarNormGradients;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.elementwise.RowArithmetic;
import dev.lanewise.kernels.simd.elementwise.VectorNorms;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The gradients of layer norm and RMS norm; each pass is a loop over a row that stays in L1. The statistics of a row and its normalised
 * elements n are those of the forward pass, see {@link VectorNorms}:
 *
 * <pre>
 * for each row
 *   mean, scale, shift                                n = (x − mean) · scale + shift
 *   sum, dot        = Σ g, Σ g · n                    g = dy · weight
 *   gradients of the parameters += dy · n, dy
 *   dx              = scale · (g − sum / columns − n · dot / columns)
 * </pre>
 */
final class NormGradients extends ScratchPool.Member {
  private static final ScratchPool<NormGradients> POOL = new ScratchPool<>(NormGradients::new);
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private final VectorNorms norms = new VectorNorms();
  private final ColumnChains weightChains = new ColumnChains();
  private final ColumnChains biasChains = new ColumnChains();
  private final float[] sumLanes = new float[Scratch.MOST_LANES];
  private final float[] dotLanes = new float[Scratch.MOST_LANES];

  private NormGradients() {}

  /** Computes one call on the calling thread. */
  static void run(Norm norm) {
    try (Scratch scratch = Scratch.take()) {
      NormGradients gradients = POOL.takeInside();
      try {
        gradients.rows(norm, scratch);
      } finally {
        POOL.giveInside(gradients);
      }
    }
  }

  private void rows(Norm norm, Scratch scratch) {
    Matrix x = norm.x();
    int columns = x.columns();
    weightChains.open(columns);
    biasChains.open(columns);
    float[] given = norm.weight();
    float[] weight = given == null ? scratch.ones(columns) : given;
    NormProblem.Norm statistics = new NormProblem.Norm(norm.centred(), null, null, norm.epsilon());
    int often = Interruption.often(columns);
    for (int row = 0; row < x.rows(); row++) {
      Interruption.check(row, often);
      if (norms.measure(x.data(), x.index(row, 0), columns, statistics)) {
        row(norm, row, weight);
      } else {
        ScalarNormGradients.row(norm, row, weightChains.far(), biasChains.far());
      }
      if (row % Tiles.CHAIN == Tiles.CHAIN - 1) {
        weightChains.endChain();
        biasChains.endChain();
      }
    }
    float[] weightGradient = norm.weightGradient();
    if (weightGradient != null) {
      weightChains.addTo(weightGradient);
    }
    float[] biasGradient = norm.biasGradient();
    if (biasGradient != null) {
      biasChains.addTo(biasGradient);
    }
  }

  private void row(Norm norm, int row, float[] weight) {
    float[] x = norm.x().data();
    int from = norm.x().index(row, 0);
    float[] dy = norm.outputGradient().data();
    int at = norm.outputGradient().index(row, 0);
    int length = norm.x().columns();
    int bound = SPECIES.loopBound(length);
    sums(x, from, dy, at, weight, bound);
    double sum = RowArithmetic.fold(sumLanes);
    double dot = RowArithmetic.fold(dotLanes);
    for (int i = bound; i < length; i++) {
      float n = Math.fma(x[from + i] - norms.mean(), norms.scale(), norms.shift());
      float g = dy[at + i] * weight[i];
      sum += g;
      dot += (double) g * n;
      weightChains.near()[i] = Math.fma(dy[at + i], n, weightChains.near()[i]);
      biasChains.near()[i] += dy[at + i];
    }
    float meanGradient = norm.centred() ? (float) (sum / length) : 0;
    float meanDot = (float) (dot / length);
    float[] result = norm.inputGradient().data();
    int to = norm.inputGradient().index(row, 0);
    write(x, from, dy, at, weight, meanGradient, meanDot, result, to, bound);
    for (int i = bound; i < length; i++) {
      float n = Math.fma(x[from + i] - norms.mean(), norms.scale(), norms.shift());
      float g = dy[at + i] * weight[i] - meanGradient; // rounded as in the sum: in a row of one column it is then exactly 0
      result[to + i] = norms.scale() * Math.fma(-n, meanDot, g);
    }
  }

  /** Sums of whole vectors: those of the row go to the lanes, those of the columns to the chains. */
  private void sums(float[] x, int from, float[] dy, int at, float[] weight, int length) {
    float[] weightSums = weightChains.near();
    float[] biasSums = biasChains.near();
    float mean = norms.mean();
    FloatVector scale = FloatVector.broadcast(SPECIES, norms.scale());
    FloatVector shift = FloatVector.broadcast(SPECIES, norms.shift());
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector dot0 = sum0;
    FloatVector dot1 = sum0;
    int i = 0;
    for (; i <= length - 2 * LANES; i += 2 * LANES) {
      int next = i + LANES;
      FloatVector n0 = FloatVector.fromArray(SPECIES, x, from + i).sub(mean).fma(scale, shift);
      FloatVector n1 = FloatVector.fromArray(SPECIES, x, from + next).sub(mean).fma(scale, shift);
      FloatVector d0 = FloatVector.fromArray(SPECIES, dy, at + i);
      FloatVector d1 = FloatVector.fromArray(SPECIES, dy, at + next);
      n0.fma(d0, FloatVector.fromArray(SPECIES, weightSums, i)).intoArray(weightSums, i);
      n1.fma(d1, FloatVector.fromArray(SPECIES, weightSums, next)).intoArray(weightSums, next);
      d0.add(FloatVector.fromArray(SPECIES, biasSums, i)).intoArray(biasSums, i);
      d1.add(FloatVector.fromArray(SPECIES, biasSums, next)).intoArray(biasSums, next);
      FloatVector g0 = d0.mul(FloatVector.fromArray(SPECIES, weight, i));
      FloatVector g1 = d1.mul(FloatVector.fromArray(SPECIES, weight, next));
      sum0 = g0.add(sum0);
      sum1 = g1.add(sum1);
      dot0 = g0.fma(n0, dot0);
      dot1 = g1.fma(n1, dot1);
    }
    for (; i < length; i += LANES) {
      FloatVector n0 = FloatVector.fromArray(SPECIES, x, from + i).sub(mean).fma(scale, shift);
      FloatVector d0 = FloatVector.fromArray(SPECIES, dy, at + i);
      n0.fma(d0, FloatVector.fromArray(SPECIES, weightSums, i)).intoArray(weightSums, i);
      d0.add(FloatVector.fromArray(SPECIES, biasSums, i)).intoArray(biasSums, i);
      FloatVector g0 = d0.mul(FloatVector.fromArray(SPECIES, weight, i));
      sum0 = g0.add(sum0);
      dot0 = g0.fma(n0, dot0);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).intoArray(sumLanes, 0);
    FloatVector.zero(SPECIES).add(dot0).add(dot1).intoArray(dotLanes, 0);
  }

  /** Writes whole vectors of the input's gradient. */
  private void write(
      float[] x, int from, float[] dy, int at, float[] weight, float meanGradient, float meanDot, float[] result, int to, int length) {
    float mean = norms.mean();
    float factor = norms.scale();
    float rest = norms.shift();
    for (int i = 0; i < length; i += LANES) {
      FloatVector n = FloatVector.fromArray(SPECIES, x, from + i).sub(mean);
      n = n.fma(FloatVector.broadcast(SPECIES, factor), FloatVector.broadcast(SPECIES, rest));
      FloatVector g = FloatVector.fromArray(SPECIES, dy, at + i).mul(FloatVector.fromArray(SPECIES, weight, i)).sub(meanGradient);
      n.fma(FloatVector.broadcast(SPECIES, -meanDot), g).mul(factor).intoArray(result, to + i);
    }
  }
}
