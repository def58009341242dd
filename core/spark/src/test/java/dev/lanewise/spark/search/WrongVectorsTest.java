package dev.lanewise.spark.search;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.testing.LocalSpark;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Columns and arguments are refused before a job starts; a vector that does not fit fails the job and is named. */
class WrongVectorsTest {
  private static Dataset<Row> sql(String text) {
    return LocalSpark.session().sql(text);
  }

  private static Dataset<Row> vectors(String... rows) {
    return sql("select id, cast(v as array<float>) as v from values " + String.join(", ", rows) + " as (id, v)").coalesce(1);
  }

  private static void wrong(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void columns() {
    Dataset<Row> rows = sql("select 1 as id, 'a' as text, array(1.0D) as wide, array(array(1F)) as nested, array(1F) as v");
    wrong(() -> VectorSearch.of(rows, "w"), "column w is not among the columns id, text, wide, nested, v");
    wrong(() -> VectorSearch.of(rows, "text"), "column text is string, must be array<float>: cast it");
    wrong(() -> VectorSearch.of(rows, "wide"), "column wide is array<double>, must be array<float>: cast it");
    wrong(() -> VectorSearch.of(rows, "nested"), "column nested is array<array<float>>, must be array<float>: cast it");
    wrong(
        () -> VectorSearch.of(sql("select 1 as rank, array(1F) as v"), "v").nearest(new float[] {1}, 1),
        "column rank has the name of a column of the result: rename it");
    wrong(
        () -> VectorSearch.of(sql("select map(1, 2) as m, array(1F) as v"), "v").nearest(new float[] {1}, 1),
        "column m is map<int,int>, which has no order for rows of equal similarity: drop it");
  }

  @Test
  void arguments() {
    VectorSearch search = VectorSearch.of(vectors("(1, array(1, 2))"), "v");
    wrong(() -> search.nearest(new float[][] {}, 1), "queries.length is 0, must be at least 1");
    wrong(() -> search.nearest(new float[] {1, 2}, 0), "k is 0, must be at least 1");
    wrong(() -> search.nearest(new float[] {}, 1), "queries[0].length is 0, must be at least 1");
    wrong(() -> search.nearest(new float[][] {{1, 2}, {1}}, 1), "queries[1].length is 1, but queries[0].length is 2");
    wrong(() -> search.nearest(new float[] {1, Float.NaN}, 1), "queries[0][1] is NaN, must be finite");
    wrong(() -> search.join(search, Float.NaN), "threshold is NaN, must be a number");
  }

  @Test
  void vectorsThatDoNotFit() {
    failing(
        vectors("(1, array(1, 2))", "(2, null)", "(3, array(1))"),
        "the length of the vector in column v of row 2 of partition 0 is 1, but that of the queries is 2");
    failing(vectors("(1, array(1, double('NaN')))"), "element 1 of the vector in column v of row 0 of partition 0 is NaN, must be finite");
    failing(
        vectors("(1, array(double('-Infinity'), 0))"),
        "element 0 of the vector in column v of row 0 of partition 0 is -Infinity, must be finite");
    failing(vectors("(1, array(1, null))"), "element 1 of the vector in column v of row 0 of partition 0 is null, must be finite");
  }

  private static void failing(Dataset<Row> rows, String message) {
    assertThatThrownBy(() -> VectorSearch.of(rows, "v").nearest(new float[] {1, 2}, 1).count()).hasStackTraceContaining(message);
  }

  @Test
  void sidesThatDoNotFit() {
    VectorSearch two = VectorSearch.of(vectors("(1, array(1, 2))", "(2, array(1, 2))"), "v");
    VectorSearch three = VectorSearch.of(vectors("(1, array(1, 2, 3))"), "v");
    assertThatThrownBy(() -> two.join(three, 0).count())
        .hasStackTraceContaining("of row 0 of partition 0 is 2, but that in column v of the other side is 3");
    assertThatThrownBy(() -> VectorSearch.of(vectors("(1, array(1, 2))", "(2, array(1))"), "v").join(three, 0).count())
        .hasStackTraceContaining("is 2, but that in column v of the other side is 3");
    VectorSearch mixed = VectorSearch.of(vectors("(1, array(1, 2))", "(2, array(1))"), "v");
    assertThatThrownBy(() -> mixed.join(mixed, 0)).hasStackTraceContaining("row 1 of partition 0 is 1, but that of row 0 is 2");
    assertThatThrownBy(() -> VectorSearch.of(vectors("(1, array())"), "v").join(mixed, 0).count())
        .hasStackTraceContaining("the length of the vector in column v of row 0 of partition 0 is 0, must be at least 1");
  }
}
