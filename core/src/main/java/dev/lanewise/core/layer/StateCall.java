package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call over new rows of the sequences of a state. The state's caches have been entered, and the caller commits the new rows. */
final class StateCall implements AttentionSource {
  private final SequenceBatch x;
  private final StackState state;
  private final ResultsOfSublayers results;
  private final CacheTransaction transaction;
  private final List<@Nullable CallShape> shapes = new ArrayList<>();
  private int self;
  private int cross;

  StateCall(SequenceBatch x, StackState state, SequenceBatch output, List<Results> results, CacheTransaction transaction) {
    this.x = x;
    this.state = state;
    this.results = new ResultsOfSublayers(results, x, output);
    this.transaction = transaction;
  }

  /** Begins with the first sublayer again, after the checks, and reserves memory for the new rows in all layers. */
  void begin(List<TransformerLayer> layers) {
    self = 0;
    cross = 0;
    int count = 0;
    for (TransformerLayer layer : layers) {
      for (SublayerPart.Attending sublayer : layer.attentions()) {
        if (!sublayer.toMemory()) {
          transaction.reserve(state.caches(count++), x.rows(), sublayer.attention().packedSequences());
        }
      }
    }
  }

  @Override
  public void check(SublayerPart.Attending sublayer) {
    CallChecks checks = sublayer.attention().checks();
    if (sublayer.toMemory()) {
      CallShape shape = checks.cross("state.memory", x, state.memory(cross++));
      add(sublayer, shape);
    } else {
      List<KeyValueCache> caches = state.caches(self++);
      checks.caches("state.sequences", x, caches);
      add(sublayer, caches.isEmpty() ? null : checks.self(x, CacheTransaction.rows(caches)));
    }
  }

  private void add(SublayerPart.Attending sublayer, @Nullable CallShape shape) {
    shapes.add(shape);
    if (shape != null) {
      results.check(sublayer.attention(), shape);
    }
  }

  @Override
  public void checkApart(String name, Heads written) {}

  @Override
  public void forward(SublayerPart.Attending sublayer, SequenceBatch from, SequenceBatch to) {
    CallShape shape = shapes.get(self + cross);
    Results ofSublayer = results.next();
    if (shape == null) {
      return; // no sequence
    }
    if (sublayer.toMemory()) {
      sublayer.attention().calls().cross(from, state.memory(cross++), to, ofSublayer);
    } else {
      sublayer.attention().calls().self(from, state.caches(self++), shape, to, ofSublayer, transaction);
    }
  }
}
