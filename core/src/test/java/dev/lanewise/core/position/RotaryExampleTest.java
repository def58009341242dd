package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of {@link Rotary} and in core/README.md compile and run. */
@Tag("once")
class RotaryExampleTest {
  @Test
  void blocksCompile() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String section = readme.substring(readme.indexOf("\n## Rotary positions\n"));
    section = section.substring(0, section.indexOf("\n## ", 1));
    List<String> compiled = ReadmeBlocks.compiled("RotaryExample.java");
    assertThat(compiled).hasSize(4);
    assertThat(ReadmeBlocks.shown(section)).isEqualTo(compiled.subList(1, 4));
    assertThat(ReadmeBlocks.shownInJavadoc("Rotary.java")).isEqualTo(compiled.subList(0, 1));
  }

  @Test
  void stepsContinuePrefill() {
    Heads query = Views.random(Views.Layout.DENSE, 2, 4, 9, 64, 1);
    Heads expected = Heads.zeros(2, 4, 9, 64);
    Rotary.of(64, 32).withForm(RotaryTable.Form.INTERLEAVED).withScaling(RotaryScaling.yarn(4, 4096)).apply(query, expected, 0);
    Heads key = Heads.of(query.data().clone(), 2, 4, 9, 64);
    RotaryExample.readme(query.rows(0, 8), key.rows(0, 8), query.rows(8, 9), key.rows(8, 9), 8);
    Views.assertSameBits(query.data(), expected.data(), "query");
    Views.assertSameBits(key.data(), expected.data(), "key");
  }

  @Test
  void javadocTurnsInPlace() {
    Heads query = Views.random(Views.Layout.DENSE, 2, 4, 3, 128, 2);
    Heads key = Views.random(Views.Layout.ROWS_FIRST, 2, 2, 3, 128, 3);
    Rotary rotary = Rotary.of(128).withBase(500_000).withScaling(RotaryScaling.llama3(8, 1, 4, 8192));
    Heads expectedQuery = turned(rotary, query, 0, 1, 2, 0, 1, 2);
    Heads expectedKey = turned(rotary, key, 0, 1, 2, 0, 1, 2);
    RotaryExample.javadoc(query, key);
    Views.assertSameBits(query.data(), expectedQuery.data(), "query");
    Views.assertSameBits(Views.dense(key), expectedKey.data(), "key");
  }

  @Test
  void positionsMayBeGiven() {
    Rotary rotary = Rotary.of(64);
    Heads query = Views.random(Views.Layout.DENSE, 2, 4, 3, 64, 4);
    Heads expected = turned(rotary, turned(rotary, query, 4095, 4096, 4097, 16, 17, 18), 7, 8, 8, 30, 31, 31);
    RotaryExample.positions(rotary, query);
    Views.assertSameBits(query.data(), expected.data(), "query");
  }

  @Test
  void numbersOfModelsAreThoseOfTheFormula() {
    int pairs = 32;
    float[] cosines = new float[512 * pairs], sines = new float[512 * pairs];
    for (int position = 0; position < 512; position++) {
      for (int pair = 0; pair < pairs; pair++) {
        double angle = position * Math.pow(10_000, -(double) pair / pairs);
        cosines[position * pairs + pair] = (float) Math.cos(angle);
        sines[position * pairs + pair] = (float) Math.sin(angle);
      }
    }
    Heads query = Views.random(Views.Layout.DENSE, 1, 4, 3, 128, 5);
    Heads expectedQuery = turned(Rotary.of(128).withBase(1_000_000), query, 5, 6, 9);
    MultiHeadAttention layer = LayerShape.of(128, 2).layer();
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 2, 2, 128, Problem.SEED);
    SequenceBatch y = SequenceBatch.zeros(2, 2, 128), expected = SequenceBatch.zeros(2, 2, 128);
    layer.withPositions(Rotary.of(64).at(7, 8, 8, 30)).forward(x, expected);

    int[] text = {5, 6, 9, 5, 6, 9, 5, 6, 9}; // time, height and width are the same number in a text
    RotaryExample.models(layer, cosines, sines, query, text, x, y);

    Views.assertSameBits(query.data(), expectedQuery.data(), "query");
    assertThat(y.data()).containsExactly(expected.data(), within(1e-6f));
  }

  private static Heads turned(Rotary rotary, Heads x, int... positions) {
    Heads result = Heads.zeros(x.batch(), x.heads(), x.rows(), x.width());
    rotary.apply(x, result, positions);
    return result;
  }
}
