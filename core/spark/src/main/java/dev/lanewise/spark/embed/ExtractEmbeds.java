package dev.lanewise.spark.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.LambdaFunction;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedLambdaVariable;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Subquery;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.Seq;

/**
 * Takes each {@link Embed} out of its operator. A node {@link EmbedTexts} below the operator computes it, and an attribute takes its place.
 * The rule runs after Spark's own, when filters are where they belong and columns that nobody reads are gone.
 */
public final class ExtractEmbeds extends Rule<LogicalPlan> {
  /** Creates the rule. */
  public ExtractEmbeds() {}

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    // A correlated subquery becomes a join, and then it comes again.
    return (plan instanceof Subquery subquery && subquery.correlated()) || !plan.exists(ExtractEmbeds::isConcerned) ? plan : all(plan);
  }

  private static boolean isConcerned(LogicalPlan plan) {
    return !(plan instanceof EmbedTexts) && plan.expressions().exists(expression -> has(expression) || hasInside(expression));
  }

  /** Whether there is one in an expression. */
  static boolean has(Expression expression) {
    return expression.exists(part -> part instanceof Embed);
  }

  /** Whether there is one in a subquery that Spark has made after it optimised those of the query, such as a filter of partitions. */
  private static boolean hasInside(Expression expression) {
    return expression.exists(
        part ->
            part instanceof PlanExpression<?> made
                && made.plan() instanceof LogicalPlan inside
                && inside.exists(ExtractEmbeds::isConcerned));
  }

  @SuppressWarnings("unchecked") // the new plan has the type of the old one
  private Expression inside(Expression expression) {
    if (!hasInside(expression)) {
      return expression;
    }
    Expression changed = expression.mapChildren(this::inside);
    return changed instanceof PlanExpression<?> made && made.plan() instanceof LogicalPlan plan
        ? ((PlanExpression<LogicalPlan>) made).withNewPlan(all(plan))
        : changed;
  }

  /** Extracts from an operator and all below it, from the leaves up. */
  private LogicalPlan all(LogicalPlan plan) {
    LogicalPlan below = plan.mapChildren(this::all);
    if (!isConcerned(below)) {
      return Limits.pushed(below);
    }
    LogicalPlan known = below.mapExpressions(this::inside).mapExpressions(Constants::computed);
    if (!isConcerned(known)) {
      return known; // all texts are constant
    }
    // In a join, a condition may be of one side and the text of the other.
    return from(known instanceof Join ? known : known.mapExpressions(Branches::guarded));
  }

  /** Extracts from an operator alone. */
  private LogicalPlan from(LogicalPlan plan) {
    if (plan instanceof Aggregate aggregate) {
      LogicalPlan divided = AboveAggregate.divided(aggregate);
      return divided == aggregate ? below(aggregate) : below(divided.mapChildren(this::below));
    }
    if (plan instanceof Join join) {
      return ofJoin(join);
    }
    return plan instanceof Filter filter ? ofFilter(filter) : below(plan);
  }

  /** Conditions without vectors come first, so that vectors are computed for the rows that are left. */
  private LogicalPlan ofFilter(Filter filter) {
    List<Expression> first = new ArrayList<>();
    List<Expression> then = new ArrayList<>();
    for (Expression condition : conditions(filter.condition())) {
      (has(condition) || !condition.deterministic() ? then : first).add(condition);
    }
    LogicalPlan child = first.isEmpty() ? filter.child() : new Filter(all(first), filter.child());
    return below(new Filter(all(then), child));
  }

  /** A condition of an inner join on texts of both sides is a filter after the join. */
  private LogicalPlan ofJoin(Join join) {
    List<Expression> own = new ArrayList<>();
    List<Expression> after = new ArrayList<>();
    for (Expression condition : join.condition().isEmpty() ? List.<Expression>of() : conditions(join.condition().get())) {
      (mixes(condition, join) ? after : own).add(condition);
    }
    if (after.isEmpty()) {
      return below(join);
    }
    if (!join.joinType().sql().equals("INNER") && !join.joinType().sql().equals("CROSS")) {
      throw new UnsupportedOperationException(
          after.getFirst()
              + " embeds a text of both sides of a join that is "
              + join.joinType().sql()
              + "; only an inner join can have one");
    }
    scala.Option<Expression> left = own.isEmpty() ? scala.Option.empty() : scala.Option.apply(all(own));
    Join without = new Join(join.left(), join.right(), join.joinType(), left, join.hint());
    return below(new Filter(all(after), below(without)));
  }

  private static boolean mixes(Expression condition, Join join) {
    return condition.exists(
        part ->
            part instanceof Embed
                && !part.references().subsetOf(join.left().outputSet())
                && !part.references().subsetOf(join.right().outputSet()));
  }

  private static List<Expression> conditions(Expression condition) {
    List<Expression> all = new ArrayList<>();
    if (condition instanceof And and) {
      all.addAll(conditions(and.left()));
      all.addAll(conditions(and.right()));
    } else {
      all.add(condition);
    }
    return all;
  }

  private static Expression all(List<Expression> conditions) {
    return conditions.stream().reduce(And::new).orElseThrow();
  }

  /** Puts nodes below an operator that compute what it embeds; those inside of others first. */
  private LogicalPlan below(LogicalPlan plan) {
    List<Embed> wanted = new ArrayList<>();
    for (Expression expression : Scala.list(plan.expressions())) {
      collect(expression, false, wanted);
    }
    if (wanted.isEmpty()) {
      return plan;
    }
    List<Computed> computed = new ArrayList<>();
    List<LogicalPlan> children = new ArrayList<>();
    for (LogicalPlan child : Scala.list(plan.children())) {
      children.add(withVectors(plan, child, wanted, computed));
    }
    for (Embed embed : wanted) {
      if (attribute(embed, computed) == null) {
        throw embed.misplaced();
      }
    }
    LogicalPlan replaced = plan.withNewChildren(Scala.seq(children)).mapExpressions(expression -> replaced(expression, computed));
    LogicalPlan complete = below(replaced);
    return complete.output().equals(plan.output()) ? complete : new Project(named(plan.output()), complete);
  }

  /** An expression that an attribute stands for. */
  private record Computed(Embed embed, Attribute attribute) {}

  private static @Nullable Attribute attribute(Embed embed, List<Computed> computed) {
    return computed.stream().filter(known -> known.embed.semanticEquals(embed)).map(Computed::attribute).findFirst().orElse(null);
  }

  private static Expression replaced(Expression expression, List<Computed> computed) {
    Attribute attribute = expression instanceof Embed embed ? attribute(embed, computed) : null;
    return attribute != null ? attribute : expression.mapChildren(child -> replaced(child, computed));
  }

  /** Collects those that have no other inside. */
  private static void collect(Expression expression, boolean inLambda, List<Embed> wanted) {
    if (expression instanceof Embed embed && !has(embed.child())) {
      if (inLambda && embed.exists(part -> part instanceof NamedLambdaVariable)) {
        throw embed.misplaced();
      }
      wanted.add(embed);
    } else {
      for (Expression child : Scala.list(expression.children())) {
        collect(child, inLambda || expression instanceof LambdaFunction, wanted);
      }
    }
  }

  /** A child of an operator that also has the vectors that can be computed from its columns. */
  private static LogicalPlan withVectors(LogicalPlan plan, LogicalPlan child, List<Embed> wanted, List<Computed> computed) {
    LogicalPlan input = child;
    List<Alias> made = new ArrayList<>();
    for (Embed embed : wanted) {
      if (!embed.references().subsetOf(child.outputSet()) || attribute(embed, computed) != null) {
        continue;
      }
      KnownVectors.Found known = KnownVectors.find(input, embed);
      if (known == null) {
        Alias alias = Scala.alias(embed, "vector");
        made.add(alias);
        computed.add(new Computed(embed, alias.toAttribute()));
      } else {
        input = known.plan();
        computed.add(new Computed(embed, known.attribute()));
      }
    }
    return made.isEmpty() ? input : new EmbedTexts(Scala.seq(made), pruned(plan, input));
  }

  /** The columns that an operator reads, if it passes no other on. */
  private static LogicalPlan pruned(LogicalPlan plan, LogicalPlan child) {
    if (!(plan instanceof Project) && !(plan instanceof Aggregate)) {
      return child;
    }
    AttributeSet read = plan.references();
    Predicate<Attribute> isVector = column -> !plan.inputSet().contains(column); // found below a moment ago
    List<Attribute> kept = Scala.list(child.output()).stream().filter(column -> read.contains(column) || isVector.test(column)).toList();
    return kept.size() == child.output().size() ? child : new Project(named(Scala.seq(kept)), child);
  }

  private static Seq<NamedExpression> named(Seq<Attribute> columns) {
    return Scala.map(columns, column -> column);
  }
}
