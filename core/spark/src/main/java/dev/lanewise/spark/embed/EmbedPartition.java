package dev.lanewise.spark.embed;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.util.LongAccumulator;
import org.jspecify.annotations.Nullable;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;

/**
 * The rows of a partition with their vectors, in their order. The first window has few rows, so that a query with a limit is answered soon.
 * Each window has more rows than the one before, up to bounds on rows, characters and bytes.
 */
final class EmbedPartition extends AbstractIterator<InternalRow> {
  private static final int FIRST_ROWS = 32;
  private static final int GROWTH = 4;
  private static final int MOST_ROWS = 4096;
  private static final long MOST_CHARACTERS = 1 << 22;
  private static final long MOST_BYTES = 1 << 25;

  private final Plan plan;
  private final int partition;
  private final Iterator<InternalRow> input;
  private final UnsafeProjection texts;
  private final UnsafeProjection output;
  private final JoinedRow joined = new JoinedRow();
  private final TaskInterrupts interrupts = TaskInterrupts.ofThisTask();
  private final List<WindowEmbedder> embedders = new ArrayList<>();
  private final WindowEmbedder[] embedderOf;
  private final List<Row> rows = new ArrayList<>();
  private int next;
  private int windowRows = FIRST_ROWS;
  private long rowsBefore;

  /**
   * What a task needs.
   *
   * @param texts an expression for each column of vectors
   * @param settings of each column of vectors
   * @param input columns that are read
   * @param output columns that are read, and those of vectors
   */
  record Plan(Seq<Expression> texts, List<EmbedSettings> settings, Seq<Attribute> input, Seq<Attribute> output, Counts counts)
      implements Serializable {}

  /** What a task counts. */
  record Counts(SQLMetric rows, SQLMetric windows, SQLMetric failed, SQLMetric nanos, LongAccumulator failedTexts)
      implements Serializable {}

  /** A row of a window and its texts. */
  private record Row(InternalRow values, @Nullable String[] texts) {}

  EmbedPartition(Plan plan, int partition, Iterator<InternalRow> input) {
    this.plan = plan;
    this.partition = partition;
    this.input = input;
    texts = UnsafeProjection.create(plan.texts, plan.input);
    output = UnsafeProjection.create(Scala.map(plan.output, column -> column), plan.output);
    TaskContext task = TaskContext.get();
    int threads = task == null ? 1 : task.cpus();
    embedderOf = new WindowEmbedder[plan.settings.size()];
    for (int column = 0; column < embedderOf.length; column++) {
      embedderOf[column] = embedder(plan.settings.get(column), threads);
    }
  }

  /** Columns with the same settings are packed together. */
  private WindowEmbedder embedder(EmbedSettings settings, int threads) {
    for (WindowEmbedder known : embedders) {
      if (known.settings().equals(settings)) {
        return known;
      }
    }
    WindowEmbedder made = new WindowEmbedder(settings, threads);
    embedders.add(made);
    return made;
  }

  @Override
  public boolean hasNext() {
    return next < rows.size() || input.hasNext();
  }

  @Override
  public InternalRow next() {
    if (next == rows.size()) {
      read();
      interrupts.run(this::compute);
    }
    Row row = rows.get(next);
    next++;
    @Nullable Object[] vectors = new Object[embedderOf.length];
    for (int column = 0; column < vectors.length; column++) {
      String text = row.texts[column];
      float[] vector = text == null ? null : embedderOf[column].vector(text);
      vectors[column] = vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector);
    }
    plan.counts.rows.add(1);
    return output.apply(joined.apply(row.values, new GenericInternalRow(vectors)));
  }

  /** Reads the next window. */
  private void read() {
    rowsBefore += rows.size();
    rows.clear();
    next = 0;
    embedders.forEach(WindowEmbedder::clear);
    long characters = 0;
    long bytes = 0;
    while (rows.size() < windowRows && characters < MOST_CHARACTERS && bytes < MOST_BYTES && input.hasNext()) {
      InternalRow read = input.next();
      InternalRow row = read.copy();
      UnsafeRow strings = texts.apply(row);
      @Nullable String[] own = new String[embedderOf.length];
      for (int column = 0; column < own.length; column++) {
        if (!strings.isNullAt(column)) {
          String text = strings.getUTF8String(column).toString();
          own[column] = text;
          characters += text.length();
          embedderOf[column].add(text);
        }
      }
      bytes += row instanceof UnsafeRow unsafe ? unsafe.getSizeInBytes() : 0;
      rows.add(new Row(row, own));
    }
    windowRows = Math.min(MOST_ROWS, windowRows * GROWTH);
  }

  private boolean compute() throws java.io.IOException, InterruptedException {
    long start = System.nanoTime();
    for (WindowEmbedder embedder : embedders) {
      try {
        embedder.compute();
      } catch (WindowEmbedder.FailedTextException e) {
        throw new IllegalArgumentException("row " + rowOf(embedder, e.text()) + " of partition " + partition + ": " + e.getMessage(), e);
      }
    }
    plan.counts.nanos.add(System.nanoTime() - start);
    plan.counts.windows.add(1);
    countFailures();
    return true;
  }

  private void countFailures() {
    for (int column = 0; column < embedderOf.length; column++) {
      if (embedderOf[column].settings().onFailure() == OnFailure.NULL) {
        for (Row row : rows) {
          String text = row.texts[column];
          if (text != null && embedderOf[column].vector(text) == null) {
            plan.counts.failed.add(1);
            plan.counts.failedTexts.add(1);
          }
        }
      }
    }
  }

  /** The first row with a text, counted from 0. */
  private long rowOf(WindowEmbedder embedder, String text) {
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < embedderOf.length; column++) {
        if (embedderOf[column] == embedder && text.equals(rows.get(row).texts[column])) {
          return rowsBefore + row;
        }
      }
    }
    throw new AssertionError("the text is of this window");
  }
}
