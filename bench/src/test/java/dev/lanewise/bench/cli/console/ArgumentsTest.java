package dev.lanewise.bench.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void theBytesTellWhatTheLocaleLost() throws IOException {
    String[] decoded = {"similar", "f\ufffd\ufffdr", "", "?"};
    assertThat(Arguments.recover(decoded, List.of(utf8("similar"), utf8("für"), utf8(""), utf8("?"))))
        .containsExactly("similar", "für", "", "?");
    assertThat(Arguments.recover(new String[2], List.of(utf8("漢"), utf8("x")))).containsExactly("漢", "x");
  }

  @Test
  void whatIsNoUtf8IsRefusedAndNotGuessed() {
    byte[] latin = "für".getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Arguments.recover(new String[] {"f\ufffdr"}, List.of(latin)))
        .isInstanceOf(IOException.class)
        .hasMessage("argument 1 is not UTF-8");
  }

  /** Arguments from a file of arguments, or a system that does not tell: what is whole stays, what is lost is said. */
  @Test
  void withoutTheBytesALostTextIsRefused() throws IOException {
    assertThat(Arguments.recover(new String[] {"a", "b"}, List.of())).containsExactly("a", "b");
    assertThat(Arguments.recover(new String[] {"a", "b"}, List.of(utf8("-jar"), utf8("x")))).containsExactly("a", "b");
    for (List<byte[]> raw : List.of(List.<byte[]>of(), List.of(utf8("other")))) {
      assertThatThrownBy(() -> Arguments.recover(new String[] {"f\ufffd"}, raw))
          .hasMessage("argument 1 cannot be read: start with LC_ALL=C.UTF-8, or with another UTF-8 locale");
    }
  }
}
