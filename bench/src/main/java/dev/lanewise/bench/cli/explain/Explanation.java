package dev.lanewise.bench.cli.explain;

import dev.lanewise.core.AttentionEntropy;
import dev.lanewise.core.AttentionRollout;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.MiniLm;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.tokenizer.Tokens;
import java.util.ArrayList;
import java.util.List;

/**
 * What every token of a text attends to, in every head of every layer.
 *
 * @param tokens the text
 * @param layers of each layer 1 × heads × tokens × tokens; each row sums to 1
 * @param rollouts of each layer 1 × tokens × tokens: row i says what token i is made of behind it, all layers before it counted
 * @param entropies layers × heads: how widely a token's attention is spread there, in nats, the mean over tokens
 */
public record Explanation(Tokens tokens, List<Heads> layers, List<SequenceBatch> rollouts, double[][] entropies) {

  /** Runs the model on tokens that it can read as a whole. */
  public static Explanation of(BertEncoder encoder, Tokens tokens) {
    int length = tokens.length();
    PackedSequences text = PackedSequences.of(0, length);
    SequenceBatch x = SequenceBatch.zeros(1, length, encoder.embedDim());
    encoder.embeddings(tokens.ids(), null, text, x);
    List<Heads> layers = new ArrayList<>();
    for (int layer = 0; layer < encoder.encoder().layers().size(); layer++) {
      layers.add(Heads.zeros(1, MiniLm.NUM_HEADS, length, length));
    }
    encoder.encoder().withPackedSequences(text).forward(x, x, layers);
    return of(tokens, layers);
  }

  /** Rollout and entropy of weights that are there already. */
  public static Explanation of(Tokens tokens, List<Heads> layers) {
    List<SequenceBatch> rollouts = new ArrayList<>();
    double[][] entropies = new double[layers.size()][];
    for (int layer = 0; layer < layers.size(); layer++) {
      SequenceBatch rollout = SequenceBatch.zeros(1, tokens.length(), tokens.length());
      AttentionRollout.of(layers.subList(0, layer + 1), rollout);
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
    AttentionEntropy.of(weights, ofRows);
    double[] means = new double[weights.heads()];
    for (int i = 0; i < ofRows.length; i++) {
      means[i / weights.rows()] += ofRows[i] / weights.rows();
    }
    return means;
  }
}
