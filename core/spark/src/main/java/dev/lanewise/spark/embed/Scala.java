package dev.lanewise.spark.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Sequences of Scala in Java. */
final class Scala {
  private Scala() {}

  static <T> Seq<T> seq(List<T> list) {
    return CollectionConverters.asScala(List.copyOf(list)).toSeq();
  }

  static <T> Seq<T> none() {
    return seq(List.of());
  }

  static <T> Seq<T> seq(T element) {
    return seq(List.of(element));
  }

  /** An expression under a name, as a column of its own. */
  static Alias alias(Expression expression, String name) {
    return new Alias(expression, name, NamedExpression.newExprId(), none(), Option.empty(), none());
  }

  static <T> List<T> list(scala.collection.Iterable<T> sequence) {
    return new ArrayList<>(CollectionConverters.asJavaCollection(sequence));
  }

  static <S, T> Seq<T> map(scala.collection.Iterable<S> sequence, Function<? super S, ? extends T> function) {
    List<T> mapped = new ArrayList<>();
    for (S element : list(sequence)) {
      mapped.add(function.apply(element));
    }
    return seq(mapped);
  }

  static <T> Seq<T> concat(scala.collection.Iterable<? extends T> first, scala.collection.Iterable<? extends T> second) {
    List<T> all = new ArrayList<>(CollectionConverters.asJavaCollection(first));
    all.addAll(CollectionConverters.asJavaCollection(second));
    return seq(all);
  }
}
