package dev.lanewise.bench.report;

import dev.lanewise.bench.report.Case.Chart;
import java.util.ArrayList;
import java.util.List;

/** The cases to measure. The quick suite is part of the full one, so that their results can be compared. */
final class Suite {
  private static final int WIDTH = 64;
  private static final String ATTENTION_NODE = "onnxruntime-attention";
  private static final String STEP = "--op decode --heads 32 --queries 1 --keys 4096 --head-dim 128 --value-dim 128";

  private final List<Case> cases = new ArrayList<>();

  private Suite() {}

  /**
   * About forty cases of a few seconds each.
   *
   * @param peers whether this build can run other programs
   * @param twoThreads whether some of the cases with other programs are measured on two threads, too
   */
  static List<Case> quick(boolean peers, boolean twoThreads) {
    Suite suite = new Suite();
    suite.kernels();
    suite.lengths(32, 128, 512, 2048);
    suite.widths(32, 128);
    suite.decode("f32", "f16", "int8");
    suite.paths();
    if (peers) {
      suite.peers(twoThreads);
    }
    return List.copyOf(suite.cases);
  }

  /** More lengths, widths and formats, odd ones among them. */
  static List<Case> full(boolean peers, boolean twoThreads) {
    Suite suite = new Suite();
    suite.kernels();
    suite.lengths(32, 128, 512, 2048, 17, 77, 1024, 4096);
    suite.widths(32, 128, 16, 40, 80, 256);
    suite.decode("f32", "f16", "int8", "bf16");
    suite.paths();
    suite.add("encoder-8", "encoder layer, 8 rows", Chart.NONE, 0, "--op encoder --heads 12 --head-dim 32 --queries 8");
    suite.add("encoder-512", "encoder layer, 512 rows", Chart.NONE, 0, "--op encoder --heads 12 --head-dim 32 --queries 512");
    suite.add("gemm-odd", "projection 129 × 385 × 1537", Chart.NONE, 0, "--op gemm --m 129 --k 385 --n 1537");
    if (peers) {
      suite.peers(twoThreads);
    }
    return List.copyOf(suite.cases);
  }

  private void kernels() {
    add("scores", "scores QKᵀ, 512 × 512 × 64", Chart.NONE, 0, "--op scores");
    add("softmax", "softmax, 512 × 512", Chart.NONE, 0, "--op softmax");
    add("output", "output AV, 512 × 512 × 64", Chart.NONE, 0, "--op output");
    add("exp", "exp, 512 × 512", Chart.NONE, 0, "--op exp");
    add("gemm", "projection 512 × 384 × 1536", Chart.NONE, 0, "--op gemm");
    add("encoder-128", "encoder layer, 128 rows", Chart.NONE, 0, "--op encoder --heads 12 --head-dim 32 --queries 128");
    add("window", "attention, causal window of 256 keys, L2048", Chart.NONE, 0, attention(2048, WIDTH) + " --causal --window 255");
    add("grouped", "attention, 12 query heads on 4", Chart.NONE, 0, attention(512, WIDTH) + " --kv-heads 4");
  }

  private static String attention(int length, int width) {
    return "--op attention --queries " + length + " --keys " + length + " --head-dim " + width + " --value-dim " + width;
  }

  private void lengths(int... lengths) {
    for (int length : lengths) {
      add("attention-L" + length, "attention, L" + length, Chart.LENGTH, length, attention(length, WIDTH));
      add("causal-L" + length, "attention, causal, L" + length, Chart.CAUSAL, length, attention(length, WIDTH) + " --causal");
    }
  }

  private void widths(int... widths) {
    for (int width : widths) {
      add("attention-D" + width, "attention, L512, heads of " + width, Chart.WIDTH, width, attention(512, width));
    }
  }

  private void decode(String... formats) {
    for (String format : formats) {
      String options = "--op decode --heads 32 --keys 4096 --head-dim 128 --kv " + format;
      add("decode-" + format, "decode, 32 heads, 4096 keys, " + format, Chart.DECODE, 1, options);
      add("decode-grouped-" + format, "decode, 32 heads on 8, " + format, Chart.DECODE, 4, options + " --kv-heads 8");
    }
  }

