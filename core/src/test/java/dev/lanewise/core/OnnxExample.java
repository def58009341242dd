package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.Mask.Alignment;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import java.util.List;

/**
 * The Lanewise column of the ONNX tables in core/README.md, line by line. {@link OnnxOperatorsTest} compares the two; {@link
 * OnnxAttentionTest} and {@link OnnxOperatorsTest} run these.
 */
final class OnnxExample {
  private OnnxExample() {}

  static Heads rankFour(float[] data, int batch, int heads, int length, int size) {
    // begin
    return Heads.of(data, batch, heads, length, size);
    // end
  }

  static Heads rankThree(float[] data, int batch, int heads, int length, int size) {
    // begin
    return SequenceBatch.of(data, batch, length, heads * size).split(heads);
    // end
  }

  static void halves(Heads view, short... bits) {
    // begin
    view.copyFrom(KeyValueFormat.F16, bits, 0);
    // end
  }

  static Attention scale(Attention attention, float scale) {
    // begin
    return attention.withScale(scale);
    // end
  }

  static void past(Heads key, Heads cache, int past) {
    // begin
    key.copyTo(cache.rows(past, past + key.rows()));
    // end
  }

  static Heads present(Heads key, Heads cache, int past) {
    // begin
    return cache.rows(0, past + key.rows());
    // end
  }

  static void caches(Attention attention, Heads query, Heads key, Heads value, List<KeyValueCache> caches, Heads output) {
    // begin
    KeyValueCache.appendAll(caches, key, value);
    attention.compute(query, caches, output);
    // end
  }

  static Attention causal(Attention attention) {
    // begin
    return attention.withMask(Mask.causal(Alignment.topLeft()));
    // end
  }

  static Attention causalAfterPast(Attention attention) {
    // begin
    return attention.withMask(Mask.causal());
    // end
  }

  static Attention causalWithPast(Attention attention, int past) {
    // begin
    return attention.withMask(Mask.causal(Alignment.offsets(past, past)));
    // end
  }

  static Attention causalWithLengths(Attention attention, int... n) {
    // begin
    return attention.withMask(Mask.causal(Alignment.offsets(n)));
    // end
  }

  static Attention lengths(Attention attention, int... lengths) {
    // begin
    return attention.withMask(Mask.keyLengths(lengths));
    // end
  }

  static Attention booleanMask(Attention attention, boolean[] mask, int... shape) {
    // begin
    return attention.withMask(Mask.matrix(mask, shape));
    // end
  }

  static Attention floatMask(Attention attention, float[] mask, int... shape) {
    // begin
    return attention.withBias(Bias.of(mask, shape));
    // end
  }

  static Attention booleanMaskBesideCausal(Attention attention, boolean[] mask, int... shape) {
    // begin
    return attention.withMask(Mask.causal(Alignment.topLeft()).and(Mask.matrix(mask, shape)));
    // end
  }

  static void shortMask(Attention attention, Heads query, Heads key, Heads value, int columns, Heads output) {
    // begin
    attention.compute(query, key.rows(0, columns), value.rows(0, columns), output);
    // end
  }

  static Attention window(Attention attention, int left, int right) {
    // begin
    return attention.withMask(Mask.window(left, right).withAlignment(Alignment.topLeft()));
    // end
  }

  static Attention windowFrom(Attention attention, int left) {
    // begin
    return attention.withMask(Mask.windowFrom(left).withAlignment(Alignment.topLeft()));
    // end
  }

  static Attention windowUpTo(Attention attention, int right) {
    // begin
    return attention.withMask(Mask.windowUpTo(right).withAlignment(Alignment.topLeft()));
    // end
  }

  static Attention windowWithPast(Attention attention, int left, int right, int past) {
    // begin
    return attention.withMask(Mask.window(left, right).withAlignment(Alignment.offsets(past, past)));
    // end
  }

  static Attention windowWithLengths(Attention attention, int left, int right, int[] n, int... lengths) {
    // begin
    return attention.withMask(Mask.window(left, right).withAlignment(Alignment.offsets(n)).and(Mask.keyLengths(lengths)));
    // end
  }

  static Attention softcap(Attention attention, float softcap) {
    // begin
    return attention.withSoftcap(softcap);
    // end
  }

