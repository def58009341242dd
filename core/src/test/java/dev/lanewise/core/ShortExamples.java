package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.Transformer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.List;

/** Examples of a few lines in the Javadoc of kernels and core; {@link ShortExamplesTest} compares the two and runs these. */
final class ShortExamples {
  private ShortExamples() {}

  static void kernels(Matrix query, Matrix key, Matrix value, Matrix scores, Matrix output) {
    // begin
    Kernels kernels = Kernels.selected();
    kernels.scores(query, key, 1 / 8f, scores); // QKᵀ / √64
    kernels.softmax(scores, scores); // each row, in place
    kernels.output(scores, value, output); // weights · V
    // end
  }

  static void product(Kernels kernels, Matrix x, Matrix weight, float[] bias, Matrix y, Heads heads, double[] frequencies) {
    // begin
    PackedMatrix packed = kernels.packTransposed(weight); // once for many products
    kernels.product(x, packed, bias, Activation.GELU, y);
    kernels.rotate(heads, heads, RotaryTable.of(RotaryTable.Form.HALF, frequencies, 1), 0);
    // end
  }

  static Heads heads(float[] q, float[] x, int batch, int heads, int rows) {
    // begin
    Heads query = Heads.of(q, batch, heads, rows, 64); // the rows of a head side by side
    Heads projected = Heads.ofRows(x, batch, rows, heads, 64); // the heads of a row side by side
    // end
    return query.batch() > projected.batch() ? query : projected;
  }

  static void bias(Attention attention, Heads query, Heads key, Heads value, Heads output, float[] bias, int queries, int keys) {
    // begin
    attention.withBias(Bias.of(bias, queries, keys)).compute(query, key, value, output); // the same for every head
    // end
  }

  static KeyValueCache format(int heads, int headDim) {
    // begin
    KeyValueCache cache = KeyValueCache.builder(heads, headDim).format(KeyValueFormat.INT8).capacity(4096).build();
    // end
    return cache;
  }

  static void normaliser(Attention attention, Heads query, Heads key, Heads value, Heads output, float[] sinks) {
    // begin
    attention.withNormaliser(Normaliser.softmaxWithSinks(sinks)).compute(query, key, value, output);
    // end
  }

  static void packed(Attention attention, Heads query, Heads key, Heads value, Heads output) {
    // begin
    PackedSequences two = PackedSequences.of(0, 17, 41); // 17 and 24 rows
    attention.withPackedSequences(two).compute(query, key, value, output); // 1 × heads × 41 × headDim
    // end
  }

  static void function(Attention attention, Heads query, Heads key, Heads value, Heads output) {
    // begin
    RowFunction clamp =
        (row, offset, length, batchEntry, queryHead, queryRow, firstKey) -> {
          for (int i = offset; i < offset + length; i++) {
            row[i] = Math.min(row[i], 20);
          }
        };
    attention.withScoreFunction(clamp).compute(query, key, value, output);
    // end
  }

  static void similarity(Attention attention, Heads query, Heads key, Heads value, Heads output) {
    // begin
    attention.withSimilarity(Similarity.cosine()).withScale(10).compute(query, key, value, output);
    // end
  }

  static void stage(Attention attention, Heads query, Heads key, Heads value, Heads output, Heads scores) {
    // begin
    attention.compute(query, key, value, Results.of().withOutput(output).withScores(Stage.CAPPED, scores));
    // end
  }

  static void merge(
      Attention attention,
      Heads query,
      Heads key,
      Heads value,
      Heads otherKey,
      Heads otherValue,
      Heads output,
      Heads other,
      float[] logSumExp,
      float[] otherLogSumExp) {
    // begin
    attention.compute(query, key, value, Results.of().withOutput(output).withLogSumExp(logSumExp));
    attention.compute(query, otherKey, otherValue, Results.of().withOutput(other).withLogSumExp(otherLogSumExp));
    Merge.into(output, logSumExp, other, otherLogSumExp); // attention to the keys of both
    // end
  }

  static int top(Attention attention, Heads query, Heads key, Heads value, int batch, int heads, int queries) {
    // begin
    TopKeys top = TopKeys.of(5, batch, heads, queries);
    attention.compute(query, key, value, Results.of().withTopKeys(top));
    int largest = top.key(0, 3, 50, 0); // of batch entry 0, head 3, query 50
    // end
    return largest;
  }

  static void mask(Attention attention, Heads query, Heads key, Heads value, Heads output) {
    // begin
    Mask mask = Mask.causal().and(Mask.keyLengths(17, 24)); // two sequences, padded
    attention.withMask(mask).compute(query, key, value, output);
    // end
  }

  static List<Mask> windows() {
    // begin
    Mask streaming = Mask.window(255, 0).withSinks(4); // the last 256 keys up to the query's own, and the first four
    Mask chunk = Mask.window(255, 0).withAlignment(Mask.Alignment.offsets(1024, 512)); // queries from positions 1024 and 512 on
    // end
    return List.of(streaming, chunk);
  }

  static Mask drafts() {
    // begin
    Mask drafts = Mask.window(255, 0).and(Mask.tree(-1, 0, 0).withWindowsByPosition()); // both children of node 0 see 256 tokens
    // end
    return drafts;
  }

  static void linear(float[] weight, float[] bias, int inputs, int outputs, SequenceBatch x, SequenceBatch y) {
    // begin
    Linear projection = Linear.of(weight, bias, inputs, outputs);
    projection.withThreads(2).forward(x, y); // batch × rows × inputs to batch × rows × outputs, on two threads
    // end
  }

  static void norm(float[] weight, SequenceBatch x, SequenceBatch y) {
    // begin
    Norm norm = Norm.rms(weight, 1e-6f);
    norm.forward(x, y); // each row by itself
    // end
  }

  static void transformer(
      TransformerStack encoder, TransformerStack decoder, SequenceBatch source, SequenceBatch target, SequenceBatch output) {
    // begin
    Transformer transformer = Transformer.of(encoder, decoder).withSourceMask(Mask.keyLengths(17, 24));
    transformer.forward(source, target, output); // batch × rows × embedDim each
    // end
  }
}
