package dev.lanewise.core.weights;

import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A file of named tensors, or several files, in the format <a href="https://github.com/huggingface/safetensors">safetensors</a>, the usual
 * format of trained weights. An open file is mapped into memory, and a tensor is read on request. {@link #write} creates such a file.
 *
 * <pre>{@code
 * NamedTensors weights = NamedTensors.builder().add("linear.weight", weight, outputs, inputs).add("linear.bias", bias, outputs).build();
 * Safetensors.write(path, weights, Map.of("format", "pt"), Safetensors.Dtype.F32);
 * try (Safetensors file = Safetensors.open(path)) {
 *   NamedTensors part = file.under("linear.");
 *   part.check(Map.of("weight", new long[] {outputs, inputs}, "bias", new long[] {outputs}));
 *   Linear linear = Linear.of(part.floats("weight"), part.floats("bias"), inputs, outputs);
 *   linear.forward(x, y);
 * }
 * }</pre>
 *
 * <p>{@link #open} checks the whole header before it returns, so a file that opens can be read. Every error in a header is an {@link
 * IOException} that contains the file, the tensor and the numbers. The check is stricter than the reference implementation where the format
 * is clear: it refuses duplicate names, unknown fields of a tensor, metadata that is null, and white space before the header. The values of
 * the elements are not checked.
 *
 * <p>A file may be shared between threads. Do not change the file while it is open. If the file gets shorter, reading throws {@link
 * UncheckedIOException}. Replacing the whole file, as {@link #write} does, does not change the open file if the operating system supports
 * that.
 */
public final class Safetensors implements NamedTensors, AutoCloseable {
  /** Largest number of elements in an array of a JVM. */
  private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private final Path path;
  private final List<MappedTensors> files;

  /** The file that holds each tensor. */
  private final Map<String, MappedTensors> places;

  private boolean closed;

  private Safetensors(Path path, List<MappedTensors> files) {
    this.path = path;
    this.files = files;
    Map<String, MappedTensors> found = new LinkedHashMap<>();
    files.forEach(file -> file.tensors().keySet().forEach(name -> found.put(name, file)));
    this.places = Collections.unmodifiableMap(found);
  }

  /**
   * Opens a file. Reads its header, but no tensors.
   *
   * @throws IOException if the file cannot be read, or its header is wrong in any way
   */
  public static Safetensors open(Path path) throws IOException {
    return new Safetensors(path, List.of(MappedTensors.open(path)));
  }

  /**
   * Opens the files of a checkpoint as one set of tensors: one file, or shards with an index as Hugging Face writes them. In the index,
   * {@code weight_map} tells the shard of each tensor, a file in the folder of the index. All shards are mapped, and none is read.
   *
   * @param path a folder with {@code model.safetensors} or, if there is no such file, {@code model.safetensors.index.json}; or an index,
   *     whose name ends with {@code .json}; or a safetensors file
   * @throws IOException if a file is missing or wrong in any way, a name in the index is no plain file name, or the index and the shards
   *     differ: a tensor is not in its shard, is in two shards, or is not named in the index
   */
  public static Safetensors openAll(Path path) throws IOException {
    return new Safetensors(path, ShardIndex.open(path));
  }

  /** The names, in the order of the tensors in the file; file by file if there are shards. */
  @Override
  public Set<String> names() {
    return opened().keySet();
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  /**
   * The element type of a tensor.
   *
   * @throws IllegalArgumentException if there is no tensor of that name
   */
  @Override
  public Dtype dtype(String name) {
    return tensor(name).dtype();
  }

  /** The file's metadata ({@code __metadata__}); empty if there is none. If there are shards, the metadata of the first one. */
  public Map<String, String> metadata() {
    opened();
    return files.getFirst().metadata();
  }

  /**
   * All elements of a tensor, as a new array: exact for F32, F16 and BF16, rounded to float for F64. Tensors of integers and of smaller
   * floats are listed, but cannot be read as floats; those of 8-bit integers are read by {@link #bytes}.
   *
   * @throws IllegalArgumentException if there is no tensor of that name, it has another dtype, or it has more elements than an array can
   *     hold
   * @throws UncheckedIOException if the file has become shorter
   */
  @Override
  public float[] floats(String name) {
    SafetensorsHeader.Tensor tensor = readable(name);
    if (tensor.elements() > LARGEST_ARRAY) {
      throw new IllegalArgumentException(
          "tensor "
              + TensorText.quoted(name)
              + " has "
              + tensor.elements()
              + " elements, but an array at most "
              + LARGEST_ARRAY
              + ": use read");
    }
    float[] floats = new float[(int) tensor.elements()];
    file(name).read(tensor, 0, floats, 0, floats.length);
    return floats;
  }

  /**
   * Reads {@code length} elements of a tensor from {@code first} on, converted as by {@link #floats(String)}.
   *
   * @param first index of the first element, counted over all dimensions
   * @param target receives the elements, from {@code offset} on
   * @throws IllegalArgumentException if there is no tensor of that name, it has another dtype, or the range is not inside the tensor or the
   *     target
   * @throws UncheckedIOException if the file has become shorter; part of the target may have been written
   */
  @Override
  public void read(String name, long first, float[] target, int offset, int length) {
    SafetensorsHeader.Tensor tensor = readable(name);
    TensorCheck.range(name, tensor.elements(), first, target, offset, length);
    file(name).read(tensor, first, target, offset, length);
  }

  @Override
  public byte[] bytes(String name) {
    SafetensorsHeader.Tensor tensor = tensor(name);
    if (!FloatFormats.BYTES.contains(tensor.dtype())) {
      throw TensorCheck.noBytes(name, tensor.dtype());
    }
    Checks.atMost("the number of elements of tensor " + TensorText.quoted(name), tensor.elements(), "the longest array", LARGEST_ARRAY);
    return file(name).bytes(tensor);
  }

  private SafetensorsHeader.Tensor readable(String name) {
    SafetensorsHeader.Tensor tensor = tensor(name);
    if (!FloatFormats.READABLE.contains(tensor.dtype())) {
      throw TensorCheck.noFloats(name, tensor.dtype());
    }
    return tensor;
  }

  private SafetensorsHeader.Tensor tensor(String name) {
    return file(name).tensor(name);
  }

  private MappedTensors file(String name) {
    return TensorCheck.present(opened().get(name), name, this);
  }

  private synchronized Map<String, MappedTensors> opened() {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
    return places;
  }

  /**
   * Unmaps the file, or all files; arrays that were read stay valid. Afterwards every other method throws {@link IllegalStateException},
   * including a call that is still reading in another thread. Closing again has no effect.
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      files.forEach(MappedTensors::close);
      closed = true;
    }
  }

  /** The path, for messages. */
  @Override
  public String toString() {
    return path.toString();
  }

  /** Writes tensors as F32, without metadata. */
  public static void write(Path path, NamedTensors tensors) throws IOException {
    write(path, tensors, Map.of(), Dtype.F32);
  }

  /** Writes all tensors in one dtype: F32, F16 or BF16. */
  public static void write(Path path, NamedTensors tensors, Map<String, String> metadata, Dtype dtype) throws IOException {
    Objects.requireNonNull(dtype, "dtype");
    write(path, tensors, metadata, name -> dtype);
  }

  /**
   * Writes tensors, each in its own dtype, rounded to nearest with ties to even. The tensors are sorted by dtype and name, like those of
   * the reference writer, so the same tensors give the same bytes. A reader of the path sees the old file or the new one, never a partial
   * file: the tensors are written to a temporary file in the same directory, which then replaces the path.
   *
   * @param path the file, replaced if it exists
   * @param tensors the tensors to write; they are requested one at a time
   * @param metadata the file's metadata, sorted by name; may be empty
   * @param dtypeOf F32, F16 or BF16 for each name of a tensor of floats; 8-bit integers and the scales of codes are written as they are
   * @throws IllegalArgumentException if a name is {@code __metadata__} or no Unicode text, a dtype is another one, the tensors' floats do
   *     not fit their shapes, the header is longer than 100 000 000 bytes, or path names no file; nothing has changed then
   * @throws IOException if writing fails; nothing has changed then, either
   */
  public static void write(Path path, NamedTensors tensors, Map<String, String> metadata, Function<String, Dtype> dtypeOf)
      throws IOException {
    Objects.requireNonNull(path, "path");
    SafetensorsWriter.of(tensors, metadata, dtypeOf).write(path);
  }

  /**
   * The element types of stored tensors, under the names of <a href="https://github.com/huggingface/safetensors">safetensors</a>. The
   * constants have the order of the format's own list. The reference writer sorts tensors by it, last first.
   */
  public enum Dtype {
    /** True or false, one byte each. */
    BOOL(8),
    /** Float of four bits, two to a byte. */
    F4(4),
    /** Float of six bits, two of them the exponent. */
    F6_E2M3(6),
    /** Float of six bits, three of them the exponent. */
    F6_E3M2(6),
    /** Unsigned integer of 8 bits. */
    U8(8),
    /** Signed integer of 8 bits. */
    I8(8),
    /** Float of 8 bits, five of them the exponent. */
    F8_E5M2(8),
    /** Float of 8 bits, four of them the exponent, without infinity. */
    F8_E4M3(8),
    /** A power of two, as a scale of others. */
    F8_E8M0(8),
    /** As {@link #F8_E4M3}, with one zero and one NaN. */
    F8_E4M3FNUZ(8),
    /** As {@link #F8_E5M2}, with one zero and one NaN. */
    F8_E5M2FNUZ(8),
    /** Signed integer of 16 bits. */
    I16(16),
    /** Unsigned integer of 16 bits. */
    U16(16),
    /** IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
    F16(16),
    /** The upper half of a {@link #F32}: 8 bits of exponent, 7 of fraction. */
    BF16(16),
    /** Signed integer of 32 bits. */
    I32(32),
    /** Unsigned integer of 32 bits. */
    U32(32),
    /** Java's {@code float}. */
    F32(32),
    /** A complex number, two {@link #F32}. */
    C64(64),
    /** Java's {@code double}. */
    F64(64),
    /** Signed integer of 64 bits. */
    I64(64),
    /** Unsigned integer of 64 bits. */
    U64(64);

    private final int bits;

    Dtype(int bits) {
      this.bits = bits;
    }

    /** Bits of an element. */
    public int bits() {
      return bits;
    }
  }
}
