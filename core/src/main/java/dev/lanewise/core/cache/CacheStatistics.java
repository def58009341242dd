package dev.lanewise.core.cache;

/**
 * How much a {@link KeyValueCache} holds.
 *
 * @param rows rows of the sequence, those that a window has let go included
 * @param storedRows rows whose keys and values are there
 * @param pages pages that the cache refers to
 * @param sharedPages those of them that other caches refer to as well
 * @param bytesUsed bytes of the stored rows, with their scales
 * @param bytesReserved bytes of the pages, of a cache with memory of its own bytes of all its memory
 */
public record CacheStatistics(int rows, int storedRows, int pages, int sharedPages, long bytesUsed, long bytesReserved) {}
