package dev.lanewise.core.weights;

import dev.lanewise.core.foreign.RegularFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** One safetensors file, mapped into memory until it is closed. */
final class MappedTensors implements AutoCloseable {
  private final Path path;
  private final SafetensorsHeader header;
  private final MemorySegment buffer;
  private final Arena arena;

  private MappedTensors(Path path, SafetensorsHeader header, MemorySegment buffer, Arena arena) {
    this.path = path;
    this.header = header;
    this.buffer = buffer;
    this.arena = arena;
  }

  /** Opens a file and checks its header. */
  static MappedTensors open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    try (FileChannel file = RegularFile.open(path)) {
      return open(path, file);
    }
  }

  private static MappedTensors open(Path path, FileChannel file) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      SafetensorsHeader header = SafetensorsHeader.read(file);
      MemorySegment buffer = file.map(FileChannel.MapMode.READ_ONLY, header.bufferBegin(), header.bufferSize(), arena);
      return new MappedTensors(path, header, buffer, arena);
    } catch (IOException e) {
      arena.close();
      throw new IOException(path + ": " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** The tensors, in the order of their bytes. */
  Map<String, SafetensorsHeader.Tensor> tensors() {
    return header.tensors();
  }

  /** The description of a tensor that this file holds. */
  SafetensorsHeader.Tensor tensor(String name) {
    return Objects.requireNonNull(header.tensors().get(name), name);
  }

  Map<String, String> metadata() {
    return header.metadata();
  }

  /** Reads and converts elements, which the caller has checked. */
  void read(SafetensorsHeader.Tensor tensor, long first, float[] target, int offset, int length) {
    long bytes = tensor.dtype().bits() / 8;
    MemorySegment stored = buffer.asSlice(tensor.begin() + first * bytes, length * bytes);
    try {
      FloatFormats.read(tensor.dtype(), stored, target, offset);
    } catch (InternalError e) {
      // The JVM reports in this way that mapped memory is no longer backed by the file.
      throw new UncheckedIOException(new IOException(path + " has become shorter since it was opened", e));
    }
  }

  /** Reads a tensor of 8-bit integers. */
  byte[] bytes(SafetensorsHeader.Tensor tensor) {
    try {
      return buffer.asSlice(tensor.begin(), tensor.elements()).toArray(ValueLayout.JAVA_BYTE);
    } catch (InternalError e) {
      throw new UncheckedIOException(new IOException(path + " has become shorter since it was opened", e));
    }
  }

  /** Unmaps the file; closing again has no effect. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** The path, for messages. */
  @Override
  public String toString() {
    return path.toString();
  }
}
