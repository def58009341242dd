package dev.lanewise.bench.jmh;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.openjdk.jmh.annotations.Param;

/** all-MiniLM-L6-v2, a real model of six layers, from token ids to the embedding of one text. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class ModelBenchmark extends ScalarVersusVector {
  private static final String SENTENCE = "The law will never be perfect, but its application should be just. ";
  private static final int LAYERS = 6;
  private static final int WIDTH = 384;
  private static final int FEED_FORWARD = 1536;

  /** The largest distance of a component, of vectors of length 1. */
  private static final double BUDGET = 1e-5;

  /** How often the text holds a sentence of fifteen tokens. */
  @Param({"1", "8"})
  public int sentences;

  @Override
  protected Task prepare() {
    EncoderModel loaded = model();
    ByPath<BertEncoder> model = ByPath.of(loaded.encoder()::withKernels);
    int[] ids = loaded.tokenizer().encode(SENTENCE.repeat(sentences)).ids();
    PackedSequences text = PackedSequences.of(0, ids.length);
    double rows = ids.length;
    return new Task(
        kernels -> {
          SequenceBatch embedding = SequenceBatch.zeros(1, 1, WIDTH);
          model.on(kernels).forward(ids, text, Pooling.mean(), embedding);
          return normalised(embedding.data());
        },
        LAYERS * rows * (2.0 * WIDTH * (4 * WIDTH + 2 * FEED_FORWARD) + 4 * rows * WIDTH),
        (double) Float.BYTES * LAYERS * WIDTH * (4 * WIDTH + 2 * FEED_FORWARD),
        () -> {
          throw new IllegalStateException("there is no model in double precision");
        });
  }

  private static float[] normalised(float[] vector) {
    double length = Math.sqrt(TextEncoder.similarity(vector, vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return vector;
  }

  private static EncoderModel model() {
    try {
      return EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tests hold the model against another program's; here it is enough that both paths say the same. */
  @Override
  void check(float[] scalarResult, float[] vectorResult) {
    for (int i = 0; i < scalarResult.length; i++) {
      if (!(Math.abs((double) scalarResult[i] - vectorResult[i]) <= BUDGET)) {
        throw new IllegalStateException("component " + i + " is " + vectorResult[i] + " in vector and " + scalarResult[i] + " in scalar");
      }
    }
  }
}
