package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.learn.GraphModel.Around;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.weights.Initialisation;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.GraphRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A layer that learns with random sizes, settings and inputs that depend on a seed, and the same layer as a program of a graph. */
final class LearnCase {
  static final double EPSILON = 1e-5;
  static final int CALLS = 1 << 20;

  /** Kinds of layers. */
  enum Kind {
    LINEAR,
    LAYER_NORM,
    RMS_NORM,
    FEED_FORWARD,
    GATED,
    ENCODER_LAYER,
    SANDWICH,
    DECODER_LAYER,
    ENCODER,
    DECODER_ONLY,
    DECODER
  }

  /** How sequences lie in a batch. */
  enum Rows {
    WHOLE,
    PADDED,
    PACKED
  }

  /**
   * A sequence of a batch.
   *
   * @param seen keys of self-attention that are no padding
   * @param memorySeen keys of cross-attention that are no padding
   */
  record Sequence(int b, int from, int count, int seen, int memoryFrom, int memoryCount, int memorySeen) {}

  final long seed;
  final Random random;
  final Kind kind;
  final Rows layout;
  final int heads;
  final int width;
  final int outputs;
  final int hidden;
  final int layers;
  final Norm.Placement placement;
  final Activation activation;
  final float dropout;
  final List<Sequence> sequences = new ArrayList<>();
  final TrainableLayer layer;
  final SequenceBatch x;
  final @Nullable SequenceBatch memory;
  final SequenceBatch outputGradient;
  final long step;

  LearnCase(long seed) {
    this.seed = seed;
    this.random = new Random(seed * 7919 + 13);
    this.kind = Kind.values()[(int) (seed % Kind.values().length)];
    this.layout = Rows.values()[random.nextInt(3)];
    this.heads = 1 + random.nextInt(3);
    this.width = heads * (heads == 1 ? 5 + random.nextInt(8) : 3 + random.nextInt(4)); // the gradient of a norm of two elements is 0
    this.outputs = kind == Kind.LINEAR || kind == Kind.FEED_FORWARD || kind == Kind.GATED ? 1 + random.nextInt(20) : width;
    this.hidden = 4 + random.nextInt(20);
    this.layers = isStack() ? 1 + random.nextInt(3) : 1;
    this.placement = Norm.Placement.values()[random.nextInt(3)];
    this.activation = Activation.values()[random.nextInt(Activation.values().length)];
    this.dropout = random.nextBoolean() ? 0 : 0.25f;
    this.step = random.nextInt(1000);
    this.layer = layer();
    int batch = 1 + random.nextInt(3);
    int rows = 1 + random.nextInt(6);
    int memoryRows = 1 + random.nextInt(6);
    int from = 0;
    int memoryFrom = 0;
    for (int b = 0; b < batch; b++) {
      boolean packed = layout == Rows.PACKED;
      boolean padded = layout == Rows.PADDED;
      int count = packed ? 1 + random.nextInt(6) : rows;
      int memoryCount = packed ? 1 + random.nextInt(6) : memoryRows;
      int seen = padded ? 1 + random.nextInt(count) : count;
      int memorySeen = padded ? 1 + random.nextInt(memoryCount) : memoryCount;
      sequences.add(new Sequence(packed ? 0 : b, packed ? from : 0, count, seen, packed ? memoryFrom : 0, memoryCount, memorySeen));
      from += count;
      memoryFrom += memoryCount;
    }
    int b = layout == Rows.PACKED ? 1 : batch;
    int r = layout == Rows.PACKED ? from : rows;
    this.x = view(b, r, width);
    this.memory = attendsToMemory() ? view(b, layout == Rows.PACKED ? memoryFrom : memoryRows, width) : null;
    this.outputGradient = view(b, r, outputs);
  }

  boolean attendsToMemory() {
    return kind == Kind.DECODER_LAYER || kind == Kind.DECODER;
  }

  private boolean isStack() {
    return kind == Kind.ENCODER || kind == Kind.DECODER_ONLY || kind == Kind.DECODER;
  }

  private boolean isCausal() {
    return attendsToMemory() || kind == Kind.DECODER_ONLY;
  }

  /** A view with random elements, whose rows and batch entries may have gaps between them. */
  SequenceBatch view(int batch, int rows, int columns) {
    int gap = random.nextInt(3);
    int rowStride = columns + gap;
    int batchStride = rows * rowStride + random.nextInt(2) * 5;
    float[] data = new float[3 + batch * batchStride];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
    return new SequenceBatch(data, 3, batch, rows, columns, batchStride, rowStride);
  }

