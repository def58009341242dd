package dev.lanewise.spark.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/** Reads the rows of a partition, block by block. Rows without a vector are left out. */
final class BlockReader implements Iterator<VectorBlock> {
  private static final int MOST_ELEMENTS = 1 << 22;

  private final Iterator<InternalRow> rows;
  private final VectorColumn column;
  private final Function<InternalRow, Row> converter;
  private int width;
  private String widthName;
  private long number;
  private @Nullable VectorBlock next;

  /**
   * A reader.
   *
   * @param width expected number of elements of a vector; −1 for that of the first vector
   * @param widthName whose number of elements it is
   */
  BlockReader(Iterator<InternalRow> rows, VectorColumn column, int width, String widthName) {
    this.rows = rows;
    this.column = column;
    this.converter = column.converter();
    this.width = width;
    this.widthName = widthName;
  }

  @Override
  public boolean hasNext() {
    if (next == null) {
      next = read();
    }
    return next != null;
  }

  @Override
  public VectorBlock next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException();
    }
    VectorBlock block = next;
    next = null;
    return block;
  }

  private @Nullable VectorBlock read() {
    List<HeldRow> held = new ArrayList<>();
    float[] vectors = {};
    int most = VectorBlock.ROWS;
    while (held.size() < most && rows.hasNext()) {
      InternalRow row = rows.next();
      if (!row.isNullAt(column.index())) {
        float[] vector = column.vector(row, number, width, widthName);
        if (width < 0) {
          width = vector.length;
          widthName = "that of row " + number;
        }
        most = Math.clamp(MOST_ELEMENTS / width, 1, VectorBlock.ROWS);
        if (vectors.length < (held.size() + 1) * width) {
          vectors = Arrays.copyOf(vectors, Math.min(most, Math.max(16, 2 * held.size())) * width);
        }
        System.arraycopy(vector, 0, vectors, held.size() * width, width);
        held.add(new HeldRow(row.copy(), converter)); // Spark uses the row again
      }
      number++;
    }
    return held.isEmpty() ? null : new VectorBlock(Arrays.copyOf(vectors, held.size() * width), width, held);
  }
}
