package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call over whole sequences, with or without a memory. */
final class WholeCall implements AttentionSource {
  private final SequenceBatch x;
  private final @Nullable SequenceBatch memory;
  private final ResultsOfSublayers results;
  private final List<CallShape> shapes = new ArrayList<>();
  private int taken;

  WholeCall(SequenceBatch x, @Nullable SequenceBatch memory, SequenceBatch output, List<Results> results) {
    this.x = x;
    this.memory = memory;
    this.results = new ResultsOfSublayers(results, x, output);
    if (memory != null) {
      Checks.same("memory.batch", memory.batch(), "x.batch", x.batch());
      ViewChecks.disjoint("output", output.split(1), "memory", memory.split(1));
    }
  }

  @Override
  public void check(SublayerPart.Attending sublayer) {
    CallChecks checks = sublayer.attention().checks();
    int keys = x.rows();
    if (sublayer.toMemory()) {
      if (memory == null) {
        throw new IllegalArgumentException("memory is not given, but a sublayer attends to a memory");
      }
      checks.memory(memory);
      keys = memory.rows();
    }
    CallShape shape = checks.call(x.batch(), x.rows(), keys);
    shapes.add(shape);
    results.check(sublayer.attention(), shape);
  }

  @Override
  public void checkApart(String name, Heads written) {
    if (memory != null) {
      ViewChecks.disjoint(name, written, "memory", memory.split(1));
    }
  }

  @Override
  public void forward(SublayerPart.Attending sublayer, SequenceBatch from, SequenceBatch to) {
    SequenceBatch keys = sublayer.toMemory() && memory != null ? memory : from;
    sublayer.attention().calls().forward(from, keys, keys, shapes.get(taken++), to, results.next());
  }
}
