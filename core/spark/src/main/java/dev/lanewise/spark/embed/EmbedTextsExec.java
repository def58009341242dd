package dev.lanewise.spark.embed;

import org.apache.spark.PartitionEvaluatorFactory;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/** Computes the vectors of {@link EmbedTexts}. Each partition is read in windows of rows. */
public final class EmbedTextsExec extends SparkPlan implements UnaryExecNode {
  private final Seq<Alias> embeds;
  private final SparkPlan child;
  private transient @Nullable Map<String, SQLMetric> metrics;

  /**
   * Creates an operator.
   *
   * @param embeds each an {@link Embed} under the name of its column
   */
  public EmbedTextsExec(Seq<Alias> embeds, SparkPlan child) {
    this.embeds = embeds;
    this.child = child;
  }

  @Override
  public SparkPlan child() {
    return child;
  }

  @Override
  public Seq<SparkPlan> children() {
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
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public synchronized Map<String, SQLMetric> metrics() {
    Map<String, SQLMetric> known = metrics;
    if (known == null) {
      java.util.Map<String, SQLMetric> made =
          java.util.Map.of(
              "rows", SQLMetrics.createMetric(sparkContext(), "number of output rows"),
              "windows", SQLMetrics.createMetric(sparkContext(), "number of windows"),
              "failed", SQLMetrics.createMetric(sparkContext(), "number of texts without a vector"),
              "time", SQLMetrics.createNanoTimingMetric(sparkContext(), "time to embed", -1));
      known = scala.collection.immutable.Map.from(CollectionConverters.asScala(made));
      metrics = known;
    }
    return known;
  }

  @Override
  public RDD<InternalRow> doExecute() {
    Seq<Expression> texts = Scala.map(embeds, alias -> ((Embed) alias.child()).child());
    java.util.List<EmbedSettings> settings = Scala.list(Scala.map(embeds, alias -> ((Embed) alias.child()).settings()));
    Map<String, SQLMetric> counted = metrics();
    EmbedPartition.Counts counts =
        new EmbedPartition.Counts(
            counted.apply("rows"),
            counted.apply("windows"),
            counted.apply("failed"),
            counted.apply("time"),
            FailedTexts.of(sparkContext()));
    EmbedPartition.Plan plan = new EmbedPartition.Plan(texts, settings, child.output(), output(), counts);
    PartitionEvaluatorFactory<InternalRow, InternalRow> tasks =
        () -> (partition, inputs) -> new EmbedPartition(plan, partition, inputs.apply(0));
    return child.execute().mapPartitionsWithEvaluator(tasks, ClassTag$.MODULE$.apply(InternalRow.class));
  }

  @Override
  public SparkPlan mapChildren(scala.Function1<SparkPlan, SparkPlan> change) {
    return withNewChildren(Scala.seq(change.apply(child))); // keeps the tags, by which adaptive execution finds the node
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> newChildren) {
    return withNewChildInternal(newChildren.apply(0));
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new EmbedTextsExec(embeds, newChild);
  }

  @Override
  public String verboseStringWithOperatorId() {
    return UnaryExecNode.super.verboseStringWithOperatorId();
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
    return other instanceof EmbedTextsExec;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EmbedTextsExec node && embeds.equals(node.embeds) && child.equals(node.child);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
