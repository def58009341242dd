package dev.lanewise.bench.cli.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TokensTest {
  private static final Tokens TOKENS = new Tokens(new int[] {101, 1, 2, 3, 102}, List.of("[CLS]", "a", "b", "c", "[SEP]"));

  @Test
  void repeatsBetweenTheFrame() {
    Tokens longer = TOKENS.withLength(9);
    assertThat(longer.ids()).containsExactly(101, 1, 2, 3, 1, 2, 3, 1, 102);
    assertThat(longer.texts()).containsExactly("[CLS]", "a", "b", "c", "a", "b", "c", "a", "[SEP]");
  }

  @Test
  void cutsBetweenTheFrame() {
    assertThat(TOKENS.withLength(3).texts()).containsExactly("[CLS]", "a", "[SEP]");
    assertThat(TOKENS.withLength(5).ids()).isEqualTo(TOKENS.ids());
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> TOKENS.withLength(2)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("length is 2");
    Tokens empty = new Tokens(new int[] {101, 102}, List.of("[CLS]", "[SEP]"));
    assertThat(empty.isEmpty()).isTrue();
    assertThatThrownBy(() -> empty.withLength(8)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0 tokens");
  }
}
