package dev.lanewise.bench.report;

import com.google.gson.JsonObject;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.text.json.ForeignJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs {@code throughput} or {@code duel} in a JVM of its own, with the flags of this one: code that one case compiled does not influence
 * the next case.
 */
final class Fork {
  private static final long MOST_SECONDS = 300;

  private final List<String> flags;

  /** Starts JVMs with these flags. */
  Fork(List<String> flags) {
    this.flags = List.copyOf(flags);
  }

  /**
   * Runs a command and returns the JSON object that it prints.
   *
   * @throws IOException if the command fails, with the last line that it printed
   */
  JsonObject run(List<String> arguments) throws IOException, InterruptedException {
    try (ChildJvm child = ChildJvm.start(flags, arguments, false)) {
      Process process = child.process();
      Output errors = new Output(process.getErrorStream());
      Output out = new Output(process.getInputStream());
      if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("no result after " + MOST_SECONDS + " s");
      }
      String said = errors.text();
      if (process.exitValue() != 0) {
        throw new IOException(said.lines().reduce((first, last) -> last).orElse("exit code " + process.exitValue()));
      }
      return ForeignJson.parse(out.text().getBytes(StandardCharsets.UTF_8), "its line");
    }
  }

  /** Reads a stream to its end on a thread of its own, so that no pipe fills up. */
  private static final class Output {
    private final Thread reader;
    private byte[] bytes = {};

    Output(InputStream stream) {
      reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (stream) {
                      bytes = stream.readAllBytes();
                    } catch (IOException e) {
                      // the process is gone; its exit code says so
                      bytes = new byte[0];
                    }
                  });
    }

    String text() throws InterruptedException {
      reader.join();
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
