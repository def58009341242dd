package dev.lanewise.core.layer;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import java.util.Objects;

/** The results of the attention sublayers of one call, which are taken in the order of the sublayers. */
final class ResultsOfSublayers {
  private final List<Results> results;
  private final SequenceBatch x;
  private final SequenceBatch output;
  private int checked;
  private int taken;

  ResultsOfSublayers(List<Results> results, SequenceBatch x, SequenceBatch output) {
    this.results = Objects.requireNonNull(results, "results");
    this.x = x;
    this.output = output;
  }

  /** Checks the next results by their shapes, and that they share no element with the rows of the call. */
  void check(MultiHeadAttention attention, CallShape shape) {
    int i = checked++;
    if (i >= results.size()) {
      return; // none, or too few: the stack compares their number with that of the sublayers
    }
    String name = name(i);
    Results of = Objects.requireNonNull(results.get(i), name);
    if (of.requestsAny()) {
      attention.checks().results(name, shape, of);
      CallChecks.apart(name, of, "x", x);
      CallChecks.apart(name, of, "output", output);
    }
  }

  private static String name(int index) {
    return "results[" + index + "]";
  }

  /** Checks that results share no element with other results, with a memory, or with what attention reads besides rows. */
  static void checkApart(List<Results> results, List<TransformerLayer> layers, AttentionSource call) {
    for (int i = 0; i < results.size(); i++) {
      for (Heads written : results.get(i).written()) {
        call.checkApart(name(i), written);
        for (TransformerLayer layer : layers) {
          for (SublayerPart.Attending sublayer : layer.attentions()) {
            sublayer.attention().checkApart(name(i), written);
          }
        }
        for (int j = 0; j < i; j++) {
          CallChecks.apart(name(j), results.get(j), name(i), written);
        }
      }
    }
  }

  /** The results of the next sublayer. */
  Results next() {
    return results.isEmpty() ? Results.of() : results.get(taken++);
  }
}
