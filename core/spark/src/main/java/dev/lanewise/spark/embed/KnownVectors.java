package dev.lanewise.spark.embed;

import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.jspecify.annotations.Nullable;

/** Finds a vector that an operator below has computed, as when the same text is embedded in WHERE and SELECT. */
final class KnownVectors {
  private KnownVectors() {}

  /**
   * A vector that was found.
   *
   * @param plan the plan, which passes it on
   */
  record Found(LogicalPlan plan, Attribute attribute) {}

  /** The vector, if only operators are between that keep each row as it is; else null. */
  static @Nullable Found find(LogicalPlan plan, Embed wanted) {
    if (plan instanceof EmbedTexts node) {
      for (Alias alias : Scala.list(node.embeds())) {
        if (alias.child().semanticEquals(wanted)) {
          return new Found(plan, alias.toAttribute());
        }
      }
      return through(plan, node.child(), wanted);
    }
    if (plan instanceof Project project) {
      Found below = find(project.child(), wanted.withText(inlined(wanted.child(), project)));
      if (below == null || project.outputSet().contains(below.attribute)) {
        return below == null ? null : new Found(project.withNewChildInternal(below.plan), below.attribute);
      }
      return new Found(
          new Project(Scala.<NamedExpression>concat(project.projectList(), Scala.seq(below.attribute)), below.plan), below.attribute);
    }
    if (plan instanceof Filter || plan instanceof Sort || plan instanceof LocalLimit || plan instanceof GlobalLimit) {
      return through(plan, plan.children().apply(0), wanted);
    }
    return null;
  }

  /** An expression over the columns that a projection reads. */
  private static Expression inlined(Expression expression, Project project) {
    if (!(expression instanceof Attribute column)) {
      return expression.mapChildren(child -> inlined(child, project));
    }
    for (NamedExpression made : Scala.list(project.projectList())) {
      if (made instanceof Alias alias && alias.exprId().equals(column.exprId())) {
        return alias.child();
      }
    }
    return column;
  }

  private static @Nullable Found through(LogicalPlan plan, LogicalPlan child, Embed wanted) {
    Found below = find(child, wanted);
    return below == null ? null : new Found(plan.withNewChildren(Scala.seq(below.plan)), below.attribute);
  }
}
