package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.text.tokenizer.Tokens;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttentionMapTest {
  /** Two heads over [CLS] one , two [SEP]; only the rows of "one" and "two" matter here. */
  private static AttentionMap map(String one, String two) {
    float[] weights = new float[2 * 5 * 5];
    row(weights, 0, 1, 0.2f, 0.1f, 0.5f, 0.1f, 0.1f);
    row(weights, 1, 1, 0.6f, 0.1f, 0.1f, 0.1f, 0.1f);
    row(weights, 0, 3, 0f, 0.3f, 0.1f, 0.6f, 0f);
    row(weights, 1, 3, 0f, 0.9f, 0.1f, 0f, 0f);
    row(weights, 0, 2, 0f, 0f, 0f, 1f, 0f);
    row(weights, 1, 2, 0f, 0f, 0f, 1f, 0f);
    return new AttentionMap(new Tokens(new int[5], List.of("[CLS]", one, ",", two, "[SEP]")), Heads.of(weights, 1, 2, 5, 5));
  }

  private static void row(float[] weights, int head, int query, float... row) {
    System.arraycopy(row, 0, weights, (head * 5 + query) * 5, 5);
  }

  @Test
  void averagesOverHeadsAndNamesTheStrongest() {
    List<AttentionMap.Attended> most = map("one", "two").mostAttended(1, 2);
    assertThat(most).extracting(AttentionMap.Attended::token).containsExactly(0, 2);
    assertThat(most.get(0).mean()).isEqualTo((0.2f + (double) 0.6f) / 2);
    assertThat(most).extracting(AttentionMap.Attended::head).containsExactly(1, 0);
    assertThat(most.get(1).most()).isEqualTo(0.5f);
  }

  @Test
  void itsComesFirst() {
    assertThat(map("its", "two").mostTelling()).isEqualTo(1);
  }

  @Test
  void elseTheWordThatLooksHardestAtAnother() {
    // The comma looks harder (1.0), but is no word.
    assertThat(map("one", "two").mostTelling()).isEqualTo(3);
    // With no words at all it will do.
    assertThat(map("!", "?").mostTelling()).isEqualTo(2);
  }

  @Test
  void findsWhateverTheCase() {
    assertThat(map("one", "two").find("TWO")).hasValue(3);
    assertThat(map("one", "two").find("three")).isEmpty();
  }
}
