package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An embedding copies rows of a table by their ids. */
@Tag("twice")
class EmbeddingTest {
  private static final long SEED = Problem.SEED;

  @Test
  void rowsAreThoseOfTheIds() {
    float[] table = Views.randomArray(9 * 5, 1, SEED);
    float[] kept = table.clone();
    Embedding embedding = Embedding.of(table, 9, 5);
    Arrays.fill(table, Float.NaN);
    int[] ids = {0, 8, 8, 3, 1, 0};
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, 3, 5);
    embedding.forward(ids, output);
    for (int i = 0; i < 6; i++) {
      for (int c = 0; c < 5; c++) {
        assertThat(output.get(i / 3, i % 3, c)).isEqualTo(kept[ids[i] * 5 + c]);
      }
    }
    Views.assertOnlyTheViewWritten(output.split(1), "lookup");
    embedding.forward(new int[0], SequenceBatch.zeros(3, 0, 5));
    assertThat(embedding.vocabulary()).isEqualTo(9);
    assertThat(embedding.embedDim()).isEqualTo(5);
  }

  @Test
  void wrongArgumentsAreNamed() {
    Embedding embedding = Embedding.of(new float[45], 9, 5);
    List.of(
            Wrong.argument("vocabulary", out -> Embedding.of(out, 0, 5), "vocabulary", "0", "1"),
            Wrong.argument("embedDim", out -> Embedding.of(out, 9, 0), "embedDim", "0", "1"),
            Wrong.argument("table", out -> Embedding.of(new float[44], 9, 5), "table.length", "44", "45"),
            Wrong.isNull("table", out -> Embedding.of(Wrong.nothing(), 9, 5)),
            Wrong.argument("an id too large", out -> embedding.forward(new int[] {0, 9}, to(out)), "ids[1]", "9", "vocabulary"),
            Wrong.argument("a negative id", out -> embedding.forward(new int[] {-1, 8}, to(out)), "ids[0]", "-1", "9"),
            Wrong.argument("ids", out -> embedding.forward(new int[3], to(out)), "ids.length", "3", "2"),
            Wrong.argument("width", out -> embedding.forward(new int[2], SequenceBatch.of(out, 1, 2, 4)), "output.width", "4", "5"),
            Wrong.argument(
                "on itself", out -> embedding.forward(new int[2], new SequenceBatch(out, 0, 1, 2, 5, 0, 4)), "output.rowStride", "4", "5"),
            Wrong.isNull("ids", out -> embedding.forward(Wrong.nothing(), to(out))),
            Wrong.isNull("output", out -> embedding.forward(new int[2], Wrong.nothing())))
        .forEach(Wrong::verify);
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 1, 2, 5);
  }

  @Test
  void exampleCompiles() throws IOException {
    List<String> shown = ReadmeBlocks.shownInJavadoc("Embedding.java");
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("EmbeddingExample.java")).hasSize(1);
    float[] table = new float[7600];
    table[7592] = 3;
    SequenceBatch x = SequenceBatch.zeros(1, 3, 1);
    EmbeddingExample.run(table, x);
    assertThat(x.data()).containsExactly(0, 3, 0);
  }
}
