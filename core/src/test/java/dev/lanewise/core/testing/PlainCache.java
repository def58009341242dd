package dev.lanewise.core.testing;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Cached rows in the simplest form, with blocks in any order, of which some may be dropped. */
public record PlainCache(KeyValueMemory memory, int rows, List<Integer> physicalBlocks, int droppedFrom, int droppedTo)
    implements CachedSequence {

  /** Caches the rows {@code from} to {@code to} of the only batch entry; blocks between dropped rows are not stored. */
  public static PlainCache of(KeyValueFormat format, boolean offHeap, Heads key, Heads value, int from, int to, Random random) {
    KeyValueLayout layout = new KeyValueLayout(format, key.heads(), key.width(), value.width());
    int blocks = Math.ceilDiv(to - from, KeyValueLayout.BLOCK_ROWS);
    List<Integer> physicalBlocks = new ArrayList<>();
    for (int block = 0; block < blocks + 2; block++) {
      physicalBlocks.add(block);
    }
    Collections.shuffle(physicalBlocks, random);
    KeyValueMemory memory =
        offHeap ? KeyValueMemory.offHeap(layout, blocks + 2, null, Arena.ofAuto()) : KeyValueMemory.heap(layout, blocks + 2, null);
    PlainCache cache = new PlainCache(memory, to - from, physicalBlocks, 0, 0);
    for (int row = 0; row < to - from; row++) {
      memory.write(cache.physicalBlock(row / KeyValueLayout.BLOCK_ROWS), row % KeyValueLayout.BLOCK_ROWS, key, value, 0, from + row);
    }
    return cache;
  }

  /** A copy without some rows. */
  public PlainCache drop(int from, int to) {
    return new PlainCache(memory, rows, physicalBlocks, from, to);
  }

  @Override
  public KeyValueLayout layout() {
    return memory.layout();
  }

  @Override
  public KeyValueMemory memory(int block) {
    if (block * KeyValueLayout.BLOCK_ROWS >= droppedFrom && (block + 1) * KeyValueLayout.BLOCK_ROWS <= droppedTo) {
      throw new AssertionError("block " + block + " was dropped");
    }
    return memory;
  }

  @Override
  public int physicalBlock(int block) {
    return physicalBlocks.get(block);
  }

  /** Replaces the given elements by the stored ones. */
  public void readBack(Heads key, Heads value, int from) {
    for (int row = 0; row < rows; row++) {
      int block = physicalBlock(row / KeyValueLayout.BLOCK_ROWS);
      int inBlock = row % KeyValueLayout.BLOCK_ROWS;
      for (int head = 0; head < key.heads(); head++) {
        memory.readKey(block, head, inBlock, key.data(), key.index(0, head, from + row, 0), key.columnStride());
        memory.readValue(block, head, inBlock, value.data(), value.index(0, head, from + row, 0), value.columnStride());
      }
    }
  }
}
