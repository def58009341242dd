package dev.lanewise.spark.embed;

import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans {@link EmbedTexts} as {@link EmbedTextsExec}. */
public final class EmbedStrategy extends SparkStrategy {
  /** Creates the strategy. */
  public EmbedStrategy() {}

  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return plan instanceof EmbedTexts node ? Scala.seq(new EmbedTextsExec(node.embeds(), planLater(node.child()))) : Scala.none();
  }
}
