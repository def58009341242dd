package dev.lanewise.core.cache;

/**
 * How much a {@link KeyValuePool} holds.
 *
 * @param caches caches that are open
 * @param pages pages of the pool
 * @param usedPages pages that caches refer to
 * @param sharedPages those of them that several refer to
 * @param bytesUsed bytes of the pages in use
 * @param bytesReserved bytes of memory reserved so far
 */
public record PoolStatistics(int caches, int pages, int usedPages, int sharedPages, long bytesUsed, long bytesReserved) {}
