package dev.lanewise.bench.cli.embed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A matrix in a file, a row for each line of the input; that of a skipped line is NaN. Rows are appended first, then the header says how
 * many there are, so that a file is whole after every flush and an interrupted run costs what came after the last one.
 */
final class RowFile implements VectorOutput {
  /** Rows that are computed again to see whether the input is the same, which takes a second or so. */
  private static final int COMPARED_ROWS = 32;

  /** Another path of the kernels changes an element by some 1e-6, another text by some 0.05. */
  private static final float MOST_DIFFERENCE = 1e-3f;

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
   * Goes on behind the last row of a file, or begins one.
   *
   * @throws IOException if the file holds something else
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

  /** Some rows are compared; of the others only whether there is one. */
  @Override
  public boolean holds(TextLines.Line line, Supplier<float[]> embedding) throws IOException {
    ByteBuffer row = ByteBuffer.allocate(width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    channel.read(row, position(line.number() - 1));
    if (Float.isNaN(row.getFloat(0)) == line.readable()) {
      return false;
    }
    boolean compared = line.number() == 1 || line.number() == before || line.number() % (1 + before / COMPARED_ROWS) == 0;
    if (compared && line.readable()) {
      float[] expected = embedding.get();
      for (int i = 0; i < width; i++) {
        if (!(Math.abs(row.getFloat(i * Float.BYTES) - expected[i]) <= MOST_DIFFERENCE)) {
          return false;
        }
      }
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
