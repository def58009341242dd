package dev.lanewise.spark.attention;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * Merges the answers of partitions by a fixed binary tree over the numbers of the partitions. Executors may merge whole subtrees before the
 * driver does the rest: the tree, and so every bit, is the same.
 */
final class PartialTree {
  /** Neighbours that one task merges: a power of two, so that they are a subtree. */
  static final int SUBTREE = 16;

  private PartialTree() {}

  /**
   * The merged answers; null if no partition has one.
   *
   * @param answers one wire form in each partition; empty if the partition has no shard
   * @param mostAnswers answers that the driver collects at once; if there are more, executors merge subtrees first
   */
  static @Nullable PartialAttention merge(JavaRDD<byte[]> answers, int mostAnswers) {
    JavaRDD<byte[]> level = answers;
    for (int count = answers.getNumPartitions(); count > Math.max(mostAnswers, 1); count = level.getNumPartitions()) {
      level = subtrees(level, Math.ceilDiv(count, SUBTREE));
    }
    return merge(level.collect());
  }

  /** The same answers, merged to one for each {@link #SUBTREE} partitions. */
  private static JavaRDD<byte[]> subtrees(JavaRDD<byte[]> answers, int count) {
    JavaRDD<Tuple2<Integer, byte[]>> numbered =
        answers.mapPartitionsWithIndex((number, parts) -> List.of(new Tuple2<>(number, parts.next())).iterator(), true);
    JavaPairRDD<Integer, Tuple2<Integer, byte[]>> placed = numbered.mapToPair(part -> new Tuple2<>(part._1() / SUBTREE, part));
    // The key of a group is the number of its partition.
    return placed.groupByKey(new HashPartitioner(count)).mapPartitions(PartialTree::mergeGroup);
  }

  private static Iterator<byte[]> mergeGroup(Iterator<Tuple2<Integer, Iterable<Tuple2<Integer, byte[]>>>> groups) {
    List<Tuple2<Integer, byte[]>> members = new ArrayList<>();
    groups.next()._2().forEach(members::add);
    members.sort((one, other) -> Integer.compare(one._1(), other._1())); // a shuffle delivers them in any order
    PartialAttention merged = merge(members.stream().map(Tuple2::_2).toList());
    return List.of(merged == null ? new byte[0] : merged.toBytes()).iterator();
  }

  /** The tree over consecutive answers. */
  static @Nullable PartialAttention merge(List<byte[]> answers) {
    @Nullable PartialAttention[] nodes = new PartialAttention[answers.size()];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = answers.get(i).length == 0 ? null : PartialAttention.fromBytes(answers.get(i));
    }
    return merge(nodes);
  }

  /** The tree over consecutive parts, of which some may be missing. Overwrites the array. */
  static @Nullable PartialAttention merge(@Nullable PartialAttention[] nodes) {
    for (int count = nodes.length; count > 1; count = Math.ceilDiv(count, 2)) {
      for (int i = 0; i < count; i += 2) {
        nodes[i / 2] = i + 1 < count ? merge(nodes[i], nodes[i + 1]) : nodes[i];
      }
    }
    return nodes[0];
  }

  private static @Nullable PartialAttention merge(@Nullable PartialAttention left, @Nullable PartialAttention right) {
    return left == null ? right : right == null ? left : left.merge(right);
  }
}
