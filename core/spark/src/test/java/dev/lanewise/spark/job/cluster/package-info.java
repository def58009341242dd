/**
 * A real cluster on this machine, and what {@code cluster.sh} checks on it: a master and workers of Spark's standalone mode, each in a JVM
 * of its own, whose executors are JVMs of their own again.
 *
 * <p>{@code ClusterCheck} is the program of {@code cluster.sh}; {@code LocalCluster} starts and ends the processes. Nothing here is part of
 * the library.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark.job.cluster;
