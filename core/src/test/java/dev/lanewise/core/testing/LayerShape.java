package dev.lanewise.core.testing;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;

/** The widths of a layer; weights depend only on the seed. */
public record LayerShape(int embedDim, int numHeads, int keyValueHeads, int valueDim, int keyInputDim, int valueInputDim) {
  public static LayerShape of(int embedDim, int numHeads) {
    return new LayerShape(embedDim, numHeads, numHeads, embedDim / numHeads, embedDim, embedDim);
  }

  public LayerShape grouped(int newKeyValueHeads) {
    return new LayerShape(embedDim, numHeads, newKeyValueHeads, valueDim, keyInputDim, valueInputDim);
  }

  public LayerShape valueDim(int newValueDim) {
    return new LayerShape(embedDim, numHeads, keyValueHeads, newValueDim, keyInputDim, valueInputDim);
  }

  public LayerShape sources(int newKeyInputDim, int newValueInputDim) {
    return new LayerShape(embedDim, numHeads, keyValueHeads, valueDim, newKeyInputDim, newValueInputDim);
  }

  public int headDim() {
    return embedDim / numHeads;
  }

  public Weights query() {
    return Weights.of(embedDim, embedDim, 21);
  }

  public Weights key() {
    return Weights.of(keyValueHeads * headDim(), keyInputDim, 22);
  }

  public Weights value() {
    return Weights.of(keyValueHeads * valueDim, valueInputDim, 23);
  }

  public Weights output() {
    return Weights.of(embedDim, numHeads * valueDim, 24);
  }

  public MultiHeadAttention layer() {
    return MultiHeadAttention.builder(embedDim, numHeads)
        .keyValueHeads(keyValueHeads)
        .valueDim(valueDim)
        .sources(keyInputDim, valueInputDim)
        .query(query().weight, query().bias)
        .key(key().weight, key().bias)
        .value(value().weight, value().bias)
        .output(output().weight, output().bias)
        .build();
  }

  /** A projection, outputs × inputs. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Weights(int outputs, int inputs, float[] weight, float[] bias) {
    public static Weights of(int outputs, int inputs, int salt) {
      return new Weights(
          outputs,
          inputs,
          Views.randomArray(outputs * inputs, 1 / Math.sqrt(inputs), Problem.SEED + salt),
          Views.randomArray(outputs, 0.5, Problem.SEED + salt + 100));
    }

    public SequenceBatch apply(SequenceBatch input) {
      SequenceBatch result = SequenceBatch.zeros(input.batch(), input.rows(), outputs);
      Linear.of(weight, bias, inputs, outputs).forward(input, result);
      return result;
    }
  }
}
