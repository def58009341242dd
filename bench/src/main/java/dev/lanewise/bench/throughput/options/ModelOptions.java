package dev.lanewise.bench.throughput.options;

import dev.lanewise.bench.cli.console.WeightNames;
import dev.lanewise.kernels.data.WeightFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** Options of the model of {@code --op token}; its heads are those of attention. */
public final class ModelOptions {
  private static final int LAYERS = 24;
  private static final int EMBED_DIM = 1024;
  private static final int FEED_FORWARD = 2816;
  private static final int VOCABULARY = 32_000;
  private static final String F32 = "f32";

  @Option(names = "--layers", paramLabel = "N", defaultValue = "24", description = "token: layers of the model (default: 24).")
  public int layers = LAYERS;

  @Option(names = "--embed-dim", paramLabel = "N", defaultValue = "1024", description = "token: width of the rows (default: 1024).")
  public int embedDim = EMBED_DIM;

  @Option(
      names = "--feed-forward",
      paramLabel = "N",
      defaultValue = "2816",
      description = "token: width of the hidden rows of the gated feed-forward network (default: 2816).")
  public int feedForward = FEED_FORWARD;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "32000",
      description = "token: number of tokens, each of which has a logit (default: 32000).")
  public int vocabulary = VOCABULARY;

  @Option(names = "--tied", description = "token: the embedding is the weight of the head.")
  public boolean tied;

  @Option(
      names = "--weights",
      paramLabel = "FORMAT",
      defaultValue = F32,
      description = "token, gemm: how the weights are stored, " + WeightNames.ALL + " (default: f32).")
  public String weights = F32;

  /** Creates the options; picocli sets them. */
  public ModelOptions() {}

  /**
   * Checks the options and how they fit together.
   *
   * @throws IllegalArgumentException naming the option
   */
  public void check(String op, ShapeOptions sizes) {
    if (!op.equals("token")) {
      checkNotGiven(op);
      format();
      return;
    }
    positive("--layers", layers);
    positive("--embed-dim", embedDim);
    positive("--feed-forward", feedForward);
    positive("--vocabulary", vocabulary);
    format();
    checkWeight("--vocabulary", vocabulary);
    checkWeight("--feed-forward", feedForward);
    checkWeight("--heads x --head-dim", (long) sizes.heads * sizes.headDim);
    checkWeight("--heads x --value-dim", (long) sizes.heads * sizes.valueDim);
    fits("--keys and --queries", (long) sizes.keys + sizes.queries, 1);
    fits("--batch x --queries", (long) sizes.batch * sizes.queries, Math.max(embedDim, feedForward));
    fits("--batch x --vocabulary", (long) sizes.batch * vocabulary, 1);
  }

  /** The format that {@code --weights} names. */
  public WeightFormat format() {
    return WeightNames.format("--weights", weights);
  }

  /** Bytes of a projection as it is stored, with its scales and zero points. */
  public long bytes(int inputs, int outputs) {
    WeightFormat format = format();
    long ints = Math.ceilDiv((long) inputs * format.bits(), Integer.SIZE);
    long scales = (long) format.scales(inputs) * (format.hasZeroPoints() ? 2 : 1);
    return outputs * (Integer.BYTES * ints + Float.BYTES * scales);
  }

  private void checkNotGiven(String op) {
    Map<String, Boolean> given = new LinkedHashMap<>();
    given.put("layers", layers != LAYERS);
    given.put("embed-dim", embedDim != EMBED_DIM);
    given.put("feed-forward", feedForward != FEED_FORWARD);
    given.put("vocabulary", vocabulary != VOCABULARY);
    given.put("tied", tied);
    given.put("weights", !weights.equals(F32) && !op.equals("gemm"));
    given.forEach(
        (option, isGiven) -> {
          if (isGiven) {
            throw new IllegalArgumentException("--" + option + " is for --op token, not " + op);
          }
        });
  }

  private static void positive(String option, int size) {
    if (size < 1) {
      throw new IllegalArgumentException(option + " is " + size + ", must be at least 1");
    }
  }

  private void checkWeight(String option, long outputs) {
    fits("--embed-dim " + embedDim + " x " + option, outputs, embedDim);
  }

  private static void fits(String what, long count, long width) {
    if (count > Integer.MAX_VALUE / width) {
      throw new IllegalArgumentException(what + " " + count + " are more elements than an array has");
    }
  }
}
