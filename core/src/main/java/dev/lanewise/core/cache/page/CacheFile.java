package dev.lanewise.core.cache.page;

import dev.lanewise.core.foreign.RegularFile;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.StoredRows;
import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Files of cached rows, of one cache or of the caches of many layers. All numbers are little-endian.
 *
 * <pre>
 * 8 bytes   "LANEWKV1"
 * int       bytes of the header after this number, without its checksum
 * header    number of sequences, then each of them, see {@link SavedSequence}
 * int       CRC-32C of the header
 * rows      of each sequence, in order, without rows that a window has dropped; see {@link StoredRows#save}
 * int       CRC-32C of the rows
 * </pre>
 */
public final class CacheFile {
  private static final long MAGIC =
      ByteBuffer.wrap(new byte[] {'L', 'A', 'N', 'E', 'W', 'K', 'V', '1'}).order(ByteOrder.LITTLE_ENDIAN).getLong();
  private static final int START_BYTES = Long.BYTES + Integer.BYTES;
  private static final int CHUNK_BYTES = 1 << 16;

  /** Limit for the header, which is read at once: key channels take 64 KB of a sequence of 128 heads of 128. */
  private static final int MOST_HEADER_BYTES = 1 << 30;

  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;

  private final FileChannel file;
  private final CRC32C checksum = new CRC32C();
  private final ByteBuffer chunk;

  private CacheFile(FileChannel file, long rowBytes) {
    this.file = file;
    this.chunk = buffer((int) Math.max(CHUNK_BYTES, rowBytes));
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Saves the rows of caches, in this order. The file appears when it is complete.
   *
   * @throws IOException if writing fails; a file that was there is unchanged then
   * @throws IllegalStateException if a cache is closed, or another call changes it
   */
  public static void save(Path path, List<? extends PagedCache> caches) throws IOException {
    Path name = Objects.requireNonNull(path, "path").getFileName();
    if (name == null) {
      throw new IllegalArgumentException("path " + path + " names no file");
    }
    // createTempFile is not used, since only the owner may read its files.
    Path beside = path.resolveSibling("." + UUID.randomUUID() + ".tmp");
    BatchRead.acquire(caches);
    try {
      try (FileChannel file = FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        write(file, caches.stream().map(PagedCache::table).toList());
        file.force(true);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      BatchRead.release(caches, caches.size());
      Files.deleteIfExists(beside);
    }
  }

  private static void write(FileChannel file, List<PageTable> tables) throws IOException {
    List<SavedSequence> sequences = tables.stream().map(SavedSequence::of).toList();
    int bytes = Math.toIntExact(Integer.BYTES + sequences.stream().mapToLong(SavedSequence::bytes).sum());
    ByteBuffer header = buffer(START_BYTES + bytes + Integer.BYTES).putLong(MAGIC).putInt(bytes).putInt(sequences.size());
    sequences.forEach(sequence -> sequence.write(header));
    header.putInt(checksum(header.slice(START_BYTES, bytes)));
    drain(header.flip(), file);
    CacheFile rows = new CacheFile(file, mostRowBytes(sequences));
    for (PageTable table : tables) {
      rows.write(table);
    }
    rows.writeChunk();
    drain(buffer(Integer.BYTES).putInt((int) rows.checksum.getValue()).flip(), file);
  }

  private static long mostRowBytes(List<SavedSequence> sequences) {
    return sequences.stream().mapToLong(sequence -> StoredRows.bytes(sequence.form().layout())).max().orElse(0);
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static void drain(ByteBuffer filled, FileChannel file) throws IOException {
    while (filled.hasRemaining()) {
      file.write(filled);
    }
  }

  private void write(PageTable table) throws IOException {
    long bytes = StoredRows.bytes(table.layout());
    for (int row = 0; row < table.rows(); row++) {
      if (row == table.droppedFrom()) {
        row = table.droppedTo(); // both are 0 if nothing was dropped
      }
      if (chunk.remaining() < bytes) {
        writeChunk();
      }
      StoredRows.save(table.memory(row / BLOCK), table.physicalBlock(row / BLOCK), row % BLOCK, chunk);
    }
  }

  private void writeChunk() throws IOException {
    chunk.flip();
    checksum.update(chunk.slice());
    drain(chunk, file);
    chunk.clear();
  }

  /**
   * Loads rows into empty caches, into all of them or into none.
   *
   * @throws IOException if the file cannot be read, is no file of {@link #save}, or is damaged
   * @throws IllegalArgumentException if it has another number of sequences than there are caches, their shapes or formats differ, or it
   *     lacks rows that a cache would not have dropped
   * @throws IllegalStateException if a cache has rows, is full, closed or in use, or its pool exhausted
   */
  public static void load(Path path, List<? extends PagedCache> caches) throws IOException {
    Objects.requireNonNull(path, "path");
    try (FileChannel file = RegularFile.open(path);
        CacheTransaction transaction = new CacheTransaction()) {
      List<? extends PagedCache> entered = transaction.enter(caches);
      List<SavedSequence> sequences = readHeader(file);
      checkFit(path, entered, sequences);
      for (int i = 0; i < sequences.size(); i++) {
        SavedSequence saved = sequences.get(i);
        entered.get(i).table().reserve(saved.rows(), (saved.droppedTo() - saved.droppedFrom()) / saved.pageRows());
      }
      new CacheFile(file, mostRowBytes(sequences)).readRows(entered, sequences);
      transaction.commit();
    } catch (UncheckedIOException e) {
      throw wrong(path, Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw wrong(path, e);
    }
  }

  private static void checkFit(Path path, List<? extends PagedCache> caches, List<SavedSequence> sequences) {
    try {
      Checks.same("the number of caches", caches.size(), "the number of sequences of the file", sequences.size());
      for (int i = 0; i < sequences.size(); i++) {
        sequences.get(i).checkFits(caches.get(i).table());
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
    }
  }

  private static IOException wrong(Path path, IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.startsWith(path.toString()) ? e : new IOException(path + ": " + message, e);
  }

  private static List<SavedSequence> readHeader(FileChannel file) throws IOException {
    long size = file.size();
    ByteBuffer start = buffer(START_BYTES);
    boolean whole = readFully(file, start);
    long magic = start.getLong();
    int bytes = start.getInt();
    if (!whole || magic != MAGIC) {
      throw new IOException("it is no file of cached rows");
    }
    if (bytes < Integer.BYTES || bytes > Math.min(MOST_HEADER_BYTES, size - START_BYTES - 2 * Integer.BYTES)) {
      throw new IOException("the file has " + size + " bytes, but its header has " + bytes);
    }
    ByteBuffer header = buffer(bytes + Integer.BYTES);
    if (!readFully(file, header) || checksum(header.slice(0, bytes)) != header.getInt(bytes)) {
      throw new IOException("the header is damaged: its checksum is " + Integer.toHexString(header.getInt(bytes)));
    }
    List<SavedSequence> sequences = new ArrayList<>();
    long expected = START_BYTES + bytes + 2L * Integer.BYTES;
    try {
      header.limit(bytes);
      int count = header.getInt();
      for (int i = 0; i < count; i++) {
        sequences.add(SavedSequence.read(header));
        expected += sequences.get(i).rowBytes();
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("the header makes no sense: " + e.getMessage(), e);
    } catch (BufferUnderflowException e) {
      throw new IOException("the header makes no sense: it ends within a sequence", e);
    }
    if (size != expected) {
      throw new IOException("the file has " + size + " bytes, but its header describes " + expected);
    }
    return sequences;
  }

  /** Fills a buffer and flips it; returns false, with zeros in the rest, if the file ends before. */
  private static boolean readFully(FileChannel file, ByteBuffer target) throws IOException {
    int read = 0;
    while (target.hasRemaining() && read >= 0) {
      read = file.read(target);
    }
    boolean whole = !target.hasRemaining();
    target.clear();
    return whole;
  }

  private void readRows(List<? extends PagedCache> caches, List<SavedSequence> sequences) throws IOException {
    long[] left = {sequences.stream().mapToLong(SavedSequence::rowBytes).sum()};
    chunk.limit(0);
    for (int i = 0; i < caches.size(); i++) {
      int bytes = (int) StoredRows.bytes(sequences.get(i).form().layout());
      caches
          .get(i)
          .table()
          .add(
              sequences.get(i).rows(),
              (memory, block, row, index) -> {
                if (chunk.remaining() < bytes) {
                  left[0] -= readChunk(left[0]);
                }
                StoredRows.load(memory, block, row, chunk);
              });
    }
    ByteBuffer last = buffer(Integer.BYTES);
    if (!readFully(file, last) || last.getInt() != (int) checksum.getValue()) {
      throw new IOException("the rows are damaged: their checksum is " + Integer.toHexString((int) checksum.getValue()));
    }
  }

  /** Reads on, at most {@code most} bytes; returns how many. */
  private int readChunk(long most) {
    chunk.compact();
    int from = chunk.position();
    chunk.limit((int) Math.min(chunk.capacity(), from + most));
    try {
      if (!readFully(file, chunk.slice())) {
        throw new IOException("the file was shortened while it was read");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int count = chunk.limit() - from;
    checksum.update(chunk.slice(from, count));
    chunk.position(0);
    return count;
  }
}
