package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import org.openjdk.jmh.annotations.Param;

/**
 * A whole call of {@link Attention} with one thing changed, on one thread: what each variant costs beside the plain call of the same run.
 * Four heads of 64 over 384 tokens.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters, prepare() the rest
public class AttentionVariantsBenchmark extends ScalarVersusVector {
  private static final int HEADS = 4;
  private static final int LENGTH = 384;
  private static final int HEAD_DIM = 64;
  private static final int WINDOW = 64;
  private static final float SOFTCAP = 2;

  /** What differs from softmax(scale · QKᵀ) · V. */
  public enum Variant {
    PLAIN,
    CAUSAL,
    /** Causal, and no key more than 64 before the query. */
    WINDOW,
    SOFTCAP,
    /** Causal, with the slopes of the paper. */
    ALIBI,
    SINKS,
    /** A matrix that shows nine tenths of the keys. */
    BOOLEAN_MASK,
    BIAS,
    RELU,
    /** Three sequences in place of one. */
    PACKED
  }

  /** Which of them. */
  @Param public Variant variant;

  private Heads query;
  private Heads key;
  private Heads value;
  private Heads output;
  private ReferenceAttention reference;
  private Attention scalarAttention;
  private Attention vectorAttention;

  /** Called by JMH. */
  public AttentionVariantsBenchmark() {}

  @Override
  protected void prepare() {
    query = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 1);
    key = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 2);
    value = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 3);
    output = Heads.zeros(1, HEADS, LENGTH, HEAD_DIM);
    reference = ReferenceAttention.of(query, key, value).mask(mask()).normaliser(normaliser());
    Attention attention = Attention.standard().withMask(mask()).withNormaliser(normaliser());
    switch (variant) {
      case SOFTCAP -> {
        reference = reference.softcap(SOFTCAP);
        attention = attention.withSoftcap(SOFTCAP);
      }
      case ALIBI -> {
        reference = reference.slopes(Attention.standardSlopes(HEADS));
        attention = attention.withAlibi(Attention.standardSlopes(HEADS));
      }
      case BIAS -> {
        Bias bias = Bias.ofQueriesAndKeys(Inputs.matrix(LENGTH, LENGTH, 4).data(), LENGTH);
        reference = reference.bias(bias);
        attention = attention.withBias(bias);
      }
      case PACKED -> {
        PackedSequences sequences = PackedSequences.of(0, 37, 165, LENGTH);
        reference = reference.sequences(sequences);
        attention = attention.withPackedSequences(sequences);
      }
      default -> {}
    }
    scalarAttention = attention.withKernels(SCALAR);
    vectorAttention = attention.withKernels(VECTOR);
  }

  private Mask mask() {
    return switch (variant) {
      case CAUSAL, ALIBI -> Mask.causal();
      case WINDOW -> Mask.window(WINDOW, 0);
      case BOOLEAN_MASK -> Mask.matrix(visible(), LENGTH);
      default -> Mask.none();
    };
  }

  private static boolean[] visible() {
    Matrix numbers = Inputs.matrix(LENGTH, LENGTH, 5);
    boolean[] visible = new boolean[LENGTH * LENGTH];
    for (int i = 0; i < visible.length; i++) {
      visible[i] = numbers.data()[i] < 0.8f; // of −1 to 1
    }
    return visible;
  }

  private Normaliser normaliser() {
    return switch (variant) {
      case SINKS -> Normaliser.softmaxWithSinks(Inputs.matrix(1, HEADS, 6).data());
      case RELU -> Normaliser.relu();
      default -> Normaliser.softmax();
    };
  }

  @Override
  protected double[] reference() {
    return reference.output();
  }

  @Override
  protected double bytes() {
    return 4.0 * Float.BYTES * query.data().length;
  }

  @Override
  protected float[] runScalar() {
    scalarAttention.compute(query, key, value, output);
    return output.data();
  }

  @Override
  protected float[] runVector() {
    vectorAttention.compute(query, key, value, output);
    return output.data();
  }
}
