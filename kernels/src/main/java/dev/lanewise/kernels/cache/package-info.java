/**
 * Cached keys and values as the kernels read them: the layout of blocks, the memory that holds them, and the bits that elements are stored
 * in.
 *
 * <p>Caches of dev.lanewise.core come in by {@link dev.lanewise.kernels.cache.KeyValueMemory}, kernels by {@link
 * dev.lanewise.kernels.cache.KeyValueRows}.
 *
 * <p>This package knows no sequences, no pages and no locks: dev.lanewise.core decides which rows are where and who may write them. Sizes
 * and layouts of a block are stated here and nowhere else.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.cache;
