package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.KeyValueMemory;

/** Consecutive blocks of memory that one sequence or several refer to. Made once, then taken and freed many times. */
final class Page {
  final int number;
  final KeyValueMemory memory;
  final int firstBlock;

  /** How many sequences refer to it; guarded by its {@link Pages}. */
  int references;

  Page(int number, KeyValueMemory memory, int firstBlock) {
    this.number = number;
    this.memory = memory;
    this.firstBlock = firstBlock;
  }
}
