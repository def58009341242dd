package dev.lanewise.spark.embed;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import scala.collection.immutable.Seq;

/**
 * Moves what embeds a result of an aggregate, such as {@code embed(max(text))}, to a projection above it. A grouped text is embedded there,
 * too: once for each group.
 */
final class AboveAggregate {
  private final Aggregate aggregate;
  private final List<NamedExpression> inside = new ArrayList<>();

  private AboveAggregate(Aggregate aggregate) {
    this.aggregate = aggregate;
  }

  /** A projection of an aggregate, or the aggregate itself if it embeds none of its results. */
  static LogicalPlan divided(Aggregate aggregate) {
    AboveAggregate division = new AboveAggregate(aggregate);
    if (!aggregate.aggregateExpressions().exists(result -> division.embedsResult((Expression) result))) {
      return aggregate;
    }
    Seq<NamedExpression> outside = Scala.map(aggregate.aggregateExpressions(), division::outside);
    Seq<NamedExpression> results = Scala.seq(division.inside);
    return new Project(outside, aggregate.copy(aggregate.groupingExpressions(), results, aggregate.child(), aggregate.hint()));
  }

  private boolean embedsResult(Expression expression) {
    return expression.exists(part -> part instanceof Embed && part.exists(this::isResult));
  }

  private boolean isResult(Expression expression) {
    return expression instanceof AggregateExpression
        || aggregate.groupingExpressions().exists(grouping -> grouping.semanticEquals(expression));
  }

  private NamedExpression outside(NamedExpression expression) {
    if (embedsResult((Expression) expression)) {
      return (NamedExpression) replaced((Expression) expression);
    }
    return result(expression);
  }

  private Expression replaced(Expression expression) {
    if (!isResult(expression)) {
      return expression.mapChildren(this::replaced);
    }
    return (Expression) result(expression instanceof NamedExpression named ? named : Scala.alias(expression, "result"));
  }

  /** The attribute of a result that the aggregate is to have. */
  private NamedExpression result(NamedExpression result) {
    if (inside.stream().noneMatch(known -> known.exprId().equals(result.exprId()))) {
      inside.add(result);
    }
    return result.toAttribute();
  }
}
