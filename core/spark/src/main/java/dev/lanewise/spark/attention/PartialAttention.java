package dev.lanewise.spark.attention;

import dev.lanewise.core.Merge;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The attention of some queries to one set of keys: the output, and the log-sum-exp of each row, with which results over other keys can be
 * merged exactly ({@link Merge}). It has a documented form of bytes, so that any program can compute a part. Immutable.
 *
 * <pre>{@code
 * PartialAttention near = PartialAttention.of(output, logSumExp); // of attention to the keys that this machine has
 * PartialAttention far = PartialAttention.fromBytes(received); // of the same queries to keys of another machine
 * float[] whole = near.merge(far).output().data();
 * }</pre>
 *
 * <p>The bytes, all numbers little-endian:
 *
 * <table>
 * <caption>Version 1</caption>
 * <tr><th>offset</th><th>type</th><th>content</th></tr>
 * <tr><td>0</td><td>4 bytes</td><td>{@code LWPA} in ASCII</td></tr>
 * <tr><td>4</td><td>int32</td><td>version, 1</td></tr>
 * <tr><td>8</td><td>4 × int32</td><td>batch, heads, rows, width; each at least 0</td></tr>
 * <tr><td>24</td><td>float32</td><td>log-sum-exp, dense batch × heads × rows; −∞ for a row that saw no key</td></tr>
 * <tr><td>24 + 4 · batch · heads · rows</td><td>float32</td><td>output, dense batch × heads × rows × width</td></tr>
 * </table>
 *
 * <p>A query row therefore costs 4 · heads · (width + 1) bytes. Nothing follows the output. A change of the form gets another version; a
 * version that is not known is refused. Java serialisation writes these bytes.
 */
public final class PartialAttention implements Serializable {
  private static final int MAGIC = 'L' | 'W' << 8 | 'P' << 16 | 'A' << 24;
  private static final int VERSION = 1;

  /** Bytes before the log-sum-exp. */
  static final int HEADER = 24;

  private final transient Heads output;
  private final transient float[] logSumExp;

  private PartialAttention(Heads output, float[] logSumExp) {
    this.output = output;
    this.logSumExp = logSumExp;
  }

  /**
   * A partial result with copies of these numbers.
   *
   * @param output batch × heads × rows × width
   * @param logSumExp dense batch × heads × rows; −∞ for a row that saw no key
   * @throws IllegalArgumentException if the shapes differ, or the form would have more than 2<sup>31</sup> − 1 bytes
   */
  public static PartialAttention of(Heads output, float[] logSumExp) {
    Objects.requireNonNull(output, "output");
    Objects.requireNonNull(logSumExp, "logSumExp");
    size(output.batch(), output.heads(), output.rows(), output.width());
    Checks.same("logSumExp.length", logSumExp.length, "batch * heads * rows", (long) output.batch() * output.heads() * output.rows());
    return owning(copy(output), logSumExp.clone());
  }

  /** A partial result that keeps these arrays. */
  static PartialAttention owning(Heads output, float[] logSumExp) {
    return new PartialAttention(output, logSumExp);
  }

  /** The output: a copy, dense batch × heads × rows × width. */
  public Heads output() {
    return copy(output);
  }

  /** The log-sum-exp of each row: a copy, dense batch × heads × rows. */
  public float[] logSumExp() {
    return logSumExp.clone();
  }

  private static Heads copy(Heads from) {
    Heads copy = Heads.zeros(from.batch(), from.heads(), from.rows(), from.width());
    from.copyTo(copy);
    return copy;
  }

  /**
   * The attention to the keys of both, which must not have a key in common. Rounding depends on the order of merges: use {@link #mergeAll}
   * for more than two, so that results are the same everywhere.
   *
   * @throws IllegalArgumentException if the shapes differ
   */
  public PartialAttention merge(PartialAttention other) {
    Objects.requireNonNull(other, "other");
    checkShape("other", other, output);
    PartialAttention merged = new PartialAttention(copy(output), logSumExp.clone());
    Merge.into(merged.output, merged.logSumExp, other.output, other.logSumExp);
    return merged;
  }

  /**
   * The attention to the keys of all parts, merged in the order of a fixed tree: part 0 with 1, 2 with 3 and so on, then the results in the
   * same way. A part that has no neighbour is taken as it is.
   *
   * @throws IllegalArgumentException if there is no part, or shapes differ
   */
  public static PartialAttention mergeAll(List<PartialAttention> parts) {
    PartialAttention[] all = parts.toArray(PartialAttention[]::new);
    Checks.atLeast("parts.size()", all.length, 1);
    for (int i = 1; i < all.length; i++) {
      checkShape("parts[" + i + "]", all[i], all[0].output);
    }
    return Objects.requireNonNull(PartialTree.merge(all));
  }

