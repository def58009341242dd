package dev.lanewise.kernels.cache;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * The memory layout of cached keys and values. Rows are stored in blocks of {@link #BLOCK_ROWS}. A block holds
 *
 * <pre>
 * K of each head   keyWidth × BLOCK_ROWS: element d of row r at d · BLOCK_ROWS + r
 * V of each head   panels of BLOCK_ROWS columns, BLOCK_ROWS × BLOCK_ROWS each, the last one padded
 * </pre>
 *
 * Both QKᵀ and the product with V therefore read vectors from memory in order, with keys in the lanes for QKᵀ and columns of V in the lanes
 * for the output. No sum across lanes is needed.
 *
 * @param format number format of the elements
 * @param heads key/value heads
 * @param keyWidth headDim
 * @param valueWidth valueDim
 */
public record KeyValueLayout(KeyValueFormat format, int heads, int keyWidth, int valueWidth) {
  /** Number of rows of a block. */
  public static final int BLOCK_ROWS = 16;

  /**
   * A block of at least so many bytes is followed by a gap. Blocks are read in parallel, and large blocks are often a power of two apart,
   * which maps them to the same cache sets and memory banks. The gap saves 7 to 10 % of the time.
   */
  private static final int LARGE_BYTES = 1 << 16;

  private static final int GAP_BYTES = 17 * 64;

  /** The most elements of a block, slightly fewer than an array can have. */
  public static final int MOST_ELEMENTS = Integer.MAX_VALUE - 64;

  /** The most elements of a row, so that an array can hold a tile of rows. */
  public static final int MOST_WIDTH = 1 << 22;

  /** Number of scales of a block and head in {@link KeyValueFormat#INT8}: the scales of its keys, then those of its values. */
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
    Checks.atMost("keyWidth", keyWidth, "the maximum", MOST_WIDTH);
    Checks.atMost("valueWidth", valueWidth, "the maximum", MOST_WIDTH);
    long block = blockSize(format, heads, keyWidth, valueWidth);
    if (block > MOST_ELEMENTS) {
      String given = "heads is " + heads + ", keyWidth is " + keyWidth + " and valueWidth is " + valueWidth;
      String needed = "a block of " + BLOCK_ROWS + " rows has " + block + " elements";
      throw new IllegalArgumentException(given + ": " + needed + ", an array at most " + MOST_ELEMENTS);
    }
  }

  /** Number of elements of a head's K in a block. */
  public int headKeySize() {
    return keyWidth * BLOCK_ROWS;
  }

  /** Number of elements of a head's V in a block. */
  public int headValueSize() {
    return paddedValueWidth() * BLOCK_ROWS;
  }

  /** Number of elements of a block: those of all heads and, for a large block, the gap. */
  int blockSize() {
    return (int) blockSize(format, heads, keyWidth, valueWidth);
  }

  /** Number of elements of a block with these heads and widths; may be more than {@link #MOST_ELEMENTS}. */
  public static long blockSize(KeyValueFormat format, int heads, int keyWidth, int valueWidth) {
    long used = (long) heads * BLOCK_ROWS * (keyWidth + padded(valueWidth));
    return used * format.bytes() >= LARGE_BYTES ? used + GAP_BYTES / format.bytes() : used;
  }

  /** Number of bytes of a block and its scales. */
  public long blockBytes() {
    return (long) blockSize() * format.bytes() + (format == KeyValueFormat.INT8 ? (long) heads * SCALES * Float.BYTES : 0);
  }

  /** Number of bytes of a row of one head and its scales, without padding. */
  public long rowBytes() {
    return ((long) keyWidth + valueWidth) * format.bytes() + (format == KeyValueFormat.INT8 ? 2L * Float.BYTES : 0);
  }

  public int paddedValueWidth() {
    return padded(valueWidth);
  }

  private static int padded(int width) {
    return Math.ceilDiv(width, BLOCK_ROWS) * BLOCK_ROWS;
  }

  /** Index of an element of K in its head's K. */
  int keyIndex(int row, int d) {
    return d * BLOCK_ROWS + row;
  }

  /** Index of an element of V in its head's V. */
  public int valueIndex(int row, int column) {
    return column / BLOCK_ROWS * (BLOCK_ROWS * BLOCK_ROWS) + row * BLOCK_ROWS + column % BLOCK_ROWS;
  }
}
