/**
 * Embeddings, vector search and attention over many keys on Apache Spark.
 *
 * <p>Spark distributes the work, repeats tasks that failed and shows progress. The classes of this package say what a task computes; the
 * arithmetic is in {@code dev.lanewise.text} and {@code dev.lanewise.core}. A vector and a shard of attention have the same bits on every
 * executor, so a task that is repeated gives the same rows.
 *
 * <p>Spark is in the scope {@code provided}: the cluster brings it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark;
