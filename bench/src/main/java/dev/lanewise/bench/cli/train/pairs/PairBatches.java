package dev.lanewise.bench.cli.train.pairs;

import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import dev.lanewise.core.learn.optimise.SeededOrder;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.util.List;

/** Batches of pairs as packed tokens: first the queries, then their texts in the same order. */
final class PairBatches {
  private final int[][] queries;
  private final int[][] texts;
  private final int size;
  private final SeededOrder order;

  PairBatches(List<Pair> pairs, EncoderModel model, PairSettings settings) {
    Tokenizer tokenizer = model.tokenizer().withMaxTokens(settings.maxTokens());
    queries = pairs.stream().map(pair -> tokenizer.encode(model.prefix() + pair.query()).ids()).toArray(int[][]::new);
    texts = pairs.stream().map(pair -> tokenizer.encode(model.prefix() + pair.text()).ids()).toArray(int[][]::new);
    size = settings.batch();
    order = SeededOrder.of(settings.seed(), pairs.size());
  }

  /**
   * The tokens of a batch.
   *
   * @param ids all tokens
   * @param starts where each text begins
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Batch(int[] ids, PackedSequences starts) {}

  /** A batch by its number in the run. */
  Batch batch(long number) {
    int[][] all = new int[2 * size][];
    for (int i = 0; i < size; i++) {
      int pair = order.item(number * size + i);
      all[i] = queries[pair];
      all[size + i] = texts[pair];
    }
    int[] starts = new int[all.length + 1];
    for (int i = 0; i < all.length; i++) {
      starts[i + 1] = starts[i] + all[i].length;
    }
    int[] ids = new int[starts[all.length]];
    for (int i = 0; i < all.length; i++) {
      System.arraycopy(all[i], 0, ids, starts[i], all[i].length);
    }
    return new Batch(ids, PackedSequences.of(starts));
  }
}
