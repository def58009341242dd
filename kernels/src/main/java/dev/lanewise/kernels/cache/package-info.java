/**
 * Cached keys and values as the kernels read them: the layout of blocks, and the memory that holds them.
 *
 * <p>Caches of dev.lanewise.core come in by {@link dev.lanewise.kernels.cache.KeyValueMemory}, kernels by {@link
 * dev.lanewise.kernels.cache.CachedSequence}.
 *
 * <p>This package knows no pages and no locks: dev.lanewise.core decides where rows are and which thread may write them. Sizes and layouts
 * of a block are stated here and nowhere else.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.cache;
