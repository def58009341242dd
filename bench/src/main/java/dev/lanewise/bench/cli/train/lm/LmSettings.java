package dev.lanewise.bench.cli.train.lm;

import dev.lanewise.bench.cli.train.data.Corpus;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * What a run of {@code train-lm} is made from.
 *
 * @param model the shape of the model
 * @param steps number of steps
 * @param batch windows of a step
 * @param learningRate the largest learning rate
 * @param decay weight decay
 * @param seed seed of weights, batches, dropout and samples
 * @param reports how often the held-out part is measured and a sample printed
 * @param prompt what samples continue
 * @param checkpointEvery steps between check-points
 */
public record LmSettings(
    ByteModel model, int steps, int batch, double learningRate, double decay, long seed, int reports, String prompt, int checkpointEvery) {

  /** A number that follows from everything that the bits of the result depend on. */
  long identity(Corpus corpus) {
    LmSettings same = new LmSettings(model, steps, batch, learningRate, decay, seed, 0, "", 0);
    CRC32 sum = new CRC32();
    sum.update(same.toString().getBytes(StandardCharsets.UTF_8));
    sum.update(corpus.bytes());
    return sum.getValue();
  }
}
