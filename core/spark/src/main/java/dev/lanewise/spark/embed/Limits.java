package dev.lanewise.spark.embed;

import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.jspecify.annotations.Nullable;

/** Moves limits below {@link EmbedTexts}, which then computes vectors only for the rows that are kept. */
final class Limits {
  private Limits() {}

  /** The operator, whose limit is moved if it is one. */
  static LogicalPlan pushed(LogicalPlan plan) {
    if (plan instanceof GlobalLimit global && global.child() instanceof LocalLimit local) {
      LogicalPlan ordered = ordered(global, local);
      return ordered == null ? plan : ordered;
    }
    return plan instanceof LocalLimit local ? ofPartitions(local) : plan;
  }

  /** A limit on each partition, also below the vectors. The limit on all of them stays above, so that tasks share the work. */
  private static LogicalPlan ofPartitions(LocalLimit limit) {
    if (limit.child() instanceof Project project && project.child() instanceof EmbedTexts node && !(node.child() instanceof LocalLimit)) {
      LogicalPlan pushed = node.withNewChildInternal(limit.withNewChildInternal(node.child()));
      return limit.withNewChildInternal(project.withNewChildInternal(pushed));
    }
    return limit;
  }

  /**
   * The first rows of an order, all below the vectors; null if the child has no order or vectors are in it. Spark keeps the order of a
   * limit only where it is right above a sort.
   */
  private static @Nullable LogicalPlan ordered(GlobalLimit global, LocalLimit local) {
    if (local.child() instanceof Project project
        && project.child() instanceof EmbedTexts node
        && node.child() instanceof LocalLimit pushed
        && isSorted(pushed.child())) {
      return project.withNewChildInternal(node.withNewChildInternal(global.withNewChildInternal(pushed)));
    }
    if (local.child() instanceof Sort sort
        && sort.global()
        && sort.child() instanceof Project project
        && project.deterministic()
        && project.child() instanceof EmbedTexts node
        && sort.references().subsetOf(node.child().outputSet())) {
      LogicalPlan first = global.withNewChildInternal(local.withNewChildInternal(sort.withNewChildInternal(node.child())));
      return project.withNewChildInternal(node.withNewChildInternal(first));
    }
    return null;
  }

  private static boolean isSorted(LogicalPlan plan) {
    return plan instanceof Sort sort ? sort.global() : plan instanceof Project project && isSorted(project.child());
  }
}
