package dev.lanewise.spark.embed;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** Adds columns of vectors to rows, as part of a logical plan. The rows and their order stay as they are. */
public final class EmbedTexts extends LogicalPlan implements UnaryNode, Serializable {
  private final Seq<Alias> embeds;
  private final LogicalPlan child;

  /**
   * Creates a node.
   *
   * @param embeds each an {@link Embed} under the name of its column
   */
  public EmbedTexts(Seq<Alias> embeds, LogicalPlan child) {
    this.embeds = embeds;
    this.child = child;
  }

  Seq<Alias> embeds() {
    return embeds;
  }

  @Override
  public LogicalPlan child() {
    return child;
  }

  @Override
  public Seq<LogicalPlan> children() {
    return Scala.seq(child);
  }

  @Override
  public Seq<Attribute> output() {
    return Scala.concat(child.output(), Scala.map(embeds, Alias::toAttribute));
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(Scala.map(embeds, Alias::toAttribute));
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public Option<Object> maxRows() {
    return child.maxRows();
  }

  @Override
  public Option<Object> maxRowsPerPartition() {
    return child.maxRowsPerPartition();
  }

  @Override
  public LogicalPlan mapChildren(scala.Function1<LogicalPlan, LogicalPlan> change) {
    return withNewChildren(Scala.seq(change.apply(child))); // keeps the tags, by which adaptive execution finds the node
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> newChildren) {
    return withNewChildInternal(newChildren.apply(0));
  }

  @Override
  public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
    return new EmbedTexts(embeds, newChild);
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int n) {
    return n == 0 ? embeds : child;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof EmbedTexts;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EmbedTexts node && embeds.equals(node.embeds) && child.equals(node.child);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
