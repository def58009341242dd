package dev.lanewise.bench.cli.embed;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import dev.lanewise.bench.cli.console.Printable;
import dev.lanewise.bench.cli.files.Input;
import dev.lanewise.bench.cli.files.TextLines;
import dev.lanewise.text.json.ForeignJson;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Embeddings as JSON lines: one object a line, {@code {"line":3,"text":"…","embedding":[…]}}; a skipped line has no object. */
final class JsonLines implements VectorOutput {
  /** Most bytes of a line: a text takes up to six times as many bytes when it is escaped, and the numbers follow it. */
  private static final long LONGEST_LINE = 8L * TextLines.MAX_BYTES;

  /** The beginning of a line of this format, unless another program has rewritten it. */
  private static final Pattern BEGINNING = Pattern.compile("\\s*\\{\\s*\"line\"\\s*:\\s*[0-9]+\\s*,\\s*\"text\"\\s*:.*", Pattern.DOTALL);

  private static final List<String> NAMES = List.of(".jsonl", ".json", ".ndjson");

  private final Writer writer;

  /** Numbers of an embedding. */
  private final int width;

  private final long linesBefore;

  /** The file; null if the output is a stream. */
  private final @Nullable FileChannel channel;

  /** Reads the lines of an earlier run; null if there was none. */
  private final @Nullable TextLines earlier;

  private @Nullable Embedded next;

  private JsonLines(OutputStream out, int width, long linesBefore, @Nullable FileChannel channel, @Nullable TextLines earlier) {
    this.channel = channel;
    this.width = width;
    this.writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    this.linesBefore = linesBefore;
    this.earlier = earlier;
  }

  /** Writes to a stream from the first line on. */
  static JsonLines to(OutputStream out, int width) {
    return new JsonLines(out, width, 0, null, null);
  }

  /**
   * Whether a file holds this format, by its name in any case or by its first line.
   *
   * @param firstLine the first line that is not blank
   * @param width numbers of an embedding
   */
  static boolean isFormatOf(Path file, String firstLine, int width) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (NAMES.stream().anyMatch(name::endsWith) || BEGINNING.matcher(firstLine).matches()) {
      return true;
    }
    try {
      return firstLine.startsWith("{") && parse(firstLine, width).line() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Opens a file to continue after its last complete line, or begins a new one. An incomplete last line and blank lines after it are cut
   * off.
   *
   * @throws IOException if the file has other content
   */
  static JsonLines resume(Path file, int width) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    try {
      long end = lastNewline(channel, channel.size()) + 1;
      byte[] last = line(file, channel, end);
      while (end > 0 && new String(last, StandardCharsets.UTF_8).isBlank() && end > last.length) {
        end -= last.length;
        last = line(file, channel, end);
      }
      long number = end == 0 ? 0 : lineNumber(file, last, width);
      channel.position(end);
      TextLines earlier = number == 0 ? null : new TextLines(Input.text(file));
      return new JsonLines(Channels.newOutputStream(channel), width, number, channel, earlier);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The position of the last newline before {@code end}; −1 if there is none. */
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

  /** The line that ends before {@code end}, with its newline. */
  private static byte[] line(Path file, FileChannel channel, long end) throws IOException {
    long from = end == 0 ? 0 : lastNewline(channel, end - 1) + 1;
    if (end - from > LONGEST_LINE) {
      throw new IOException(file + " is not from this command: its last line has " + (end - from) + " bytes");
    }
    ByteBuffer line = ByteBuffer.allocate((int) (end - from));
    while (line.hasRemaining() && channel.read(line, from + line.position()) >= 0) {}
    return line.array();
  }

  private static long lineNumber(Path file, byte[] line, int width) throws IOException {
    try {
      return parse(new String(line, StandardCharsets.UTF_8), width).line();
    } catch (IOException e) {
      throw new IOException(file + " is not from this command: its last line " + e.getMessage(), e);
    }
  }

  @Override
  public long linesBefore() {
    return linesBefore;
  }

  @Override
  public boolean holds(TextLines.Line line, Supplier<float[]> embedding) throws IOException {
    while (earlier != null && (next == null || next.line() < line.number())) {
      TextLines.Line read = earlier.next();
      if (read == null) {
        return false;
      }
      if (!read.text().isBlank()) {
        next = parse(read.text(), width);
      }
    }
    Embedded found = next != null && next.line() == line.number() ? next : null;
    if (found == null || !line.readable()) {
      return found == null && !line.readable();
    }
    boolean compared = line.number() == 1 || line.number() == linesBefore;
    return found.text().equals(line.text()) && (!compared || VectorOutput.near(found.embedding(), embedding.get()));
  }

  @Override
  public void begin() throws IOException {
    if (channel != null) {
      channel.truncate(channel.position());
    }
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
    writer.append(Printable.line(text.toString())).append('\n');
  }

  @Override
  public void skip(TextLines.Line line) {
    // The numbers of the other lines show that this one is missing.
  }

  @Override
  public void flush() throws IOException {
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    if (earlier != null) {
      earlier.close();
    }
    writer.close();
  }

  /**
   * Parses a line of such a file field by field, so that other fields take no memory.
   *
   * @throws IOException if it cannot be parsed; the message continues a sentence that begins with the line's name
   */
  static Embedded parse(String text, int width) throws IOException {
    JsonReader json = new JsonReader(new StringReader(text));
    json.setStrictness(Strictness.STRICT);
    try {
      Embedded embedded = read(json, width);
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("has text after its object");
      }
      return embedded;
    } catch (IllegalStateException | NumberFormatException | MalformedJsonException | EOFException e) {
      throw new IOException("is no JSON object with line, text and embedding: " + ForeignJson.reason(e), e);
    }
  }

  private static Embedded read(JsonReader json, int width) throws IOException {
    long line = 0;
    String text = null;
    float[] embedding = null;
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "line" -> line = json.nextLong();
        case "text" -> text = json.nextString();
        case "embedding" -> embedding = embedding(json, width);
        default -> json.skipValue();
      }
    }
    json.endObject();
    if (line < 1 || text == null || embedding == null) {
      throw new IOException("has no " + (line < 1 ? "line number" : text == null ? "text" : "embedding"));
    }
    return new Embedded(line, text, embedding);
  }

  private static float[] embedding(JsonReader json, int width) throws IOException {
    float[] embedding = new float[width];
    int count = 0;
    json.beginArray();
    while (json.hasNext()) {
      float element = (float) json.nextDouble();
      if (!Float.isFinite(element)) {
        throw new IOException("has an embedding with " + element + " in it");
      }
      if (count < embedding.length) {
        embedding[count] = element;
      }
      count++;
    }
    json.endArray();
    if (count != embedding.length) {
      throw new IOException("has an embedding of " + count + " numbers, must be " + embedding.length);
    }
    return embedding;
  }
}