  static Attention softcapAfterMask(Attention attention, Bias mask, double softcap) {
    RowFunction cap =
        (row, offset, length, b, head, i, firstKey) -> {
          for (int j = offset; j < offset + length; j++) {
            row[j] = (float) (softcap * Math.tanh(row[j] / softcap));
          }
        };
    // begin
    return attention.withBias(mask).withScoreFunction(cap);
    // end
  }

  static Results modeZero(Heads y, Heads qk) {
    // begin
    return Results.of().withOutput(y).withScores(Stage.RAW, qk);
    // end
  }

  static Results modeOne(Heads y, Heads qk) {
    // begin
    return Results.of().withOutput(y).withScores(Stage.CAPPED, qk);
    // end
  }

  static Results modeTwo(Heads y, Heads qk) {
    // begin
    return Results.of().withOutput(y).withScores(Stage.MASKED, qk);
    // end
  }

  static Results modeThree(Heads y, Heads qk) {
    // begin
    return Results.of().withOutput(y).withWeights(qk);
    // end
  }

  static double[] doublePrecision(Attention attention, Heads query, Heads key, Heads value) {
    // begin
    return ReferenceAttention.of(attention, query, key, value).output();
    // end
  }

  static Rotary rotary(int headSize, float[] cos, float[] sin, int positions, int pairs) {
    // begin
    return Rotary.of(headSize, RotaryTable.of(RotaryTable.Form.HALF, cos, sin, positions, pairs));
    // end
  }

  static Rotary interleaved(Rotary rotary) {
    // begin
    return rotary.withForm(RotaryTable.Form.INTERLEAVED);
    // end
  }

  static void positionIds(Rotary rotary, Heads x, Heads y, int... ids) {
    // begin
    rotary.apply(x, y, ids);
    // end
  }

  static void noPositionIds(Rotary rotary, Heads x, Heads y, int batch, int length) {
    // begin
    rotary.apply(x, y, Positions.ofRows(batch * length, 0));
    // end
  }

  static MultiHeadAttention rotaryInLayer(MultiHeadAttention layer, Rotary rotary, int... ids) {
    // begin
    return layer.withPositions(rotary.at(ids));
    // end
  }

  static void scatter(Heads update, Heads cache, int b, int at) {
    // begin
    update.batch(b, b + 1).copyTo(cache.batch(b, b + 1).rows(at, at + update.rows()));
    // end
  }

  static void scatterCircular(Heads update, Heads cache, int i, int row) {
    // begin
    update.rows(i, i + 1).copyTo(cache.rows(row, row + 1));
    // end
  }

  static Attention linear(Attention attention) {
    // begin
    return attention.withNormaliser(Normaliser.linear()).withMask(Mask.causal());
    // end
  }

  static void pastState(Heads past, Heads values) {
    // begin
    past.copyTo(values.rows(0, past.rows()));
    // end
  }

  static void presentState(Attention attention, Heads identity, Heads keys, Heads values, Heads present) {
    // begin
    attention.withNormaliser(Normaliser.linear()).withScale(1).compute(identity, keys, values, present);
    // end
  }

  static Attention gated(Attention attention, RowFunction decay) {
    // begin
    return attention.withNormaliser(Normaliser.linear()).withMask(Mask.causal()).withWeightFunction(decay);
    // end
  }

  static Attention scoreMod(Attention attention, RowFunction scoreMod) {
    // begin
    return attention.withScoreFunction(scoreMod);
    // end
  }

  static Attention probMod(Attention attention, RowFunction probMod) {
    // begin
    return attention.withWeightFunction(probMod);
    // end
  }

  static void softmax(Kernels kernels, Heads x, Heads y) {
    // begin
    kernels.softmax(x, Heads.Axis.HEAD, y);
    // end
  }

  static void logSoftmax(Kernels kernels, Heads x, Heads y) {
    // begin
    kernels.logSoftmax(x, Heads.Axis.COLUMN, y);
    // end
  }

  static void rmsNormalization(SequenceBatch x, SequenceBatch y, float[] scale, float epsilon) {
    // begin
    Norm.rms(scale, epsilon).forward(x, y);
    // end
  }

  static void swish(Kernels kernels, Matrix x, Matrix y) {
    // begin
    kernels.activate(Activation.SILU, x, y);
    // end
  }

  static void swiglu(Kernels kernels, Matrix a, Matrix b, Matrix y) {
    // begin
    kernels.gate(Activation.SILU, a, b, y);
    // end
  }
}
