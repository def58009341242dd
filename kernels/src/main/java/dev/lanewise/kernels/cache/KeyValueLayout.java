package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * Where the elements of cached keys and values lie. Rows are kept in blocks of {@link #BLOCK_ROWS}; a block holds
 *
 * <pre>
 * K of each head   keyWidth × BLOCK_ROWS: element d of row r at d · BLOCK_ROWS + r
 * V of each head   panels of BLOCK_ROWS columns, BLOCK_ROWS × BLOCK_ROWS each, the last one padded
 * </pre>
 *
 * so that both QKᵀ and the blend read vectors from memory in the order in which they lie there: keys in the lanes for the one, columns of V
 * for the other, and nothing is ever reduced across lanes.
 *
 * @param format how elements are stored
 * @param heads key/value heads
 * @param keyWidth headDim
 * @param valueWidth valueDim
 */
public record KeyValueLayout(KeyValueFormat format, int heads, int keyWidth, int valueWidth) {
  /** Rows a block. */
  public static final int BLOCK_ROWS = 16;

  /**
   * Behind a block of so many bytes there is a gap. Blocks are read side by side, and large ones often are a power of two apart, which puts
   * them into the same sets of a cache and the same banks of memory: 7 to 10 % of the time.
   */
  private static final int LARGE_BYTES = 1 << 16;

  private static final int GAP_BYTES = 17 * 64;

  /** The most elements of a block: some less than an array has. */
  public static final int MOST_ELEMENTS = Integer.MAX_VALUE - 64;

  /** Elements of a row of which an array holds a tile. */
  public static final int MOST_WIDTH = 1 << 22;

  /** Scales a block and head of {@link KeyValueFormat#INT8}: those of its keys, then those of its values. */
  static final int SCALES = 2 * BLOCK_ROWS;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a number is below 1, a width is above 2<sup>22</sup>, or a block has more elements than an array
   */
  public KeyValueLayout {
    Objects.requireNonNull(format, "format");
    Checks.atLeast("heads", heads, 1);
    Checks.atLeast("keyWidth", keyWidth, 1);
    Checks.atLeast("valueWidth", valueWidth, 1);
    Checks.atMost("keyWidth", keyWidth, "the most there may be", MOST_WIDTH);
    Checks.atMost("valueWidth", valueWidth, "the most there may be", MOST_WIDTH);
    long block = blockSize(format, heads, keyWidth, valueWidth);
    if (block > MOST_ELEMENTS) {
      String given = "heads is " + heads + ", keyWidth is " + keyWidth + " and valueWidth is " + valueWidth;
      String needed = "a block of " + BLOCK_ROWS + " rows has " + block + " elements";
      throw new IllegalArgumentException(given + ": " + needed + ", an array at most " + MOST_ELEMENTS);
    }
  }

  /** Elements of K of a head. */
  public int headKeySize() {
    return keyWidth * BLOCK_ROWS;
  }

  /** Elements of V of a head. */
  public int headValueSize() {
    return paddedValueWidth() * BLOCK_ROWS;
  }

  /** Elements of a block: of all heads, and of the gap behind a large one. */
  int blockSize() {
    return (int) blockSize(format, heads, keyWidth, valueWidth);
  }

  /** Elements of a block with so many heads and elements a row, which may be more than {@link #MOST_ELEMENTS}. */
  public static long blockSize(KeyValueFormat format, int heads, int keyWidth, int valueWidth) {
    long used = (long) heads * BLOCK_ROWS * (keyWidth + padded(valueWidth));
    return used * format.bytes() >= LARGE_BYTES ? used + GAP_BYTES / format.bytes() : used;
  }

  /** Bytes of a block with its scales. */
  public long blockBytes() {
    return (long) blockSize() * format.bytes() + (format == KeyValueFormat.INT8 ? (long) heads * SCALES * Float.BYTES : 0);
  }

  /** Bytes of a row of one head with its scales, without padding. */
  public long rowBytes() {
    return ((long) keyWidth + valueWidth) * format.bytes() + (format == KeyValueFormat.INT8 ? 2L * Float.BYTES : 0);
  }

  public int paddedValueWidth() {
    return padded(valueWidth);
  }

  private static int padded(int width) {
    return Math.ceilDiv(width, BLOCK_ROWS) * BLOCK_ROWS;
  }

  /** Where an element of K lies in K of its head. */
  int keyIndex(int row, int d) {
    return d * BLOCK_ROWS + row;
  }

  /** Where an element of V lies in V of its head. */
  public int valueIndex(int row, int column) {
    return column / BLOCK_ROWS * (BLOCK_ROWS * BLOCK_ROWS) + row * BLOCK_ROWS + column % BLOCK_ROWS;
  }
}
