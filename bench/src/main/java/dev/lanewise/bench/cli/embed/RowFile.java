package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.files.TextLines;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Embeddings as a matrix in a file, one row for each line of the input; the row of a skipped line is NaN. Rows are appended before the
 * header counts them. The file is therefore valid after every flush, and an interruption loses only what came after the last flush.
 */
final class RowFile implements VectorOutput {
  /** Number of rows that are computed again to check that the input is the same, which takes about a second. */
  private static final int COMPARED_ROWS = 32;

  private final FileChannel channel;
  private final RowFormat format;
  private final int width;
  private final long before;
  private final ByteBuffer waiting;
  private long rows;

  private RowFile(FileChannel channel, RowFormat format, int width, long rows) {
    this.channel = channel;
    this.format = format;
    this.width = width;
    this.before = rows;
    this.rows = rows;
    this.waiting = ByteBuffer.allocate(256 * width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens a file to continue after its last row, or begins a new one.
   *
   * @throws IOException if the file has other content
   */
  static RowFile resume(Path file, RowFormat format, int width) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    try {
      long rows = channel.size() == 0 ? 0 : rows(file, channel, format, width);
      RowFile result = new RowFile(channel, format, width, rows);
      if (channel.size() == 0) {
        result.writeHeader();
      }
      channel.position(result.position(rows));
      return result;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static long rows(Path file, FileChannel channel, RowFormat format, int width) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(RowFormat.HEADER_BYTES);
    channel.read(header, 0);
    long rows = format.rows(header.array());
    if (rows < 0 || !Arrays.equals(header.array(), format.header(rows, width))) {
      throw new IOException(file + " is not from this command: its header is another");
    }
    long present = (channel.size() - RowFormat.HEADER_BYTES) / (width * (long) Float.BYTES);
    if (present < rows) {
      throw new IOException(file + " is damaged: it has " + present + " rows, but its header says " + rows);
    }
    return rows;
  }

  @Override
  public long linesBefore() {
    return before;
  }

  private long position(long row) {
    return RowFormat.HEADER_BYTES + row * width * Float.BYTES;
  }

  /** Compares some rows; for the others it only checks that a readable line has a row. */
  @Override
  public boolean holds(TextLines.Line line, Supplier<float[]> embedding) throws IOException {
    ByteBuffer row = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    channel.read(row, position(line.number() - 1));
    if (Float.isNaN(row.getFloat(0)) == line.readable()) {
      return false;
    }
    boolean compared = line.number() == 1 || line.number() == before || line.number() % (1 + before / COMPARED_ROWS) == 0;
    if (compared && line.readable()) {
      float[] found = new float[width];
      row.rewind().asFloatBuffer().get(found);
      return VectorOutput.near(found, embedding.get());
    }
    return true;
  }

  @Override
  public void begin() throws IOException {
    channel.truncate(channel.position());
  }

  @Override
  public void append(TextLines.Line line, float[] embedding) throws IOException {
    if (waiting.remaining() < width * Float.BYTES) {
      flush();
    }
    for (float element : embedding) {
      waiting.putFloat(element);
    }
    rows++;
  }

  @Override
  public void skip(TextLines.Line line) throws IOException {
    float[] none = new float[width];
    Arrays.fill(none, Float.NaN);
    append(line, none);
  }

  @Override
  public void flush() throws IOException {
    waiting.flip();
    while (waiting.hasRemaining()) {
      channel.write(waiting);
    }
    waiting.clear();
    writeHeader();
  }

  private void writeHeader() throws IOException {
    ByteBuffer header = ByteBuffer.wrap(format.header(rows, width));
    while (header.hasRemaining()) {
      channel.write(header, header.position());
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      flush();
    }
  }
}
