package dev.lanewise.spark.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.IsNull;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedLambdaVariable;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.Tuple2;
import scala.collection.immutable.Seq;

/**
 * Keeps what a branch does not reach from being embedded. A node of its own embeds the texts of all rows; so in {@code coalesce(v,
 * embed(text))} the text becomes {@code if(v is null, text, null)}, and the vector of null costs nothing. Conditions that embed themselves,
 * or read a variable of a lambda, keep nothing.
 */
final class Branches {
  private Branches() {}

  /** The expression, whose branches embed only the texts that they reach. */
  static Expression guarded(Expression expression) {
    if (!ExtractEmbeds.has(expression) || expression instanceof Embed) {
      return expression;
    }
    if (expression instanceof If choice && isPlain(choice.predicate())) {
      Expression condition = choice.predicate();
      UnaryOperator<Expression> then = text -> new If(condition, text, nothing(text));
      UnaryOperator<Expression> otherwise = text -> new If(condition, nothing(text), text);
      return new If(condition, texts(choice.trueValue(), then), texts(choice.falseValue(), otherwise));
    }
    if (expression instanceof CaseWhen choice && Scala.list(choice.branches()).stream().allMatch(branch -> isPlain(branch._1()))) {
      return guarded(choice);
    }
    if (expression instanceof Coalesce choice) {
      return guarded(choice);
    }
    return expression.mapChildren(Branches::guarded);
  }

  private static Expression guarded(CaseWhen choice) {
    List<Tuple2<Expression, Expression>> before = new ArrayList<>();
    List<Tuple2<Expression, Expression>> branches = new ArrayList<>();
    for (Tuple2<Expression, Expression> branch : Scala.list(choice.branches())) {
      List<Tuple2<Expression, Expression>> earlier = List.copyOf(before);
      UnaryOperator<Expression> reached = text -> new CaseWhen(with(earlier, branch._1(), text), Option.empty());
      branches.add(new Tuple2<>(branch._1(), texts(branch._2(), reached)));
      before.add(branch);
    }
    Option<Expression> last =
        choice.elseValue().isEmpty()
            ? Option.empty()
            : Option.apply(texts(choice.elseValue().get(), text -> new CaseWhen(with(before, null, text), Option.apply(text))));
    return new CaseWhen(Scala.seq(branches), last);
  }

  /** Branches that give null, and one that gives the text. */
  private static Seq<Tuple2<Expression, Expression>> with(
      List<Tuple2<Expression, Expression>> before, @Nullable Expression condition, Expression text) {
    List<Tuple2<Expression, Expression>> branches = new ArrayList<>();
    for (Tuple2<Expression, Expression> branch : before) {
      branches.add(new Tuple2<>(branch._1(), nothing(text)));
    }
    if (condition != null) {
      branches.add(new Tuple2<>(condition, text));
    }
    return Scala.seq(branches);
  }

  /** A value is reached where the plain ones before it are null. */
  private static Expression guarded(Coalesce choice) {
    List<Expression> before = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    for (Expression value : Scala.list(choice.children())) {
      List<Expression> earlier = List.copyOf(before);
      UnaryOperator<Expression> reached =
          text -> {
            Expression guarded = text;
            for (Expression other : earlier) {
              guarded = new If(new IsNull(other), guarded, nothing(text));
            }
            return guarded;
          };
      values.add(texts(value, reached));
      if (isPlain(value)) {
        before.add(value);
      }
    }
    return choice.withNewChildren(Scala.seq(values));
  }

  /** Changes the texts of a value. */
  private static Expression texts(Expression value, UnaryOperator<Expression> change) {
    Expression inner = guarded(value);
    return replaced(inner, change);
  }

  private static Expression replaced(Expression value, UnaryOperator<Expression> change) {
    if (value instanceof Embed embed) {
      return embed.withText(change.apply(replaced(embed.child(), change)));
    }
    if (value instanceof AggregateExpression) {
      return value; // reads rows, and the branch is of their group
    }
    return ExtractEmbeds.has(value) ? value.mapChildren(child -> replaced(child, change)) : value;
  }

  private static boolean isPlain(Expression condition) {
    return condition.deterministic() && !condition.exists(part -> part instanceof Embed || part instanceof NamedLambdaVariable);
  }

  private static Literal nothing(Expression text) {
    return Literal$.MODULE$.create(null, text.dataType());
  }
}
