package dev.lanewise.core.foreign;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("once")
class ForeignTextTest {
  @ParameterizedTest
  @ValueSource(ints = {0, '\n', '\r', 0x1b, 0x7f, 0x85, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xd83d, 0xde00})
  void othersAreNumbers(int codePoint) {
    String text = "a" + Character.toString(codePoint) + "b";
    assertThat(ForeignText.shown(text, 3)).isEqualTo("a" + String.format("\\u%04x", codePoint) + "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b_0", "né 漢字", "😀\u200d", "\u2065\u206a\u2030", "\u05d0"})
  void textIsShownAsItIs(String text) {
    assertThat(ForeignText.shown(text, text.length())).isEqualTo(text);
  }

  /** A pair is not cut. */
  @ParameterizedTest
  @ValueSource(strings = {"😀", "a", "\u202e"})
  void longTextIsCut(String character) {
    String one = ForeignText.shown(character, 1);
    assertThat(ForeignText.shown(character.repeat(4), 4)).isEqualTo(one.repeat(4));
    assertThat(ForeignText.shown(character.repeat(5), 4)).isEqualTo(one.repeat(4) + "…");
  }
}
