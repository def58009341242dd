package dev.lanewise.bench.throughput;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.lanewise.bench.throughput.data.Accuracy;
import dev.lanewise.bench.throughput.timing.Stopwatch.Timing;
import org.jspecify.annotations.Nullable;

/** The measurement as one line of JSON; a field that does not apply to an operation is null. */
record Report(String op, String path, int threads, Operation operation, Timing timing, Limits limits, @Nullable Accuracy accuracy) {

  String json() {
    Double gflops = perSecond(operation.flops(), 1e9);
    Double bytes = perSecond(operation.bytes(), 1);
    JsonObject json = new JsonObject();
    json.addProperty("op", op);
    json.addProperty("path", path);
    json.addProperty("threads", threads);
    json.add("shape", new Gson().toJsonTree(operation.shape()));
    json.addProperty("secondsBest", timing.best());
    json.addProperty("secondsMedian", timing.median());
    json.addProperty("settled", timing.settled());
    json.addProperty("gflops", gflops);
    json.addProperty("fmaPeakGflops", limits.fmaPeakGflops());
    json.addProperty("fractionOfPeak", gflops == null ? null : gflops / limits.fmaPeakGflops());
    json.addProperty("nanosPerScore", operation.scores() == 0 ? null : timing.best() * 1e9 / operation.scores());
    json.addProperty("tokensPerSecond", perSecond(operation.tokens(), 1));
    json.addProperty("bytesPerSecond", bytes);
    json.addProperty("readBandwidth", limits.readBandwidth());
    json.addProperty("fractionOfBandwidth", bytes == null ? null : bytes / limits.readBandwidth());
    json.addProperty("allocatedBytesPerCall", timing.allocatedBytes());
    json.addProperty("maxAbsError", accuracy == null ? null : accuracy.maxAbsError());
    json.addProperty("referenceError", accuracy == null ? null : accuracy.referenceError());
    json.addProperty("formatError", accuracy == null ? null : accuracy.formatError());
    return json.toString();
  }

  /** How many units of {@code unit} a second, or null where a run has none. */
  private @Nullable Double perSecond(long amount, double unit) {
    return amount == 0 ? null : amount / (timing.best() * unit);
  }
}
