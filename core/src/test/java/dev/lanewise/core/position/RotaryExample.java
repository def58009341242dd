package dev.lanewise.core.position;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;

/** The examples of {@link Rotary} and of "Rotary positions" in core/README.md; {@link RotaryExampleTest} compares them and runs these. */
final class RotaryExample {
  private RotaryExample() {}

  static void javadoc(Heads query, Heads key) {
    // begin
    Rotary rotary = Rotary.of(128).withBase(500_000).withScaling(RotaryScaling.llama3(8, 1, 4, 8192));
    rotary.apply(query, query, 0); // in place: row r of every batch entry has position r
    rotary.apply(key, key, 0);
    // end
  }

  static void readme(Heads query, Heads key, Heads nextQuery, Heads nextKey, int length) {
    // begin
    Rotary rotary = Rotary.of(64, 32).withForm(RotaryTable.Form.INTERLEAVED).withScaling(RotaryScaling.yarn(4, 4096));
    rotary.apply(query, query, 0); // prefill, in place
    rotary.apply(key, key, 0);
    rotary.apply(nextQuery, nextQuery, length); // a step: the next row of every sequence
    rotary.apply(nextKey, nextKey, length);
    // end
  }

  static void models(MultiHeadAttention layer, float[] cosines, float[] sines, Heads query, int[] ids, SequenceBatch x, SequenceBatch y) {
    // begin
    Rotary given = Rotary.of(64, RotaryTable.of(RotaryTable.Form.HALF, cosines, sines, 512, 32)); // a model's own numbers, 512 × 32
    Rotary multimodal = Rotary.of(128).withBase(1_000_000).withSections(16, 24, 24); // M-RoPE of Qwen2-VL
    multimodal.apply(query, query, ids); // 3 × batch × rows: time, height, width; one of them for text
    layer.withPositions(given.at(7, 8, 8, 30)).forward(x, y); // in a layer or stack; over caches the positions of the new rows
    // end
  }

  static void positions(Rotary rotary, Heads query) {
    // begin
    rotary.apply(query, query, Positions.ofRows(3, 4095, 16)); // three rows of two sequences of different lengths
    rotary.apply(query, query, new int[] {7, 8, 8, 30, 31, 31}); // any position for each of them
    // end
  }
}
