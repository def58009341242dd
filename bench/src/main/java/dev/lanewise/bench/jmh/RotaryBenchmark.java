package dev.lanewise.bench.jmh;

import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.position.RotaryScaling;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import org.openjdk.jmh.annotations.Param;

/** Rotary positions: heads · rows · headDim elements a call, each read and written once: 8 bytes an element. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class RotaryBenchmark extends ScalarVersusVector {
  /** Which elements turn together. */
  @Param({"HALF", "INTERLEAVED"})
  public RotaryTable.Form form;

  /** heads × rows × headDim: a step, a prompt in cache, one from memory, and pairs that fill no vector. */
  @Param({"32x1x128", "8x64x128", "32x2048x128", "8x64x80"})
  public String shape;

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Heads input = Inputs.heads(sizes[0], sizes[1], sizes[2], 1);
    Heads output = Heads.zeros(1, sizes[0], sizes[1], sizes[2]);
    ByPath<Rotary> rotary = ByPath.of(kernels -> Rotary.of(sizes[2]).withForm(form).withKernels(kernels));
    return new Task(
        kernels -> {
          rotary.on(kernels).apply(input, output, 0);
          return output.data();
        },
        0,
        bytes(input.data(), output.data()),
        () -> ReferenceLayers.rotated(input, RotaryScaling.none().frequencies(input.width(), 10_000), form == RotaryTable.Form.HALF));
  }
}