  private static void checkShape(String name, PartialAttention part, Heads expected) {
    Checks.same(name + ".batch", part.output.batch(), "batch", expected.batch());
    Checks.same(name + ".heads", part.output.heads(), "heads", expected.heads());
    Checks.same(name + ".rows", part.output.rows(), "rows", expected.rows());
    Checks.same(name + ".width", part.output.width(), "width", expected.width());
  }

  /** The bytes that the Javadoc of the class describes. */
  public byte[] toBytes() {
    ByteBuffer bytes = ByteBuffer.allocate(size(output.batch(), output.heads(), output.rows(), output.width()));
    bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(MAGIC).putInt(VERSION);
    bytes.putInt(output.batch()).putInt(output.heads()).putInt(output.rows()).putInt(output.width());
    bytes.asFloatBuffer().put(logSumExp).put(output.data());
    return bytes.array();
  }

  /**
   * Reads the bytes that the Javadoc of the class describes.
   *
   * @throws IllegalArgumentException if they are not such bytes: another beginning, another version, more or fewer bytes than the shape
   *     needs
   */
  public static PartialAttention fromBytes(byte[] bytes) {
    Objects.requireNonNull(bytes, "bytes");
    if (bytes.length < HEADER) {
      throw new IllegalArgumentException("bytes.length is " + bytes.length + ", must be at least " + HEADER + ", the size of the header");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int magic = buffer.getInt();
    if (magic != MAGIC) {
      throw new IllegalArgumentException(
          String.format("bytes begin with 0x%08x, not with LWPA (0x%08x): no partial attention", magic, MAGIC));
    }
    int version = buffer.getInt();
    if (version != VERSION) {
      throw new IllegalArgumentException("version is " + version + ", but this Lanewise reads version " + VERSION);
    }
    int batch = buffer.getInt();
    int heads = buffer.getInt();
    int rows = buffer.getInt();
    int width = buffer.getInt();
    String shape = batch + " × " + heads + " × " + rows + " × " + width;
    Checks.same("bytes.length", bytes.length, "that of batch × heads × rows × width = " + shape, size(batch, heads, rows, width));
    float[] logSumExp = new float[batch * heads * rows];
    float[] output = new float[logSumExp.length * width];
    buffer.asFloatBuffer().get(logSumExp).get(output);
    return new PartialAttention(Heads.of(output, batch, heads, rows, width), logSumExp);
  }

  /** Bytes of a form; refused if no array has as many. */
  static int size(int batch, int heads, int rows, int width) {
    Checks.atLeast("batch", batch, 0);
    Checks.atLeast("heads", heads, 0);
    Checks.atLeast("rows", rows, 0);
    Checks.atLeast("width", width, 0);
    int all = Checks.product("batch * heads", Checks.product("batch", batch, "heads", heads), "rows", rows);
    int bytes = Checks.product("4 * batch * heads * rows", 4L * all, "width + 1", width + 1L);
    if (bytes > Integer.MAX_VALUE - HEADER) {
      throw new IllegalArgumentException("the form has " + (HEADER + (long) bytes) + " bytes, must be at most " + Integer.MAX_VALUE);
    }
    return HEADER + bytes;
  }

  private Object writeReplace() {
    return new Form(toBytes());
  }

  @SuppressWarnings("UnusedVariable") // the signature that Java serialisation calls
  private void readObject(ObjectInputStream in) throws InvalidObjectException {
    throw new InvalidObjectException("a partial attention is read from its bytes");
  }

  /** What Java serialisation writes. */
  private static final class Form implements Serializable {
    private static final long serialVersionUID = 1;
    private final byte[] bytes;

    private Form(byte[] bytes) {
      this.bytes = bytes;
    }

    private Object readResolve() throws InvalidObjectException {
      try {
        return fromBytes(bytes);
      } catch (IllegalArgumentException e) {
        InvalidObjectException invalid = new InvalidObjectException(e.getMessage());
        invalid.initCause(e);
        throw invalid;
      }
    }
  }

  /** Whether both have the same shape and the same bits. */
  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof PartialAttention part && Arrays.equals(toBytes(), part.toBytes());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(toBytes());
  }

  @Override
  public String toString() {
    return "PartialAttention[" + output.batch() + " × " + output.heads() + " × " + output.rows() + " × " + output.width() + "]";
  }
}
