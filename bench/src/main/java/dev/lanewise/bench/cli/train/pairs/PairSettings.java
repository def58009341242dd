package dev.lanewise.bench.cli.train.pairs;

import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import dev.lanewise.core.weights.NamedTensors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/**
 * What a run of {@code finetune} is made from.
 *
 * @param epochs how often each pair is seen
 * @param batch pairs of a step
 * @param maxTokens tokens of a text that are read while learning
 * @param learningRate the largest learning rate
 * @param temperature divisor of the cosines in the loss
 * @param dropout rate of dropout
 * @param decay weight decay
 * @param frozenLayers so many of the lowest layers do not learn
 * @param embeddings whether the tables of words, positions and types learn
 * @param seed seed of the order and of dropout
 * @param checkpointEvery steps between check-points
 */
public record PairSettings(
    int epochs,
    int batch,
    int maxTokens,
    double learningRate,
    double temperature,
    float dropout,
    double decay,
    int frozenLayers,
    boolean embeddings,
    long seed,
    int checkpointEvery) {

  /** Number of steps over so many pairs; the last batch is as large as the others, with pairs of one more epoch. */
  long steps(int pairs) {
    return Math.ceilDiv((long) epochs * pairs, batch);
  }

  /** A number that follows from everything that the bits of the result depend on. */
  long identity(List<Pair> pairs, NamedTensors weights) {
    PairSettings same =
        new PairSettings(epochs, batch, maxTokens, learningRate, temperature, dropout, decay, frozenLayers, embeddings, seed, 0);
    CRC32 sum = new CRC32();
    sum.update(same.toString().getBytes(StandardCharsets.UTF_8));
    for (Pair pair : pairs) {
      sum.update((pair.query() + '\t' + pair.text() + '\n').getBytes(StandardCharsets.UTF_8));
    }
    for (String name : weights.names()) {
      float[] numbers = weights.floats(name);
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * numbers.length);
      bytes.asFloatBuffer().put(numbers);
      sum.update(bytes);
    }
    return sum.getValue();
  }
}