  private TrainableLayer layer() {
    TrainableLayer made = made();
    for (Parameter parameter : made.parameters()) {
      for (int i = 0; i < parameter.size(); i++) {
        parameter.values()[i] += (float) (0.2 * random.nextGaussian());
      }
    }
    return made;
  }

  private TrainableLayer made() {
    Initialisation initial = random.nextBoolean() ? Initialisation.xavier(seed) : Initialisation.xavier(seed).withoutBiases();
    TrainableStack.Builder builder =
        TrainableStack.builder(heads).norms(placement).activation(activation).dropout(dropout).epsilon((float) EPSILON);
    return switch (kind) {
      case LINEAR -> TrainableLinear.of(initial.linear(width, outputs), "");
      case LAYER_NORM -> TrainableNorm.layer(width, (float) EPSILON);
      case RMS_NORM -> TrainableNorm.rms(width, (float) EPSILON);
      case FEED_FORWARD -> network(initial, false);
      case GATED -> network(initial, true);
      case ENCODER_LAYER -> builder.encoderLayer(initial.encoderLayer(width, hidden), "");
      case SANDWICH -> sandwich(initial);
      case DECODER_LAYER ->
          TrainableStack.builder(heads)
              .norms(placement)
              .activation(activation)
              .dropout(dropout)
              .decoder(under(initial.decoderLayer(width, hidden)), "")
              .layers()
              .getFirst();
      case ENCODER -> builder.encoder(initial.encoder(width, hidden, layers), "");
      case DECODER_ONLY -> builder.decoderOnly(initial.encoder(width, hidden, layers), "");
      case DECODER -> builder.decoder(initial.decoder(width, hidden, layers), "");
    };
  }

  private static NamedTensors under(NamedTensors layer) {
    NamedTensors.Builder builder = NamedTensors.builder();
    layer.names().forEach(name -> builder.add("layers.0." + name, layer.floats(name), layer.shape(name)));
    return builder.build();
  }

  private TrainableFeedForward network(Initialisation initial, boolean gated) {
    TrainableLinear up = TrainableLinear.of(initial.linear(width, hidden), "");
    TrainableLinear down = TrainableLinear.of(initial.linear(hidden, outputs), "");
    return gated
        ? TrainableFeedForward.gated(TrainableLinear.xavier(seed + 1, width, hidden), up, down, activation)
        : TrainableFeedForward.of(up, down, activation);
  }

  /** Self-attention with all three norms, then a gated network with an RMS norm around it. */
  private TrainableTransformerLayer sandwich(Initialisation initial) {
    TrainableAttention attention =
        TrainableAttention.builder(width, heads).attention(a -> a.withMask(Mask.none())).of(initial.attention(width));
    return TrainableTransformerLayer.of(
        TrainableTransformerLayer.Sublayer.self(attention)
            .withNorm(norm(), Norm.Placement.PRE)
            .withNorm(norm(), Norm.Placement.OUTPUT)
            .withNorm(norm(), Norm.Placement.POST)
            .withDropout(dropout),
        TrainableTransformerLayer.Sublayer.feedForward(network(initial, true))
            .withNorm(norm(), Norm.Placement.PRE)
            .withNorm(norm(), Norm.Placement.OUTPUT)
            .withDropout(dropout));
  }

  private TrainableNorm norm() {
    return TrainableNorm.rms(width, (float) EPSILON);
  }

  /** A trace for this case in training. */
  Trace trace(int threads) {
    Trace trace = Trace.create().setThreads(threads).train(seed, step);
    if (layout == Rows.PACKED) {
      int[] queries = starts(sequences.stream().mapToInt(Sequence::count).toArray());
      trace.setPackedSequences(PackedSequences.of(queries));
      trace.setMemorySequences(PackedSequences.of(queries, starts(sequences.stream().mapToInt(Sequence::memoryCount).toArray())));
    } else if (layout == Rows.PADDED) {
      trace.setKeyLengths(sequences.stream().mapToInt(Sequence::seen).toArray());
      trace.setMemoryLengths(sequences.stream().mapToInt(Sequence::memorySeen).toArray());
    }
    return trace;
  }

