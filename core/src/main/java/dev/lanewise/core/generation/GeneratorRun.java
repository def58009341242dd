package dev.lanewise.core.generation;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The loop. In a pass, the model reads up to {@code chunk} tokens of each open sequence that it has not read; a sequence whose last token
 * was read gets a next token. So prompts of any length begin together, and a sequence that has ended is in no later pass.
 */
final class GeneratorRun implements Generator.Run {
  private final GeneratorSettings settings;
  private final Passes passes;
  private final Generator.@Nullable Draft draft;
  private final List<GeneratedSequence> sequences = new ArrayList<>();

  /** The logits of one token, which penalty and filter change. */
  private final float[] row;

  private float[] logits = new float[0];

  /** Number of first tokens that are read once and then forked; 0 if the sequences have nothing in common, and afterwards. */
  private int shared;

  private boolean closed;

  /**
   * Creates a run.
   *
   * @param passes closed by the run
   * @param shares whether {@code passes} begins with one sequence, to be forked
   * @param capacity maximum number of rows of a sequence
   */
  GeneratorRun(GeneratorSettings settings, Passes passes, List<int[]> prompts, boolean shares, int capacity) {
    this.settings = settings;
    this.passes = passes;
    this.row = new float[passes.vocabulary()];
    for (int[] prompt : prompts) {
      sequences.add(new GeneratedSequence(sequences.size(), prompt, settings));
    }
    this.shared = shares ? common() : 0;
    if (shares && shared == 0) {
      passes.fork(sequences.size());
    }
    this.draft = settings.draft() == null ? null : settings.draft().open(sequences.size(), capacity);
  }

  /** Number of first tokens that all sequences have in common, each without its last token, which needs logits. */
  private int common() {
    int[] first = sequences.get(0).array();
    int common = first.length;
    for (GeneratedSequence sequence : sequences) {
      int most = Math.min(common, sequence.count() - 1);
      int differs = Arrays.mismatch(first, 0, most, sequence.array(), 0, most);
      common = differs < 0 ? most : differs;
    }
    return common;
  }

  @Override
  public boolean hasNext() {
    while (ready() == null) {
      if (closed || !isOpen()) {
        return false;
      }
      passOrEnd();
    }
    return true;
  }