  private void paths() {
    for (String path : new String[] {"scalar", "vector"}) {
      add("attention-128-" + path, "attention, L128", Chart.SCALAR, 0, attention(128, WIDTH) + " --path " + path);
      add("softmax-128-" + path, "softmax, 128 × 128", Chart.SCALAR, 0, "--op softmax --queries 128 --keys 128 --path " + path);
      add("exp-128-" + path, "exp, 128 × 128", Chart.SCALAR, 0, "--op exp --queries 128 --keys 128 --path " + path);
      add("gemm-128-" + path, "projection 128 × 384 × 384", Chart.SCALAR, 0, "--op gemm --m 128 --k 384 --n 384 --path " + path);
      add("decode-512-" + path, "decode, 512 keys", Chart.SCALAR, 0, "--op decode --heads 8 --keys 512 --head-dim 64 --path " + path);
    }
  }

  private void peers(boolean twoThreads) {
    longPeers();
    shortPeers();
    if (twoThreads) {
      twoThreadPeers();
    }
  }

  private void longPeers() {
    duels("attention-L128", "attention, L128", attention(128, WIDTH), "onnxruntime", ATTENTION_NODE, "pytorch");
    duels("attention-L512", "attention, L512", attention(512, WIDTH), "onnxruntime", ATTENTION_NODE, "pytorch", "nd4j");
    duels("attention-L2048", "attention, L2048", attention(2048, WIDTH), "onnxruntime", "pytorch");
    duels("causal-L2048", "attention, causal, L2048", attention(2048, WIDTH) + " --causal", "onnxruntime", "pytorch");
    duels("grouped", "attention, 12 query heads on 4", attention(512, WIDTH) + " --kv-heads 4", ATTENTION_NODE, "pytorch");
    duels("decode", "decode, 32 heads, 4096 keys", STEP, "onnxruntime", ATTENTION_NODE, "pytorch");
    duels("layer", "attention layer, 128 rows of 384", "--op layer --head-dim 32 --queries 128", "djl", "nd4j");
    duels("gemm", "projection 512 × 384 × 1536", "--op gemm", "onnxruntime", "pytorch", "openblas", "nd4j", "jlama");
    duels("softmax", "softmax, 512 × 512", "--op softmax", "onnxruntime", "pytorch");
    duels("model-32", "MiniLM, 32 tokens", "--op model --queries 32", "onnxruntime");
    duels("model-128", "MiniLM, 128 tokens", "--op model --queries 128", "onnxruntime");
  }

  /** The lengths of sentences. ONNX Runtime's standard operator is the faster of its two there. */
  private void shortPeers() {
    for (int length : new int[] {8, 16, 32, 48, 64, 96}) {
      duels("short-L" + length, "attention, L" + length + ", heads of 32", attention(length, 32), ATTENTION_NODE, "pytorch");
    }
    duels("attention-L32", "attention, L32", attention(32, WIDTH), ATTENTION_NODE, "pytorch");
  }

  private void twoThreadPeers() {
    for (int length : new int[] {32, 128, 512, 2048}) {
      duelsOnTwoThreads("attention-L" + length, "attention, L" + length, attention(length, WIDTH), ATTENTION_NODE, "pytorch");
    }
    duelsOnTwoThreads("decode", "decode, 32 heads, 4096 keys", STEP, ATTENTION_NODE, "pytorch");
    duelsOnTwoThreads("gemm", "projection 512 × 384 × 1536", "--op gemm", "onnxruntime", "pytorch");
  }

  private void duelsOnTwoThreads(String id, String title, String options, String... peers) {
    duels("threads2-" + id, title + ", two threads", options + " " + Case.THREADS + " 2", peers);
  }

  private void duels(String id, String title, String options, String... peers) {
    for (String peer : peers) {
      String arguments = "duel --peer " + peer + " " + options;
      cases.add(new Case("duel-" + id + "-" + peer, title, Chart.PEER, 0, List.of(arguments.split(" "))));
    }
  }

  private void add(String id, String title, Chart chart, int x, String options) {
    cases.add(new Case(id, title, chart, x, List.of(("throughput " + options).split(" "))));
  }
}
