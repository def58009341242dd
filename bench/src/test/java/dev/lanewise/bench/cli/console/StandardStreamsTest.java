package dev.lanewise.bench.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardStreamsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void textComesOutInUtf8AndTheExitCodeStays() {
    StandardStreams streams = new StandardStreams(out, false, err);
    streams.out().println("für 漢");
    streams.err().println("schön");
    assertThat(streams.finish(2)).isEqualTo(2);
    assertThat(text(out)).isEqualTo("für 漢" + System.lineSeparator());
    assertThat(text(err)).isEqualTo("schön" + System.lineSeparator());
  }

  @Test
  void aFailedWriteEndsTheCommandWithOneLine() {
    StandardStreams streams = new StandardStreams(failing("No space left on device"), false, err);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> streams.out().println("x")).isInstanceOf(OutputFailedException.class);
    }
    assertThat(streams.finish(0)).isEqualTo(1);
    assertThat(text(err).lines()).containsExactly("lanewise-bench: standard output: No space left on device");
  }

  /** Buffered text fails at the end only. */
  @Test
  void whatIsLostAtTheEndCountsToo() {
    StandardStreams streams = new StandardStreams(failing("Bad file descriptor"), false, err);
    streams.out().print("no line break");
    assertThat(streams.finish(0)).isEqualTo(1);
    assertThat(text(err).lines()).singleElement().asString().contains("Bad file descriptor");
  }

  @Test
  void standardErrorCannotSayThatItFails() {
    StandardStreams streams = new StandardStreams(out, false, failing("No space left on device"));
    assertThatThrownBy(() -> streams.err().println("x")).isInstanceOf(OutputFailedException.class);
    assertThat(streams.finish(0)).isEqualTo(1);
    assertThat(text(out)).isEmpty();
  }

  @Test
  void aClosedPipeIsQuiet() {
    StandardStreams streams = new StandardStreams(failing("Broken pipe"), false, err);
    assertThatThrownBy(() -> streams.out().println("x")).isInstanceOf(OutputFailedException.class);
    assertThat(streams.finish(1)).isEqualTo(StandardStreams.CLOSED_PIPE);
    assertThat(text(err)).isEmpty();
  }

  @Test
  void controlCharactersAreShownAndFilesHoldThem() {
    String text = "a\u001b[31m\u009b1m\u007f\u202eb\tc";
    StandardStreams terminal = new StandardStreams(out, false, err);
    terminal.out().print(text + "\n");
    terminal.err().print(text + "\n");
    terminal.finish(0);
    String shown = "a\\u001b[31m\\u009b1m\\u007f\\u202eb\tc\n";
    assertThat(text(out)).isEqualTo(shown);
    assertThat(text(err)).isEqualTo(shown);
    out.reset();
    StandardStreams file = new StandardStreams(out, true, err);
    file.out().print(text);
    file.finish(0);
    assertThat(text(out)).isEqualTo(text);
  }

  @Test
  void aMessageIsOneLine() {
    assertThat(Printable.line("a\nb\r\u0085\u2028c 👩‍👩‍👧 ü")).isEqualTo("a\\u000ab\\u000d\\u0085\\u2028c 👩‍👩‍👧 ü");
  }
}
