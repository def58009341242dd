package dev.lanewise.bench.embed;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** One JSON object a line: {@code {"line":3,"text":"…","embedding":[…]}}; a skipped line leaves none. */
final class JsonLines implements VectorOutput {
  private final Writer writer;
  private final long linesBefore;

  private JsonLines(OutputStream out, long linesBefore) {
    this.writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    this.linesBefore = linesBefore;
  }

  /** Writes to a stream from the first line on. */
  static JsonLines to(OutputStream out) {
    return new JsonLines(out, 0);
  }

  /**
   * Goes on behind the last whole line of a file, or begins one. What an interrupted run left of a line is cut off.
   *
   * @throws IOException if the file holds something else
   */
  static JsonLines resume(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    try {
      long end = lastNewline(channel, channel.size()) + 1;
      long line = end == 0 ? 0 : lineNumber(file, channel, lastNewline(channel, end - 1) + 1, end);
      channel.truncate(end).position(end);
      return new JsonLines(Channels.newOutputStream(channel), line);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Where the last newline before {@code end} stands; −1 if there is none. */
  private static long lastNewline(FileChannel channel, long end) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(1 << 13);
    for (long to = end; to > 0; to -= block.capacity()) {
      long from = Math.max(0, to - block.capacity());
      block.clear().limit((int) (to - from));
      channel.read(block, from);
      for (int i = (int) (to - from) - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return from + i;
        }
      }
    }
    return -1;
  }

  private static long lineNumber(Path file, FileChannel channel, long from, long end) throws IOException {
    if (end - from > 8L * TextLines.MAX_BYTES) {
      throw new IOException(file + " is not from this command: its last line has " + (end - from) + " bytes");
    }
    ByteBuffer line = ByteBuffer.allocate((int) (end - from));
    channel.read(line, from);
    try {
      JsonElement number = JsonParser.parseString(new String(line.array(), StandardCharsets.UTF_8)).getAsJsonObject().get("line");
      if (number != null && number.getAsLong() > 0) {
        return number.getAsLong();
      }
    } catch (JsonParseException | IllegalStateException | NumberFormatException | UnsupportedOperationException e) {
      throw new IOException(file + " is not from this command: its last line is no JSON object with a line number", e);
    }
    throw new IOException(file + " is not from this command: its last line has no line number");
  }

  @Override
  public long linesBefore() {
    return linesBefore;
  }

  @Override
  public void append(TextLines.Line line, float[] embedding) throws IOException {
    StringWriter text = new StringWriter(embedding.length * 14);
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject().name("line").value(line.number()).name("text").value(line.text()).name("embedding").beginArray();
      for (float element : embedding) {
        json.value(element);
      }
      json.endArray().endObject();
    }
    writer.append(text.getBuffer()).append('\n');
  }

  @Override
  public void skip(TextLines.Line line) {
    // The line numbers of the others say that it is missing.
  }

  @Override
  public void flush() throws IOException {
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }

  /** The embedding that a line of such a file holds. */
  static Embedded parse(String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    float[] embedding = new float[object.getAsJsonArray("embedding").size()];
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = object.getAsJsonArray("embedding").get(i).getAsFloat();
    }
    return new Embedded(object.get("line").getAsLong(), object.get("text").getAsString(), embedding);
  }
}
