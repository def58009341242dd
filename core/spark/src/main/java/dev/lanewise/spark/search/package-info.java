/**
 * Exact search over columns of vectors.
 *
 * <p>Applications come in by {@link dev.lanewise.spark.search.VectorSearch}. A task copies the vectors of some rows of its partition to a
 * block, and one product of Lanewise compares the block with all queries. The similarity of a pair has the same bits in every block, so the
 * partitions of a data set change no result.
 *
 * <p>Nothing here keeps an index, and nothing is approximate.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark.search;
