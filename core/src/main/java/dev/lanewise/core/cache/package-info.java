/**
 * Caches of keys and values for sequences that grow, one token or many at a time.
 *
 * <p>Users come in by {@link dev.lanewise.core.cache.KeyValueCache}, one for each sequence, and by {@link
 * dev.lanewise.core.cache.KeyValuePool} where many caches share the pages of one memory.
 *
 * <p>This package holds what users call; pages, windows and transactions are in {@code cache.page}. A cache belongs to one call at a time
 * and says so by an exception. Nothing here computes attention.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.cache;
