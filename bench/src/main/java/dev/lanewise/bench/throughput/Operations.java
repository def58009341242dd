package dev.lanewise.bench.throughput;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The operations by name. */
final class Operations {
  private static final Map<String, Function<Setup, Operation>> AVAILABLE = new LinkedHashMap<>();

  static {
    AVAILABLE.put("attention", AttentionOperation::of);
    AVAILABLE.put("backward", BackwardOperation::of);
    AVAILABLE.put("decode", DecodeOperation::of);
    AVAILABLE.put("token", TokenOperation::of);
    AVAILABLE.put("gemm", GemmOperation::of);
    AVAILABLE.put("scores", HeadOperation::scores);
    AVAILABLE.put("softmax", HeadOperation::softmax);
    AVAILABLE.put("output", HeadOperation::output);
    AVAILABLE.put("exp", HeadOperation::exp);
    AVAILABLE.put("encoder", EncoderOperation::of);
    AVAILABLE.put("train-step", TrainStepOperation::of);
    AVAILABLE.put("fma-peak", setup -> ProbeOperation.fmaPeak(setup.probe(), setup.team()));
    AVAILABLE.put("read-bandwidth", setup -> ProbeOperation.readBandwidth(setup.probe(), setup.team()));
  }

  private Operations() {}

  /**
   * How to make the named operation.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that there are
   */
  static Function<Setup, Operation> named(String name) {
    Function<Setup, Operation> factory = AVAILABLE.get(name);
    if (factory == null) {
      throw new IllegalArgumentException("--op " + name + " is unknown; " + choice());
    }
    return factory;
  }

  private static String choice() {
    return "choose one of " + String.join(", ", AVAILABLE.keySet());
  }
}
