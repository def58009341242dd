package dev.lanewise.spark.search;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/** The pairs of a partition's rows and all rows of the other side whose similarity reaches the threshold. */
final class SimilarPairs implements Iterator<Row> {
  private final Iterator<VectorBlock> blocks;
  private final List<VectorBlock> others;
  private final boolean othersAreLeft;
  private final float threshold;
  private final boolean cosine;
  private final float[] similarities;

  private @Nullable VectorBlock block;
  private int other;
  private int pair;

  /**
   * Pairs.
   *
   * @param others all blocks of the other side
   * @param othersAreLeft whether the other side is the left one
   */
  SimilarPairs(Iterator<VectorBlock> blocks, List<VectorBlock> others, boolean othersAreLeft, float threshold, boolean cosine) {
    this.blocks = blocks;
    this.others = others;
    this.othersAreLeft = othersAreLeft;
    this.threshold = threshold;
    this.cosine = cosine;
    this.similarities = new float[VectorBlock.ROWS * others.stream().mapToInt(VectorBlock::size).max().orElse(0)];
    this.other = others.size();
  }

  @Override
  public boolean hasNext() {
    while (true) {
      if (block != null && other < others.size()) {
        for (int all = block.size() * others.get(other).size(); pair < all; pair++) {
          if (similarities[pair] >= threshold) {
            return true;
          }
        }
        other++;
      } else if (!others.isEmpty() && blocks.hasNext()) {
        block = blocks.next();
        other = 0;
      } else {
        return false;
      }
      compare();
    }
  }

  private void compare() {
    pair = 0;
    if (block != null && other < others.size()) {
      block.compare(others.get(other), cosine, similarities);
    }
  }

  @Override
  public Row next() {
    if (!hasNext() || block == null) {
      throw new NoSuchElementException();
    }
    Row row = block.row(pair / others.get(other).size()).row();
    Row otherRow = others.get(other).row(pair % others.get(other).size()).row();
    float similarity = similarities[pair++];
    return othersAreLeft ? RowFactory.create(similarity, otherRow, row) : RowFactory.create(similarity, row, otherRow);
  }
}
