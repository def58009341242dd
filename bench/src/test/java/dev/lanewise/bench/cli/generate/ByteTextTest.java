package dev.lanewise.bench.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ByteTextTest {
  private static List<String> parts(int... ids) {
    ByteText text = new ByteText();
    List<String> parts = new ArrayList<>();
    for (int id : ids) {
      parts.add(text.add(id));
    }
    parts.add(text.end());
    return parts;
  }

  @Test
  void aCharacterComesWithItsLastByte() {
    assertThat(parts(ByteText.ids("aä😀"))).containsExactly("a", "", "ä", "", "", "", "😀", "");
  }

  @Test
  void whatIsNoUtf8IsReplaced() {
    assertThat(parts(0xff, 'a')).containsExactly("\ufffd", "a", "");
    assertThat(parts(0xc3, 'a')).containsExactly("", "\ufffda", "");
    assertThat(parts(0xf0, 0x9f)).containsExactly("", "", "\ufffd");
  }
}
