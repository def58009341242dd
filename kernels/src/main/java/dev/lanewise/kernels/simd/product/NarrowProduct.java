package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.elementwise.RowArithmetic;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A product with a weight that is stored in fewer bits than a float. Integer codes have loops of their own, {@link CodeProduct}. Weights of
 * 16 bits are widened in registers for a single row, and two panels at a time into scratch for more; they are then multiplied as floats
 * are, and have the bits of a weight of the same floats.
 */
public final class NarrowProduct {
  private static final int NR = Tiles.NR;

  private NarrowProduct() {}

  /** Computes c = activation(a · weight + bias); the bias is padded to whole panels. */
  public static void run(Matrix a, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix c, Scratch scratch) {
    if (weight.inputs() > Tiles.LONG) {
      widened(a, weight, bias, activation, c, scratch);
    } else if (weight.format().isInteger()) {
      new CodeProduct(a, weight, bias, activation, c, scratch).run();
    } else if (c.rows() == 1) {
      row(a, weight, bias, activation, c, scratch);
    } else {
      widened(a, weight, bias, activation, c, scratch);
    }
  }

  private static void row(Matrix a, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix c, Scratch scratch) {
    int next = weight.groups() * NR;
    for (int column = 0; column < c.columns(); column += Tiles.SKINNY_WIDTH) {
      Interruption.check();
      int panels = Math.ceilDiv(c.columns() - column, NR);
      start(column, bias, c.columns(), scratch.tile);
      for (int step = 0; step < a.columns(); step += Tiles.KC) {
        Arrays.fill(scratch.partial, 0, Tiles.SKINNY_WIDTH, 0);
        scratch.a.set(a.data(), a.index(0, step), 0);
        scratch.c.set(scratch.partial, 0, 0);
        int depth = Math.min(Tiles.KC, a.columns() - step);
        int from = weight.panel(column / NR) + step / 2 * NR;
        if (weight.format() == WeightFormat.F16) {
          HalfKernel.multiplyHalf(scratch.a, weight.codes(), from, next, panels, scratch.c, depth);
        } else {
          HalfKernel.multiplyBfloat(scratch.a, weight.codes(), from, next, panels, scratch.c, depth);
        }
        RowArithmetic.add(scratch.tile, 0, scratch.partial, 0, scratch.tile, 0, Tiles.SKINNY_WIDTH);
      }
      VectorActivations.apply(activation, scratch.tile, 0, Tiles.SKINNY_WIDTH);
      System.arraycopy(scratch.tile, 0, c.data(), c.index(0, column), Math.min(Tiles.SKINNY_WIDTH, c.columns() - column));
    }
  }

  private static void start(int column, float @Nullable [] bias, int columns, float[] target) {
    if (bias == null) {
      Arrays.fill(target, 0, Tiles.SKINNY_WIDTH, 0);
    } else {
      System.arraycopy(bias, column, target, 0, Math.min(Tiles.SKINNY_WIDTH, Packing.roundUp(columns - column, NR)));
    }
  }

  /** Multiplies by two panels at a time, widened to floats. */
  private static void widened(Matrix a, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix c, Scratch scratch) {
    int depth = weight.inputs();
    int padded = Packing.roundUp(depth, 2);
    float[] panels = scratch.right(2 * padded * NR);
    for (int column = 0; column < c.columns(); column += 2 * NR) {
      Interruption.check();
      int columns = Math.min(2 * NR, c.columns() - column);
      for (int panel = 0; panel * NR < columns; panel++) {
        widen(weight, column + panel * NR, panels, panel * padded * NR, scratch);
      }
      float[] part = null;
      if (bias != null) {
        part = scratch.biasPart;
        System.arraycopy(bias, column, part, 0, Packing.roundUp(columns, NR));
      }
      Matrix target = c.columns(column, column + columns);
      BlockedProduct.run(new ProductProblem(a, panels, padded, 0, part, activation, target, Tiles.KC), scratch);
    }
  }

  private static void widen(PackedMatrix weight, int column, float[] target, int to, Scratch scratch) {
    if (!weight.format().isInteger()) {
      HalfKernel.widen(weight.format() == WeightFormat.F16, weight.codes(), weight.panel(column / NR), weight.groups(), target, to);
      return;
    }
    float[] row = scratch.left(weight.inputs());
    int columns = Math.min(NR, weight.outputs() - column);
    Arrays.fill(target, to, to + weight.inputs() * NR, 0);
    for (int i = 0; i < columns; i++) {
      weight.row(column + i, row, 0);
      for (int k = 0; k < weight.inputs(); k++) {
        target[to + k * NR + i] = row[k];
      }
    }
  }
}
