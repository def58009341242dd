package dev.lanewise.spark.embed;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.jspecify.annotations.Nullable;
import scala.Enumeration;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * The embedding of a text, as part of a plan. Two of the same text and settings are equal, so Spark and {@link ExtractEmbeds} compute them
 * once. It is never evaluated itself: {@link ExtractEmbeds} puts an attribute in its place.
 */
public final class Embed extends Expression implements Unevaluable, Serializable {
  static final DataType VECTOR = new ArrayType(DataTypes.FloatType, false);

  private final Expression child;
  private final EmbedSettings settings;

  /**
   * Creates an expression.
   *
   * @param child the text
   * @param settings which the driver has checked
   */
  public Embed(Expression child, EmbedSettings settings) {
    this.child = child;
    this.settings = settings;
  }

  /** The text. */
  Expression child() {
    return child;
  }

  @Override
  public Seq<Expression> children() {
    return Scala.seq(child);
  }

  Embed withText(Expression text) {
    return new Embed(text, settings);
  }

  EmbedSettings settings() {
    return settings;
  }

  @Override
  public DataType dataType() {
    return VECTOR;
  }

  /** A text without a vector may be counted in place of failing. */
  @Override
  public boolean nullable() {
    return settings.onFailure() == OnFailure.NULL || child.nullable();
  }

  @Override
  public boolean nullIntolerant() {
    return true;
  }

  @Override
  public boolean foldable() {
    return false;
  }

  /** That of a user's function: Spark does not copy such a condition into the subqueries that it makes to filter the scan of a join. */
  @Override
  public Seq<Enumeration.Value> nodePatterns() {
    return Scala.seq(TreePattern.SCALA_UDF());
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    DataType type = child.dataType();
    return type instanceof StringType || type instanceof NullType
        ? TypeCheckResult.TypeCheckSuccess$.MODULE$
        : new TypeCheckResult.TypeCheckFailure("embed reads a string, and this is of type " + type.catalogString());
  }

  @Override
  public Object eval(@Nullable InternalRow input) {
    throw misplaced();
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw misplaced();
  }

  /** What a user is told whose query has the function where no window of rows can be read. */
  UnsupportedOperationException misplaced() {
    return new UnsupportedOperationException(
        this
            + " cannot be computed in this place. It works in SELECT, WHERE, GROUP BY, ORDER BY, and in joins where the text comes from one"
            + " side, of a session with spark.sql.extensions=dev.lanewise.spark.LanewiseExtensions. For the elements of an array, use"
            + " explode first");
  }

  @Override
  public String prettyName() {
    return "embed";
  }

  @Override
  public String toString() {
    return "embed(" + child + ")";
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> newChildren) {
    return new Embed(newChildren.apply(0), settings);
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int n) {
    return n == 0 ? child : settings;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof Embed;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Embed embed && child.equals(embed.child) && settings.equals(embed.settings);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
