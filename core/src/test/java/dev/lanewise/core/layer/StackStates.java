package dev.lanewise.core.layer;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.testing.CacheStates;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The state of two sequences, with rows in one kind of storage, and the state that shares its pages, if there is one.
 *
 * @param others states that share pages with the batch
 */
record StackStates(String name, TransformerStack stack, StackState batch, List<StackState> others) {
  private static StackStates own(
      String name, TransformerStack stack, KeyValueFormat format, int rows, UnaryOperator<StackState.Builder> settings) {
    StackState state = settings.apply(stack.state().format(format).memory(CacheStates.random(9, 1))).build();
    forward(stack, state, rows);
    return new StackStates(name + " " + format, stack, state, List.of());
  }

  private static void forward(TransformerStack stack, StackState state, int rows) {
    if (rows > 0) {
      stack.forward(CacheStates.random(rows, 5), state, CacheStates.random(rows, 6));
    }
  }

  /** Both sequences share a prompt with another state. The next call copies its last page. */
  private static StackStates shared(TransformerStack stack, KeyValueFormat format) {
    StackState prompt = stack.state().format(format).pages(20).memory(CacheStates.random(9, 1)).build();
    forward(stack, prompt, 37);
    return new StackStates("shared " + format, stack, prompt.fork(0, 0), List.of(prompt));
  }

  /** All kinds of storage, for a format of the stack's self-attentions. */
  static List<StackStates> all(TransformerStack stack, KeyValueFormat format) {
    List<StackStates> all = new ArrayList<>();
    all.add(own("contiguous", stack, format, 20, builder -> builder.capacity(500)));
    all.add(own("empty", stack, format, 0, builder -> builder.capacity(500)));
    all.add(own("empty, off heap", stack, format, 0, builder -> builder.capacity(500).offHeap()));
    all.add(own("growing", stack, format, 31, builder -> builder.capacity(20).growing()));
    all.add(own("window", stack, format, 200, builder -> builder.window(32, 4)));
    all.add(own("window, off heap", stack, format, 60, builder -> builder.window(32, 20).offHeap()));
    all.add(own("window in a pool", stack, format, 150, builder -> builder.pages(24).window(32, 3)));
    all.add(shared(stack, format));
    return all;
  }

  /** Describes everything that can be observed of a state. */
  static String describe(TransformerStack stack, StackState state) {
    StringBuilder text = new StringBuilder();
    int self = 0;
    int cross = 0;
    for (TransformerLayer layer : stack.layers()) {
      for (SublayerPart.Attending sublayer : layer.attentions()) {
        List<KeyValueCache> caches = sublayer.toMemory() ? state.memory(cross++) : state.caches(self++);
        caches.forEach(cache -> text.append(CacheStates.describe(cache)).append('\n'));
      }
    }
    return text.toString();
  }

  String describe() {
    StringBuilder text = new StringBuilder(describe(stack, batch));
    others.forEach(state -> text.append(describe(stack, state)));
    return text.toString();
  }

  void close() {
    batch.close();
    others.forEach(StackState::close);
  }
}
