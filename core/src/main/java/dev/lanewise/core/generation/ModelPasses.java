package dev.lanewise.core.generation;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Passes of a {@link LanguageModel} over a state. */
final class ModelPasses implements Passes {
  private static final float[] NO_LOGITS = {};

  private final LanguageModel model;
  private StackState state;
  private boolean isOwner;

  /** Number of rows that each sequence of the state had at the beginning. */
  private int[] earlier;

  /** The sequences of the last pass. */
  private int[] selected = {};

  private @Nullable StackState selection;

  private ModelPasses(LanguageModel model, StackState state, boolean isOwner) {
    this.model = model;
    this.state = state;
    this.isOwner = isOwner;
    this.earlier = new int[state.batch()];
    Arrays.setAll(earlier, state::rows);
  }

  /** Begins with one sequence that {@code forks} sequences will continue; they share its pages. */
  static Passes shared(LanguageModel model, int forks, int capacity) {
    int pages = Math.multiplyExact(forks + 1, Math.ceilDiv(capacity, KeyValuePool.BLOCK_ROWS));
    return new ModelPasses(model, model.stack().state().pages(pages).build(), true);
  }

  /** Begins with sequences without rows. */
  static Passes start(LanguageModel model, int sequences, int capacity) {
    return new ModelPasses(model, model.stack().start(sequences, capacity), true);
  }

  /** Continues the sequences of a state of the caller's, which stays open. */
  static Passes over(LanguageModel model, StackState state) {
    return new ModelPasses(model, state, false);
  }

  /** Begins with a copy of the only sequence of a state of the caller's. */
  static Passes behind(LanguageModel model, StackState state) {
    return new ModelPasses(model, state.fork(0), true);
  }

  @Override
  public int vocabulary() {
    return model.vocabulary();
  }

  @Override
  public void fork(int sequences) {
    StackState forks = state.fork(new int[sequences]);
    int before = earlier[0];
    earlier = new int[sequences];
    Arrays.fill(earlier, before);
    if (isOwner) {
      state.close();
    }
    state = forks;
    isOwner = true;
    selection = null;
  }

  @Override
  public void forward(int[] sequences, int[] rows, int[] ids, float @Nullable [] logits) {
    int wanted = logits == null ? 0 : 1;
    float[] data = logits == null ? NO_LOGITS : logits;
    boolean even = true;
    for (int count : rows) {
      even &= count == rows[0];
    }
    if (even) {
      model.forward(ids, select(sequences), SequenceBatch.of(data, rows.length, wanted, vocabulary()));
      return;
    }
    int[] starts = new int[rows.length + 1];
    for (int i = 0; i < rows.length; i++) {
      starts[i + 1] = starts[i] + rows[i];
    }
    SequenceBatch last = SequenceBatch.of(data, 1, wanted * rows.length, vocabulary());
    model.forward(ids, PackedSequences.of(starts), select(sequences), last);
  }

  @Override
  public void tree(int sequence, int[] ids, int[] parents, float[] logits) {
    model.forwardTree(ids, parents, select(sequence), SequenceBatch.of(logits, 1, ids.length, vocabulary()));
  }

  private StackState select(int... sequences) {
    if (selection == null || !Arrays.equals(selected, sequences)) {
      selected = sequences;
      selection = state.select(sequences);
    }
    return selection;
  }

  @Override
  public void keep(int sequence, int from, int[] nodes) {
    int first = earlier[sequence] + from;
    state.keep(sequence, first, Arrays.stream(nodes).map(node -> first + node).toArray());
  }

  @Override
  public void close() {
    if (isOwner) {
      state.close();
    }
  }
}
