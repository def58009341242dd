package dev.lanewise.core.generation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Proposes the most probable tokens of a smaller model.
 *
 * @param models begins a state of one sequence, for a number of rows
 */
record ModelDraft(IntFunction<Passes> models, int length) implements Generator.Draft {
  private static final int CHUNK = 512;

  @Override
  public Generator.Tree propose(int sequence, Generator.Tokens tokens, int most) {
    throw new IllegalStateException("the draft has not been opened");
  }

  @Override
  public Generator.Draft open(int sequences, int capacity) {
    Drafter[] drafters = new Drafter[sequences];
    List<Drafter> begun = new ArrayList<>();
    return new Generator.Draft() {
      @Override
      public Generator.Tree propose(int sequence, Generator.Tokens tokens, int most) {
        Drafter drafter = drafters[sequence];
        if (drafter == null) {
          drafter = new Drafter(models.apply(capacity));
          drafters[sequence] = drafter;
          begun.add(drafter);
        }
        return drafter.propose(tokens, Math.min(length, most));
      }

      @Override
      public void close() {
        begun.forEach(drafter -> drafter.passes.close());
      }
    };
  }

  /** The model's state of one sequence: it holds the rows of tokens that may have been refused. */
  private static final class Drafter {
    private final Passes passes;
    private int[] read = {};
    private final float[] logits;
    private int rows;

    Drafter(Passes passes) {
      this.passes = passes;
      this.logits = new float[passes.vocabulary()];
    }

    Generator.Tree propose(Generator.Tokens tokens, int count) {
      int last = tokens.count() - 1;
      int right = 0;
      while (right < Math.min(rows, last) && read[right] == tokens.get(right)) {
        right++;
      }
      if (right < rows) {
        passes.keep(0, right, new int[0]);
        rows = right;
      }
      while (last + 1 - rows > CHUNK) {
        read(tokens(tokens, rows, rows + CHUNK), null);
      }
      int[] next = tokens(tokens, rows, last + 1);
      int[] proposed = new int[count];
      for (int i = 0; i < count; i++) {
        read(next, logits);
        proposed[i] = Sampling.greedy().choose(logits, rows, 0);
        next = new int[] {proposed[i]};
      }
      return Generator.Tree.chain(proposed);
    }

    private void read(int[] ids, float @Nullable [] wanted) {
      passes.forward(new int[] {0}, new int[] {ids.length}, ids, wanted);
      if (rows + ids.length > read.length) {
        read = Arrays.copyOf(read, 2 * (rows + ids.length));
      }
      System.arraycopy(ids, 0, read, rows, ids.length);
      rows += ids.length;
    }

    private static int[] tokens(Generator.Tokens tokens, int from, int to) {
      int[] ids = new int[to - from];
      Arrays.setAll(ids, i -> tokens.get(from + i));
      return ids;
    }
  }
}
