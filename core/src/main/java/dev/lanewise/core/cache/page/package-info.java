/**
 * What caches are made of: pages and their reference counts, the table of a sequence, windows, and transactions over several caches.
 *
 * <p>{@code core.cache} comes in by {@link dev.lanewise.core.cache.page.PageTable} and {@link dev.lanewise.core.cache.page.Pages}, a call
 * by {@link dev.lanewise.core.cache.page.BatchRead} and {@link dev.lanewise.core.cache.page.CacheTransaction}.
 *
 * <p>If a step of a transaction fails, every cache is as it was before. A page that two sequences share is never written. Nothing here is
 * exported.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.cache.page;
