package dev.lanewise.bench.peers;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.throughput.TrainStepCall;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares and times one operation of Lanewise and of one other program. */
@Command(
    name = "duel",
    sortOptions = false,
    description = {
      "Computes one thing with Lanewise and with another program, on the same numbers and as many threads; compares the results, then"
          + " times",
      "both in turns, and prints one JSON object: seconds of the fastest run of each, and the ratio (above 1, Lanewise is faster) of"
          + " rounds: the middle one, the quartiles, least and greatest."
    })
public final class DuelCommand extends BenchCommand {
  /** Largest accepted difference of two results: far above rounding at these sizes, far below any mistake. */
  private static final double MOST_DIFFERENCE = 2e-3;

  private static final long MOST_ELEMENTS = 1 << 28;

  private static final Map<String, IntFunction<Peer>> PEERS = new LinkedHashMap<>();
  private static final Map<String, BiFunction<ShapeOptions, Integer, Task>> TASKS = new LinkedHashMap<>();

  static {
    PEERS.put("onnxruntime", OnnxRuntimePeer::ownOperators);
    PEERS.put("onnxruntime-attention", OnnxRuntimePeer::standardAttention);
    PEERS.put("pytorch", PyTorchPeer::new);
    PEERS.put("openblas", OpenBlasPeer::new);
    PEERS.put("nd4j", Nd4jPeer::new);
    PEERS.put("djl", DjlPeer::new);
    PEERS.put("jlama", JlamaPeer::new);
    TASKS.put("attention", AttentionTask::of);
    TASKS.put("decode", AttentionTask::cached);
    TASKS.put("backward", BackwardTask::new);
    TASKS.put("train-step", TrainStepTask::new);
    TASKS.put("layer", LayerTask::new);
    TASKS.put("gemm", ProductTask::new);
    TASKS.put("model", ModelTask::new);
    TASKS.put("softmax", SoftmaxTask::new);
  }

  @Option(
      names = "--peer",
      paramLabel = "PEER",
      required = true,
      description = "onnxruntime, onnxruntime-attention (the standard operator), pytorch, openblas, nd4j, djl or jlama.")
  private String peer = "";

  @Option(
      names = "--op",
      paramLabel = "OP",
      required = true,
      description =
          "attention, decode (attention over Lanewise's cache, as a step of generating text; give --queries 1), backward (the gradients of"
              + " attention, its forward pass not included), train-step (an encoder layer, forward and backward, over --batch x --queries"
              + " rows), layer (self-attention with projections), gemm, softmax or model (all-MiniLM-L6-v2 on --queries tokens).")
  private String op = "";

  @Mixin private ShapeOptions shape = new ShapeOptions();

  @Option(names = "--threads", paramLabel = "N", defaultValue = "1", description = "Threads of each program (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "4",
      description = "How long it takes, warm-up included; a model twice as long (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Override
  public Integer call() {
    check();
    try (Peer other = chosen(PEERS, "--peer", peer).apply(threads)) {
      Task task = chosen(TASKS, "--op", op).apply(shape, threads);
      try (PeerTask peerTask = task.in(other)) {
        out().println(compare(task, other, peerTask));
      }
    } catch (UnsupportedOperationException e) {
      throw rejected(e.getMessage());
    } catch (LinkageError e) {
      throw new IllegalStateException(peer + " does not load here: " + e, e);
    }
    return 0;
  }

  private void check() {
    if (threads < 1 || threads > 1024) {
      throw rejected("--threads is " + threads + ", must be from 1 to 1024");
    }
    requirePositive("--seconds", seconds);
    try {
      shape.check(op);
      checkSizes();
    } catch (IllegalArgumentException e) {
      throw rejected(e.getMessage());
    }
  }

  private void checkSizes() {
    if (shape.causal && shape.queries != shape.keys) {
      throw new IllegalArgumentException("--queries is " + shape.queries + ", must be as --keys " + shape.keys + " with --causal");
    }
    double heads = (double) shape.batch * shape.heads * Math.max(shape.queries, shape.keys) * shape.headDim;
    double product = Math.max((double) shape.m * shape.k, Math.max((double) shape.k * shape.n, (double) shape.m * shape.n));
    double square = Math.pow((double) shape.heads * shape.headDim, 2);
    double weight = op.equals("train-step") ? TrainStepCall.FEED_FORWARD * square : op.equals("layer") ? square : 0;
    double largest = Math.max(weight, Math.max(heads, product));
    if (largest > MOST_ELEMENTS) {
      throw new IllegalArgumentException("an array of this shape has " + (long) largest + " elements, must have at most " + MOST_ELEMENTS);
    }
  }

  private <T> T chosen(Map<String, T> choice, String option, String name) {
    T found = choice.get(name);
    if (found == null) {
      throw rejected(option + " " + name + " is unknown; choose one of " + String.join(", ", choice.keySet()));
    }
    return found;
  }

  private JsonObject compare(Task task, Peer other, PeerTask peerTask) {
    task.run();
    peerTask.run();
    float[] result = peerTask.result();
    double difference = difference(task.result(), result);
    double ours = task.error(task.result());
    double theirs = task.error(result);
    if (!(difference <= MOST_DIFFERENCE)) {
      throw new IllegalStateException(
          "the results differ by " + difference + "; Lanewise is off by " + ours + ", " + other.name() + " by " + theirs);
    }
    // a whole model takes longer to compile than one kernel
    Duel duel = Duel.of(task::run, peerTask::run, op.equals("model") ? 2 * seconds : seconds);
    JsonObject line = new JsonObject();
    line.addProperty("op", op);
    line.addProperty("peer", other.name());
    line.addProperty("threads", threads);
    line.add("shape", new Gson().toJsonTree(task.shape()));
    line.addProperty("secondsBest", duel.ours());
    line.addProperty("peerSeconds", duel.peer());
    line.addProperty("ratio", duel.medianRatio());
    line.addProperty("leastRatio", duel.leastRatio());
    line.addProperty("lowerRatio", duel.quantile(0.25));
    line.addProperty("upperRatio", duel.quantile(0.75));
    line.addProperty("greatestRatio", duel.greatestRatio());
    line.addProperty("settled", duel.settled());
    line.addProperty("difference", difference);
    line.addProperty("maxAbsError", Double.isNaN(ours) ? null : ours);
    line.addProperty("peerError", Double.isNaN(theirs) ? null : theirs);
    return line;
  }

  private static double difference(float[] ours, float[] theirs) {
    if (ours.length != theirs.length) {
      throw new IllegalStateException("one result has " + ours.length + " elements, the other " + theirs.length);
    }
    double difference = 0;
    for (int i = 0; i < ours.length; i++) {
      difference = Math.max(difference, Math.abs((double) ours[i] - theirs[i]));
    }
    return difference;
  }
}
