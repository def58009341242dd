package dev.lanewise.bench.cli.train.lm;

import dev.lanewise.bench.cli.train.data.Corpus;
import java.util.SplittableRandom;

/**
 * Batches of windows at random places of the text to learn from. The places of a batch follow from the seed and the number of the step
 * alone.
 */
public final class ByteWindows {
  /** Separates the random numbers of neighbouring steps (Steele, Lea and Flood, 2014). */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final Corpus corpus;
  private final int context;
  private final int batch;
  private final long seed;

  /** The bytes of a batch. */
  private final int[] ids;

  /** For each byte the one that follows. */
  private final int[] targets;

  /**
   * Windows of a text.
   *
   * @param context bytes of a window, fewer than there are to learn from
   * @param batch number of windows
   */
  public ByteWindows(Corpus corpus, int context, int batch, long seed) {
    this.corpus = corpus;
    this.context = context;
    this.batch = batch;
    this.seed = seed;
    ids = new int[Math.multiplyExact(batch, context)];
    targets = new int[ids.length];
  }

  /** Takes the windows of a step. */
  public void read(long step) {
    // A generator adds GOLDEN for each number: without the split, a step would draw the numbers of the step before it, but the first.
    SplittableRandom random = new SplittableRandom(seed + (step + 1) * GOLDEN).split();
    for (int window = 0; window < batch; window++) {
      int from = random.nextInt(corpus.learned() - context);
      for (int i = 0; i < context; i++) {
        ids[window * context + i] = corpus.bytes()[from + i] & 0xff;
        targets[window * context + i] = corpus.bytes()[from + i + 1] & 0xff;
      }
    }
  }

  /** Number of windows. */
  public int batch() {
    return batch;
  }

  /** The bytes of the last {@link #read}, window after window; the array is used again. */
  public int[] ids() {
    return ids;
  }

  /** For each of {@link #ids} the byte that follows. */
  public int[] targets() {
    return targets;
  }
}
