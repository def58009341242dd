package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * all-MiniLM-L6-v2 of the same file, from token ids to the embedding. A peer computes the last hidden states; pooling them is not timed.
 */
final class ModelTask implements Task {
  private static final int SEED = 7;
  private static final int CLS = 101;
  private static final int SEP = 102;
  private static final int FIRST_WORD = 1996;
  private static final int VOCABULARY = 30522;
  private static final int POSITIONS = 512;

  final int[] tokens;
  private final IdEncoder model;
  private float[] embedding = {};

  ModelTask(ShapeOptions shape, int threads) {
    if (shape.queries < 2 || shape.queries > POSITIONS) {
      throw new UnsupportedOperationException("--queries is " + shape.queries + ", must be from 2 to " + POSITIONS + " tokens");
    }
    tokens = text(shape.queries, new Random(SEED));
    try {
      model = IdEncoder.load(threads);
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** Random words between the tokens that begin and end a text. */
  static int[] text(int length, Random random) {
    int[] ids = random.ints(length, FIRST_WORD, VOCABULARY).toArray();
    ids[0] = CLS;
    ids[length - 1] = SEP;
    return ids;
  }

  @Override
  public Map<String, Object> shape() {
    return Map.of("tokens", tokens.length);
  }

  @Override
  public void run() {
    embedding = model.embed(List.of(tokens))[0];
  }

  @Override
  public float[] result() {
    return embedding;
  }

  /** NaN: there is no reference in double for a whole model of this file. */
  @Override
  public double error(float[] result) {
    return Double.NaN;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.model(this);
  }
}
