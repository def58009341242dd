package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueMemory;

/** Consecutive blocks of memory that one or several sequences refer to. A page is created once, then taken and freed many times. */
final class Page {
  final int number;
  final KeyValueMemory memory;
  final int firstBlock;

  /** Number of sequences that refer to the page; guarded by its {@link Pages}. */
  int references;

  Page(int number, KeyValueMemory memory, int firstBlock) {
    this.number = number;
    this.memory = memory;
    this.firstBlock = firstBlock;
  }
}
