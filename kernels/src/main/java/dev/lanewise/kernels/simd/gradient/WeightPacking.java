package dev.lanewise.kernels.simd.gradient;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;

/** Overwrites the panels of a packed F32 weight. A training step does this for every weight that it has changed. */
final class WeightPacking {
  private static final int LANES = Lanes.COUNT;

  private WeightPacking() {}

  /** Packs a weight of shape inputs × outputs: copies a row of each panel. */
  static void pack(Matrix weight, PackedMatrix packed) {
    for (int first = 0; first < packed.outputs(); first += Tiles.NR) {
      Interruption.check();
      int to = packed.panel(first / Tiles.NR);
      int count = Math.min(Tiles.NR, packed.outputs() - first);
      for (int input = 0; input < packed.inputs(); input++) {
        System.arraycopy(weight.data(), weight.index(input, first), packed.data(), to + input * Tiles.NR, count);
      }
    }
  }

  /** Packs a weight of shape outputs × inputs: transposes square blocks, and copies elements where no whole block is left. */
  static void packTransposed(Matrix weight, PackedMatrix packed, Scratch scratch) {
    int blockedOutputs = packed.outputs() / LANES * LANES;
    int blockedInputs = packed.inputs() / LANES * LANES;
    for (int output = 0; output < blockedOutputs; output += LANES) {
      Interruption.check();
      int to = packed.panel(output / Tiles.NR) + output % Tiles.NR;
      for (int input = 0; input < blockedInputs; input += LANES) {
        scratch.source.set(weight.data(), weight.index(output, input), weight.rowStride());
        scratch.target.set(packed.data(), to + input * Tiles.NR, Tiles.NR);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
      }
      copy(weight, output, output + LANES, blockedInputs, packed);
    }
    copy(weight, blockedOutputs, packed.outputs(), 0, packed);
  }

  /** Copies the inputs from {@code firstInput} on of a range of outputs. */
  private static void copy(Matrix weight, int from, int end, int firstInput, PackedMatrix packed) {
    for (int output = from; output < end; output++) {
      int to = packed.panel(output / Tiles.NR) + output % Tiles.NR;
      for (int input = firstInput; input < packed.inputs(); input++) {
        packed.data()[to + input * Tiles.NR] = weight.data()[weight.index(output, input)];
      }
    }
  }
}