  private static int[] starts(int... counts) {
    int[] starts = new int[counts.length + 1];
    for (int i = 0; i < counts.length; i++) {
      starts[i + 1] = starts[i] + counts[i];
    }
    return starts;
  }

  /** The output rows of a sequence. */
  int[][] program(GraphModel model, Sequence sequence, int[][] rows, int[][] memoryRows) {
    return switch (kind) {
      case LINEAR -> model.linear("", rows);
      case LAYER_NORM -> model.norm("", rows, true, EPSILON);
      case RMS_NORM -> model.norm("", rows, false, EPSILON);
      case FEED_FORWARD, GATED -> model.feedForward("", rows, activation);
      case ENCODER_LAYER, DECODER_LAYER -> layer(model, "", 0, sequence, rows, memoryRows);
      case SANDWICH -> sandwich(model, sequence, rows);
      case ENCODER, DECODER_ONLY, DECODER -> stack(model, sequence, rows, memoryRows);
    };
  }

  private int[][] stack(GraphModel model, Sequence sequence, int[][] rows, int[][] memoryRows) {
    int[][] stream = rows;
    for (int i = 0; i < layers; i++) {
      stream = layer(model, "layers." + i + ".", i * (attendsToMemory() ? 3 : 2), sequence, stream, memoryRows);
    }
    return model.norm("norm.", stream, true, EPSILON);
  }

  private int[][] layer(GraphModel model, String prefix, int call, Sequence sequence, int[][] rows, int[][] memoryRows) {
    boolean causal = isCausal();
    int[][] stream =
        model.sublayer(
            rows,
            around(prefix + "norm1.", call, sequence),
            true,
            EPSILON,
            input -> model.attention(prefix + "self_attn.", input, input, heads, (i, j) -> j < sequence.seen && (!causal || j <= i)));
    int next = 1;
    if (attendsToMemory()) {
      stream =
          model.sublayer(
              stream,
              around(prefix + "norm2.", call + next++, sequence),
              true,
              EPSILON,
              input -> model.attention(prefix + "multihead_attn.", input, memoryRows, heads, (i, j) -> j < sequence.memorySeen));
    }
    return model.sublayer(
        stream,
        around(prefix + "norm" + (next + 1) + ".", call + next, sequence),
        true,
        EPSILON,
        input -> model.feedForward(prefix, input, activation));
  }

  private Around around(String name, int call, Sequence sequence) {
    return switch (placement) {
      case PRE -> new Around(name, null, null, factors(call, sequence));
      case OUTPUT -> new Around(null, name, null, factors(call, sequence));
      case POST -> new Around(null, null, name, factors(call, sequence));
    };
  }

  private int[][] sandwich(GraphModel model, Sequence sequence, int[][] rows) {
    int[][] stream =
        model.sublayer(
            rows,
            new Around("norm1.", "norm1_output.", "norm1_post.", factors(0, sequence)),
            false,
            EPSILON,
            input -> model.attention("self_attn.", input, input, heads, (i, j) -> j < sequence.seen));
    return model.sublayer(
        stream,
        new Around("norm2.", "norm2_output.", null, factors(1, sequence)),
        false,
        EPSILON,
        input -> model.feedForward("", input, activation));
  }

  /** The factors of dropout; none if there is no dropout. */
  double[][] factors(int call, Sequence sequence) {
    if (dropout == 0) {
      return new double[0][];
    }
    Dropout numbers = new Dropout(dropout, seed, step * CALLS + call);
    double[][] factors = new double[sequence.count][width];
    for (int row = 0; row < sequence.count; row++) {
      float[] ofRow = new float[width];
      numbers.factors(sequence.b, sequence.from + row, 0, width, new int[4], ofRow, 0);
      for (int c = 0; c < width; c++) {
        factors[row][c] = ofRow[c];
      }
    }
    return factors;
  }

  /** The elements of the rows of a sequence, in double. */
  static double[] elements(SequenceBatch view, int b, int from, int count) {
    double[] elements = new double[count * view.width()];
    Arrays.setAll(elements, i -> view.get(b, from + i / view.width(), i % view.width()));
    return elements;
  }

  int[][] rows(int[] numbers) {
    return GraphRows.rows(numbers, width);
  }

  @Override
  public String toString() {
    return "case " + seed + ": " + kind + ", " + layout + ", " + placement + ", " + activation + ", dropout " + dropout + ", " + sequences;
  }
}
