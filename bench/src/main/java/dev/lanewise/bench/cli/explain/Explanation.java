package dev.lanewise.bench.cli.explain;

import dev.lanewise.core.AttentionWeights;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.bert.BertEncoder;
import java.util.ArrayList;
import java.util.List;

/**
 * The attention weights of a text, in every head of every layer.
 *
 * @param tokens the text
 * @param layers the weights of each layer, 1 × heads × tokens × tokens; each row sums to 1
 * @param rollouts the rollout up to each layer, 1 × tokens × tokens: row i has the share of each token in token i after that layer
 * @param entropies the entropy of each head, layers × heads, in nats: the mean over tokens of how widely their attention is spread
 */
public record Explanation(Tokens tokens, List<Heads> layers, List<SequenceBatch> rollouts, double[][] entropies) {

  /** Runs the model; it must be able to read all tokens at once. */
  public static Explanation of(BertEncoder encoder, Tokens tokens) {
    int length = tokens.length();
    PackedSequences text = PackedSequences.of(0, length);
    SequenceBatch x = SequenceBatch.zeros(1, length, encoder.embedDim());
    encoder.embed(tokens.ids(), null, text, x);
    List<Heads> layers = new ArrayList<>();
    for (int layer = 0; layer < encoder.encoder().layers().size(); layer++) {
      layers.add(Heads.zeros(1, encoder.numHeads(), length, length));
    }
    encoder.encoder().withPackedSequences(text).forward(x, x, layers.stream().map(Results.of()::withWeights).toList());
    return of(tokens, layers);
  }

  /** Computes rollouts and entropies of given weights. */
  public static Explanation of(Tokens tokens, List<Heads> layers) {
    List<SequenceBatch> rollouts = new ArrayList<>();
    double[][] entropies = new double[layers.size()][];
    for (int layer = 0; layer < layers.size(); layer++) {
      SequenceBatch rollout = SequenceBatch.zeros(1, tokens.length(), tokens.length());
      AttentionWeights.rollout(layers.subList(0, layer + 1), rollout);
      rollouts.add(rollout);
      entropies[layer] = meanEntropies(layers.get(layer));
    }
    return new Explanation(tokens, List.copyOf(layers), List.copyOf(rollouts), entropies);
  }

  /** Heads of each layer. */
  public int heads() {
    return layers.get(0).heads();
  }

  private static double[] meanEntropies(Heads weights) {
    float[] ofRows = new float[weights.heads() * weights.rows()];
    AttentionWeights.entropy(weights, ofRows);
    double[] means = new double[weights.heads()];
    for (int i = 0; i < ofRows.length; i++) {
      means[i / weights.rows()] += ofRows[i] / weights.rows();
    }
    return means;
  }
}
