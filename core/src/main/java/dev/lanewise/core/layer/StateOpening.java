package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The settings of a {@link StackState.Builder}, and the caches that are opened by them. */
final class StateOpening {
  final TransformerStack stack;
  final KeyValueFormat[] formats;
  final int[] windows;
  final int[] sinks;
  int batch = 1;
  int capacity;
  boolean growing;
  int pages;
  boolean offHeap;
  @Nullable List<SequenceBatch> memory;

  StateOpening(TransformerStack stack) {
    this.stack = stack;
    this.formats = new KeyValueFormat[stack.layers().size()];
    this.windows = new int[formats.length];
    this.sinks = new int[formats.length];
    Arrays.fill(formats, KeyValueFormat.F32);
  }

  /** Creates the state, and projects the memory, see {@link StackState.Builder#build}. */
  StackState open() {
    checkSettings();
    List<MultiHeadAttention> attentions = new ArrayList<>();
    int memories = 0;
    SharedPools pools = pages == 0 ? null : new SharedPools();
    List<StateSequence> sequences = new ArrayList<>();
    for (int s = 0; s < batch; s++) {
      sequences.add(new StateSequence());
    }
    boolean done = false;
    try {
      for (int layer = 0; layer < formats.length; layer++) {
        for (SublayerPart.Attending sublayer : stack.layers().get(layer).attentions()) {
          if (sublayer.toMemory()) {
            memories++;
            remember(sublayer.attention(), sequences);
          } else {
            attentions.add(sublayer.attention());
            open(layer, sublayer.attention(), sequences, pools);
          }
        }
      }
      done = true;
      return new StackState(List.copyOf(attentions), memories, List.copyOf(sequences), pools, true);
    } finally {
      if (!done) {
        sequences.forEach(StateSequence::close);
        if (pools != null) {
          pools.close();
        }
      }
    }
  }

  private void checkSettings() {
    if (pages > 0 && (capacity > 0 || growing)) {
      throw new IllegalArgumentException("pages is " + pages + ", but capacity is " + capacity + ": pages are shared by all sequences");
    }
    boolean attends = false;
    boolean remembers = false;
    for (TransformerLayer layer : stack.layers()) {
      for (SublayerPart.Attending sublayer : layer.attentions()) {
        attends |= !sublayer.toMemory();
        remembers |= sublayer.toMemory();
        if (sublayer.toMemory() && memory == null) {
          throw new IllegalArgumentException("memory is not given, but a sublayer attends to a memory");
        }
      }
    }
    if (memory != null) {
      Checks.same("memory", memory.size(), "batch", batch);
      if (!remembers) {
        throw new IllegalArgumentException("memory is given, but no sublayer attends to a memory");
      }
    }
    if (!attends) {
      throw new IllegalStateException("the stack has no self-attention, which a state keeps rows of");
    }
  }

  /** Opens the caches of a self-attention, and adds each to its sequence as soon as it is open. */
  private void open(int layer, MultiHeadAttention attention, List<StateSequence> sequences, @Nullable SharedPools pools) {
    if (pools != null) {
      KeyValuePool pool = pool(attention, formats[layer]);
      pools.ofLayers.add(pool);
      for (StateSequence sequence : sequences) {
        sequence.caches().add(windows[layer] == 0 ? pool.newCache() : pool.newCache(windows[layer], sinks[layer]));
      }
      return;
    }
    for (StateSequence sequence : sequences) {
      KeyValueCache.Builder cache = attention.cache().format(formats[layer]);
      if (windows[layer] > 0) {
        cache.window(windows[layer], sinks[layer]);
      } else if (capacity > 0) {
        cache.capacity(capacity);
      }
      if (growing && windows[layer] == 0) {
        cache.growing();
      }
      sequence.caches().add((offHeap ? cache.offHeap() : cache).build());
    }
  }

  private KeyValuePool pool(MultiHeadAttention attention, KeyValueFormat format) {
    KeyValuePool.Builder pool = attention.pool().format(format).pages(pages);
    return (offHeap ? pool.offHeap() : pool).build();
  }

  /** Projects the memory of each sequence for a cross-attention. */
  private void remember(MultiHeadAttention attention, List<StateSequence> sequences) {
    List<SequenceBatch> rows = Objects.requireNonNull(memory, "memory");
    for (int s = 0; s < sequences.size(); s++) {
      KeyValueCache.Builder cache = attention.cache().capacity(Math.max(1, rows.get(s).rows()));
      sequences.get(s).memory().add((offHeap ? cache.offHeap() : cache).build());
      attention.remember(rows.get(s), List.of(sequences.get(s).memory().getLast()));
    }
  }
}
