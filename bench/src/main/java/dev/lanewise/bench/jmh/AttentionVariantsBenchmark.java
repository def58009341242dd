package dev.lanewise.bench.jmh;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Param;

/**
 * A whole call of {@link Attention} with one thing changed, on one thread: what each variant costs beside the plain call of the same run.
 * Four heads of 64 over 384 tokens.
 */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class AttentionVariantsBenchmark extends ScalarVersusVector {
  private static final int HEADS = 4;
  private static final int LENGTH = 384;
  private static final int HEAD_DIM = 64;
  private static final int WINDOW_KEYS = 64;
  private static final float LIMIT = 2;
  private static final PackedSequences SEQUENCES = PackedSequences.of(0, 37, 165, LENGTH);

  /** The difference from softmax(scale · QKᵀ) · V. */
  public enum Variant {
    PLAIN(call -> call),
    CAUSAL(call -> call.withMask(Mask.causal())),
    /** Causal, and no key more than 64 before the query. */
    WINDOW(call -> call.withMask(Mask.window(WINDOW_KEYS, 0))),
    SOFTCAP(call -> call.withSoftcap(LIMIT)),
    /** Causal, with the slopes of the paper. */
    ALIBI(call -> CAUSAL.call.apply(call).withAlibi(slopes())),
    SINKS(call -> call.withNormaliser(sinks())),
    /** A matrix that shows nine tenths of the keys. */
    BOOLEAN_MASK(call -> call.withMask(visible())),
    BIAS(call -> call.withBias(bias())),
    RELU(call -> call.withNormaliser(Normaliser.relu())),
    /** Three sequences in place of one. */
    PACKED(call -> call.withPackedSequences(SEQUENCES));

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final UnaryOperator<Attention> call;

    Variant(UnaryOperator<Attention> call) {
      this.call = call;
    }
  }

  /** Which of them. */
  @Param public Variant variant;

  @Override
  protected Task prepare() {
    Heads query = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 1);
    Heads key = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 2);
    Heads value = Inputs.heads(HEADS, LENGTH, HEAD_DIM, 3);
    Heads output = Heads.zeros(1, HEADS, LENGTH, HEAD_DIM);
    Attention asked = variant.call.apply(Attention.standard());
    ByPath<Attention> attention = ByPath.of(asked::withKernels);
    return new Task(
        kernels -> {
          attention.on(kernels).compute(query, key, value, output);
          return output.data();
        },
        0,
        bytes(query.data(), key.data(), value.data(), output.data()),
        () -> ReferenceAttention.of(asked, query, key, value).output());
  }

  private static float[] slopes() {
    return Attention.standardSlopes(HEADS);
  }

  private static Normaliser sinks() {
    return Normaliser.softmaxWithSinks(Inputs.matrix(1, HEADS, 6).data());
  }

  private static Bias bias() {
    return Bias.of(Inputs.matrix(LENGTH, LENGTH, 4).data(), LENGTH, LENGTH);
  }

  private static Mask visible() {
    Matrix numbers = Inputs.matrix(LENGTH, LENGTH, 5);
    boolean[] visible = new boolean[LENGTH * LENGTH];
    for (int i = 0; i < visible.length; i++) {
      visible[i] = numbers.data()[i] < 0.8f; // from −1 to 1
    }
    return Mask.matrix(visible, LENGTH, LENGTH);
  }
}
