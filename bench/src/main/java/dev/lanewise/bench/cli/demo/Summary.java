package dev.lanewise.bench.cli.demo;

import dev.lanewise.kernels.Kernels;
import java.util.List;

/**
 * All that the demo found out.
 *
 * @param sentence as it was given
 * @param map who attends to whom
 * @param query the token whose attention is listed
 * @param kernels the path that ran
 * @param threads that shared the whole layer
 * @param accuracy error of the layer's output
 * @param timings the table
 */
record Summary(String sentence, AttentionMap map, int query, Kernels kernels, int threads, Accuracy accuracy, Timings timings) {

  /** Whether the path that ran is the SIMD one. */
  boolean isVector() {
    return kernels != Kernels.scalar();
  }

  /** What a token looks like, with its place where the sentence has another one like it. */
  String label(int token) {
    List<String> texts = map.tokens().texts();
    String text = texts.get(token);
    return texts.indexOf(text) == texts.lastIndexOf(text) ? text : text + " (token " + token + ")";
  }
}
