package dev.lanewise.bench.jmh;

import dev.lanewise.text.MiniLm;
import dev.lanewise.text.MiniLmArtifact;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
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
    ByPath<MiniLm> model = ByPath.of(weights()::withKernels);
    List<Tokens> tokens = List.of(model.on(VECTOR).tokens(SENTENCE.repeat(sentences)));
    double rows = tokens.get(0).length();
    return new Task(
        kernels -> model.on(kernels).embedTokens(tokens)[0],
        LAYERS * rows * (2.0 * WIDTH * (4 * WIDTH + 2 * FEED_FORWARD) + 4 * rows * WIDTH),
        (double) Float.BYTES * LAYERS * WIDTH * (4 * WIDTH + 2 * FEED_FORWARD),
        () -> {
          throw new IllegalStateException("there is no model in double precision");
        });
  }

  private static MiniLm weights() {
    try {
      return MiniLm.of(MiniLmArtifact.weights());
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
