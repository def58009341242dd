package dev.lanewise.core.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A model in a table: its logits are random numbers that the last tokens seed. It checks how the loop calls it, and counts. */
final class TablePasses implements Passes {
  /** What logits depend on. */
  record Table(int vocabulary, int context, long seed) {
    /** The logits behind these tokens. */
    float[] logits(List<Integer> tokens) {
      List<Integer> last = tokens.subList(Math.max(0, tokens.size() - context), tokens.size());
      Random random = new Random(seed * 31 + last.hashCode());
      random.nextLong();
      float[] logits = new float[vocabulary];
      for (int token = 0; token < vocabulary; token++) {
        logits[token] = 2 * (float) random.nextGaussian();
      }
      return logits;
    }
  }

  private final Table table;
  private final int capacity;
  final List<List<Integer>> rows = new ArrayList<>();

  /** Sequences of each pass, and number of its new rows. */
  final List<String> passes = new ArrayList<>();

  int closed;

  /** Runs before each pass. */
  Runnable before = () -> {};

  private int @Nullable [] tree;

  TablePasses(Table table, int sequences, int capacity) {
    this.table = table;
    this.capacity = capacity;
    for (int i = 0; i < sequences; i++) {
      rows.add(new ArrayList<>());
    }
  }

  @Override
  public int vocabulary() {
    return table.vocabulary;
  }

  @Override
  public void fork(int sequences) {
    assertThat(rows).hasSize(1);
    while (rows.size() < sequences) {
      rows.add(new ArrayList<>(rows.get(0)));
    }
  }

  @Override
  public void forward(int[] sequences, int[] counts, int[] ids, float @Nullable [] logits) {
    begin(Arrays.toString(sequences) + Arrays.toString(counts));
    assertThat(sequences).isSorted().hasSameSizeAs(counts).isNotEmpty();
    int at = 0;
    for (int i = 0; i < sequences.length; i++) {
      List<Integer> sequence = rows.get(sequences[i]);
      assertThat(counts[i]).isPositive();
      for (int row = 0; row < counts[i]; row++) {
        sequence.add(ids[at++]);
      }
      if (logits != null) {
        System.arraycopy(table.logits(sequence), 0, logits, i * table.vocabulary, table.vocabulary);
      }
      assertThat(sequence).hasSizeLessThanOrEqualTo(capacity);
    }
    assertThat(ids).hasSize(at);
  }

  @Override
  public void tree(int sequence, int[] ids, int[] parents, float[] logits) {
    begin(sequence + "t" + ids.length);
    assertThat(ids).hasSameSizeAs(parents);
    tree = parents;
    List<Integer> before = List.copyOf(rows.get(sequence));
    for (int node = 0; node < ids.length; node++) {
      assertThat(parents[node]).isLessThan(node);
      List<Integer> path = new ArrayList<>();
      for (int at = node; at >= 0; at = parents[at]) {
        path.add(0, ids[at]);
      }
      path.addAll(0, before);
      System.arraycopy(table.logits(path), 0, logits, node * table.vocabulary, table.vocabulary);
      rows.get(sequence).add(ids[node]);
    }
    assertThat(rows.get(sequence)).hasSizeLessThanOrEqualTo(capacity);
  }

  private void begin(String pass) {
    assertThat(closed).isZero();
    assertThat(tree).as("a tree that nobody has cut to a path").isNull();
    before.run();
    passes.add(pass);
  }

  @Override
  public void keep(int sequence, int from, int[] nodes) {
    List<Integer> all = rows.get(sequence);
    List<Integer> kept = new ArrayList<>(all.subList(0, from));
    for (int i = 0; i < nodes.length; i++) {
      assertThat(tree == null ? -2 : tree[nodes[i]]).as("a path").isEqualTo(i == 0 ? -1 : nodes[i - 1]);
      kept.add(all.get(from + nodes[i]));
    }
    tree = null;
    rows.set(sequence, kept);
  }

  @Override
  public void close() {
    closed++;
  }
}
