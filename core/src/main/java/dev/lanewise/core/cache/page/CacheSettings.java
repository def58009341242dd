package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Storage settings of cached rows, which the builders of caches and of pools share. */
public final class CacheSettings {
  final int keyValueHeads;
  final int headDim;
  int valueDim;
  KeyValueFormat format = KeyValueFormat.F32;
  public boolean offHeap;
  float @Nullable [] keyChannels;
  public int pageRows = KeyValueLayout.BLOCK_ROWS;

  public CacheSettings(int keyValueHeads, int headDim) {
    Checks.atLeast("keyValueHeads", keyValueHeads, 1);
    checkWidth("headDim", headDim);
    this.keyValueHeads = keyValueHeads;
    this.headDim = headDim;
    this.valueDim = headDim;
  }

  private static void checkWidth(String name, int width) {
    Checks.atLeast(name, width, 1);
    Checks.atMost(name, width, "the maximum", KeyValueLayout.MOST_WIDTH);
  }

  public void valueDim(int newValueDim) {
    checkWidth("valueDim", newValueDim);
    valueDim = newValueDim;
  }

  public void format(KeyValueFormat newFormat) {
    format = Objects.requireNonNull(newFormat, "format");
  }

  public void keyChannels(float[] scales) {
    Objects.requireNonNull(scales, "scales");
    Checks.same("keyChannels.length", scales.length, "keyValueHeads * headDim", (long) keyValueHeads * headDim);
    keyChannels = scales.clone();
  }

  public void pageRows(int rows) {
    Checks.atLeast("pageRows", rows, 1);
    Checks.multiple("pageRows", rows, "the rows of a block", KeyValueLayout.BLOCK_ROWS);
    pageRows = rows;
  }

  /** A copy of the settings, so that the builder may be used again. */
  public CacheSettings copy() {
    CacheSettings copy = new CacheSettings(keyValueHeads, headDim);
    copy.valueDim = valueDim;
    copy.format = format;
    copy.offHeap = offHeap;
    copy.keyChannels = keyChannels;
    copy.pageRows = pageRows;
    return copy;
  }

  /** The layout, after a check that a page of it fits in memory. */
  KeyValueLayout layout() {
    String given = "keyValueHeads " + keyValueHeads + ", headDim " + headDim + ", valueDim " + valueDim;
    long elements = KeyValueLayout.blockSize(format, keyValueHeads, headDim, valueDim);
    Checks.atMost("elements of a block with " + given, elements, "the maximum", KeyValueLayout.MOST_ELEMENTS);
    KeyValueLayout layout = new KeyValueLayout(format, keyValueHeads, headDim, valueDim);
    long most = (long) mostBlocks(layout) * KeyValueLayout.BLOCK_ROWS;
    Checks.atMost("pageRows", pageRows, "the number of rows that fit in an array with " + given, most);
    KeyValueMemory.checkChannels(layout, keyChannels);
    return layout;
  }

  /** Largest number of blocks that a slab can hold. */
  int mostBlocks(KeyValueLayout layout) {
    return offHeap ? KeyValueMemory.mostOffHeapBlocks(layout) : KeyValueMemory.mostHeapBlocks(layout);
  }
}
