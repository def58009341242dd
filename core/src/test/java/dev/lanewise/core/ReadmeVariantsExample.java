package dev.lanewise.core;

import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;

/** The examples of core/README.md, block by block; {@link ReadmeVariantsTest} compares the two and runs these. */
final class ReadmeVariantsExample {
  final int batch = 2;
  final int heads = 4;
  final int queries = 24;
  final int keys = 24;
  final Heads query;
  final Heads key;
  final Heads value;
  final Heads output = Heads.zeros(2, 4, 24, 16);
  final Attention attention = Attention.standard();

  ReadmeVariantsExample(Heads query, Heads key, Heads value) {
    this.query = query;
    this.key = key;
    this.value = value;
  }

  static SequenceBatch oneExample(
      int batch, int length, float[] k, float[] v, float[] inProjWeight, float[] inProjBias, float[] wo, float[] bo, float... activations) {
    // begin
    float[] q = new float[batch * 12 * length * 64]; // batch, head, row, column; likewise k, v
    Heads query = Heads.of(q, batch, 12, length, 64);
    Heads key = Heads.of(k, batch, 4, length, 64); // grouped: three query heads share one key/value head
    Heads value = Heads.of(v, batch, 4, length, 64);
    Heads output = Heads.zeros(batch, 12, length, 64);
    Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);

    MultiHeadAttention layer = MultiHeadAttention.builder(768, 12).packedInput(inProjWeight, inProjBias).output(wo, bo).build();
    SequenceBatch x = SequenceBatch.of(activations, batch, length, 768);
    SequenceBatch y = SequenceBatch.zeros(batch, length, 768);
    layer.forward(x, y);
    // end
    return y;
  }

  void masks() {
    // begin
    Mask mask = Mask.window(9, 0).and(Mask.keyLengths(17, 24)); // the ten keys up to its own, and no padding
    attention.withMask(mask).compute(query, key, value, output);
    // end
  }

  void ownMask() {
    // begin
    Mask everyThird = Mask.evaluate((b, head, i, j) -> (i - j) % 3 == 0, 1, 1, queries, keys); // called here, once for each element
    attention.withMask(Mask.causal().and(everyThird)).compute(query, key, value, output);
    // end
  }

  void softcapAndAlibi() {
    // begin
    Attention capped = attention.withMask(Mask.causal()).withSoftcap(30).withAlibi(Attention.standardSlopes(heads));
    capped.compute(query, key, value, output);
    // end
  }

  void sinks(float... sinks) {
    // begin
    attention.withNormaliser(Normaliser.softmaxWithSinks(sinks)).compute(query, key, value, output); // one learned logit for each head
    // end
  }

  void noSoftmax() {
    // begin
    attention.withNormaliser(Normaliser.relu().dividedByKeys()).compute(query, key, value, output);
    // end
  }

  void scoreFunction() {
    // begin
    RowFunction nearest =
        (row, offset, length, b, head, i, firstKey) -> {
          for (int j = 0; j < length; j++) {
            row[offset + j] -= 0.1f * Math.abs(i - firstKey - j);
          }
        };
    attention.withScoreFunction(nearest).compute(query, key, value, output);
    // end
  }

  Heads weightsOfRows() {
    // begin
    int[] rows = {0, 7, 23}; // ascending
    Heads weights = Heads.zeros(batch, heads, rows.length, keys);
    attention.compute(query, key, Results.of().withWeights(rows, weights));
    // end
    return weights;
  }

  Seen topKeysAndColumnSums() {
    // begin
    TopKeys top = TopKeys.of(5, batch, heads, queries);
    float[] columnSums = new float[batch * heads * keys]; // how much attention each key receives
    attention.compute(query, key, Results.of().withTopKeys(top).withColumnSums(columnSums)); // no value, no output
    int strongest = top.key(0, 3, 23, 0); // batch entry 0, head 3, query 23: the first of its five
    // end
    return new Seen(strongest, columnSums);
  }

  record Seen(int strongest, float[] columnSums) {}

  Heads scores() {
    // begin
    Heads scores = Heads.zeros(batch, heads, queries, keys);
    attention.withMask(Mask.causal()).compute(query, key, value, Results.of().withOutput(output).withScores(Stage.MASKED, scores));
    // end
    return scores;
  }

  /** Keys and values in two halves. */
  float[] merge(Heads keysLeft, Heads valuesLeft, Heads keysRight, Heads valuesRight) {
    // begin
    float[] logSumExp = new float[batch * heads * queries];
    attention.compute(query, keysLeft, valuesLeft, Results.of().withOutput(output).withLogSumExp(logSumExp));
    Heads other = Heads.zeros(batch, heads, queries, 16);
    float[] otherLogSumExp = new float[batch * heads * queries];
    attention.compute(query, keysRight, valuesRight, Results.of().withOutput(other).withLogSumExp(otherLogSumExp));
    Merge.into(output, logSumExp, other, otherLogSumExp); // equals attention over all keys at once
    // end
    return logSumExp;
  }

  Heads packed(float[] q, float[] k, float[] v) {
    // begin
    PackedSequences sequences = PackedSequences.of(0, 5, 17, 24); // of 5, 12 and 7 tokens, packed
    Heads packedOutput = Heads.zeros(1, heads, 24, 16);
    attention
        .withPackedSequences(sequences)
        .withMask(Mask.causal())
        .compute(Heads.of(q, 1, heads, 24, 16), Heads.of(k, 1, heads, 24, 16), Heads.of(v, 1, heads, 24, 16), packedOutput);
    // end
    return packedOutput;
  }

  float[] layouts(float... qkv) {
    // begin
    Heads all = Heads.ofRows(qkv, batch, queries, 3 * heads, 16); // a row holds the heads of query, key and value
    SequenceBatch result = SequenceBatch.zeros(batch, queries, heads * 16);
    attention.compute(all.heads(0, heads), all.heads(heads, 2 * heads), all.heads(2 * heads, 3 * heads), result.split(heads));
    // end
    return result.data();
  }
}