  private boolean isOpen() {
    for (GeneratedSequence sequence : sequences) {
      if (sequence.open()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Generator.Token next() {
    GeneratedSequence sequence = hasNext() ? ready() : null;
    if (sequence == null) {
      throw new NoSuchElementException("all " + sequences.size() + " sequences have ended");
    }
    return new Generator.Token(sequence.number(), sequence.next());
  }

  private @Nullable GeneratedSequence ready() {
    for (GeneratedSequence sequence : sequences) {
      if (sequence.hasNext()) {
        return sequence;
      }
    }
    return null;
  }

  @Override
  public void cancel(int sequence) {
    Checks.index("sequence", sequence, sequences.size());
    sequences.get(sequence).cancelHere();
  }

  @Override
  public List<Generator.Result> results() {
    return sequences.stream().map(GeneratedSequence::result).toList();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    sequences.forEach(GeneratedSequence::cancelHere);
    try (passes) {
      if (draft != null) {
        draft.close();
      }
    }
  }

  /** Makes a pass. An interrupt ends all sequences with the tokens they have, and so does any exception, which is thrown on. */
  private void passOrEnd() {
    boolean done = false;
    try {
      Interruption.check();
      pass();
      done = true;
    } catch (CancellationException _) {
      // The thread stays interrupted.
    } finally {
      if (!done) {
        shared = 0;
        sequences.forEach(GeneratedSequence::cancel);
      }
    }
  }

  /** Runs the model once, or once for each sequence that has a draft. */
  private void pass() {
    if (shared > 0) {
      readShared();
      return;
    }
    List<GeneratedSequence> together = new ArrayList<>();
    for (GeneratedSequence sequence : sequences) {
      if (sequence.open() && !speculate(sequence)) {
        together.add(sequence);
      }
    }
    if (!together.isEmpty()) {
      read(together);
    }
  }

  /** Reads tokens that all sequences begin with. */
  private void readShared() {
    GeneratedSequence first = sequences.get(0);
    int from = first.read();
    int rows = Math.min(settings.chunk(), shared - from);
    passes.forward(new int[] {0}, new int[] {rows}, Arrays.copyOfRange(first.array(), from, from + rows), null);
    first.addRead(rows);
    if (first.read() == shared) {
      passes.fork(sequences.size());
      sequences.subList(1, sequences.size()).forEach(sequence -> sequence.addRead(shared));
      shared = 0;
    }
  }

  /** Reads tokens of several sequences in one pass, and chooses the next token of those that are read to their end. */
  private void read(List<GeneratedSequence> together) {
    int[] numbers = new int[together.size()];
    int[] rows = new int[together.size()];
    int total = 0;
    boolean last = false;
    for (int i = 0; i < rows.length; i++) {
      GeneratedSequence sequence = together.get(i);
      numbers[i] = sequence.number();
      rows[i] = Math.min(settings.chunk(), sequence.unread());
      total = Math.addExact(total, rows[i]);
      last |= rows[i] == sequence.unread();
    }
    int[] ids = new int[total];
    int at = 0;
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(together.get(i).array(), together.get(i).read(), ids, at, rows[i]);
      at += rows[i];
    }
    passes.forward(numbers, rows, ids, last ? logits(rows.length) : null);
    for (int i = 0; i < rows.length; i++) {
      together.get(i).addRead(rows[i]);
    }
    for (int i = 0; i < rows.length; i++) {
      if (together.get(i).unread() == 0) {
        together.get(i).add(choose(together.get(i), i));
      }
    }
  }

  /** Verifies a draft of the tokens that follow. Returns false if there is none. */
  private boolean speculate(GeneratedSequence sequence) {
    int most = sequence.room() - 1; // a pass over n accepted nodes gives n + 1 tokens
    if (draft == null || sequence.unread() != 1 || most < 1) {
      return false;
    }
    Generator.Tree tree = Objects.requireNonNull(draft.propose(sequence.number(), sequence, most), "the proposal of the draft");
    DraftedTree nodes = DraftedTree.of(tree, sequence.get(sequence.count() - 1), row.length).first(most);
    if (nodes.size() == 1) {
      return false;
    }
    passes.tree(sequence.number(), nodes.ids(), nodes.parents(), logits(nodes.size()));
    accept(sequence, nodes);
    return true;
  }

  /** Follows the chosen tokens from node to node, and keeps only the rows of the path. */
  private void accept(GeneratedSequence sequence, DraftedTree nodes) {
    int[] path = new int[nodes.size()];
    int length = 0;
    try {
      int node = 0;
      while (node >= 0) {
        path[length++] = node;
        int token = choose(sequence, node);
        sequence.add(token);
        node = sequence.open() ? nodes.child(node, token) : -1;
      }
    } finally {
      passes.keep(sequence.number(), sequence.read(), Arrays.copyOf(path, length));
      sequence.addRead(length);
    }
  }

  private int choose(GeneratedSequence sequence, int logitsRow) {
    System.arraycopy(logits, logitsRow * row.length, row, 0, row.length);
    settings.sampling().penalise(row, sequence.array(), sequence.count());
    Generator.LogitFilter filter = settings.filter();
    if (filter != null) {
      filter.change(sequence.number(), sequence, row);
    }
    return settings.sampling().choose(row, sequence.count(), sequence.number());
  }

  private float[] logits(int rows) {
    int size = Checks.product("rows", rows, "vocabulary", row.length);
    if (logits.length < size) {
      logits = new float[size];
    }
    return logits;
  }
}
