package dev.lanewise.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.TestTexts;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries with {@code embed} give the rows of the same queries with a plain function of one text that calls the encoder. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbedSqlTest {
  private final SparkSession session = LocalSpark.session();

  @BeforeAll
  void open() {
    session.conf().set("spark.lanewise.embed.model", TestTexts.MODEL);
    UDF1<String, float[]> plain = text -> text == null ? null : TestTexts.encoder().embed(text);
    session.udf().register("plain", plain, DataTypes.createArrayType(DataTypes.FloatType));
    session.sql(
        "CREATE OR REPLACE TEMPORARY VIEW t AS SELECT id, if(id = 5, null, concat('text ', repeat('long ', int(id % 4)), id % 5)) AS text,"
            + " id % 3 AS k FROM range(0, 14, 1, 3)");
  }

  @AfterAll
  void close() {
    session.conf().unset("spark.lanewise.embed.model");
  }

  private List<String> rows(String sql) {
    return session.sql(sql).collectAsList().stream().map(Row::toString).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id, text, embed(text) AS v, k FROM t",
        "SELECT id FROM t WHERE embed(text)[0] > 0 AND id < 9",
        "SELECT id FROM t WHERE id < 9 OR embed(text)[1] > 0",
        "SELECT embed(text), embed(text), embed(concat(text, '!')) FROM t WHERE embed(text)[0] > 0",
        "SELECT id FROM t ORDER BY embed(text)[0] DESC, id LIMIT 6",
        "SELECT id, embed(text)[2] FROM t ORDER BY embed(text)[2], id",
        "SELECT a.id, b.id FROM t a JOIN t b ON embed(a.text)[0] < embed(b.text)[1] + 0.01",
        "SELECT a.id, b.id FROM t a JOIN t b ON embed(concat(a.k, ' ', b.k))[0] < 0 AND a.id < 4",
        "SELECT a.id, b.id FROM t a LEFT JOIN t b ON embed(a.text)[0] < embed(b.text)[1] AND a.k = b.k",
        "SELECT a.id, b.id, embed(b.text) FROM t a LEFT JOIN t b ON a.id + 9 = b.id",
        "SELECT k, max(embed(text)[0]), count(embed(text)) FROM t GROUP BY k",
        "SELECT embed(text), count(*) FROM t GROUP BY text",
        "SELECT embed(text), count(*) FROM t GROUP BY embed(text)",
        "SELECT k, embed(max(text)) FROM t GROUP BY k HAVING embed(max(text))[0] IS NOT NULL",
        "SELECT embed(concat(k, max(text))), k, max(text) FROM t GROUP BY k",
        "SELECT DISTINCT embed(text) FROM t",
        "SELECT embed('a constant'), embed(NULL), embed(cast(NULL AS string))",
        "SELECT id FROM t WHERE embed(text)[0] > embed('a constant')[0]",
        "SELECT embed(cast(round(embed(text)[0], 1) AS string)) FROM t",
        "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM t u WHERE embed(concat('k', u.k)) = embed(concat('k', t.k)) AND u.id > t.id)",
        "SELECT id, (SELECT max(embed(u.text)[0]) FROM t u WHERE u.k = t.k) FROM t",
        "SELECT id FROM t WHERE id IN (SELECT id FROM t WHERE embed(text)[0] > 0)",
        "SELECT id, v FROM (SELECT id, embed(text) v FROM t) WHERE id = 3",
        "SELECT id, v[0], v[1] FROM (SELECT id, embed(text) v FROM t)",
        "SELECT id, row_number() OVER (PARTITION BY k ORDER BY embed(text)[0], id) FROM t",
        "SELECT id, embed(lag(text) OVER (ORDER BY id)) FROM t",
        "SELECT id, embed(word) FROM t LATERAL VIEW explode(split(text, ' ')) AS word",
        "SELECT embed(text) FROM t UNION ALL SELECT embed(concat(text, text)) FROM t",
        "WITH c AS (SELECT id, embed(text) v FROM t) SELECT * FROM c a JOIN c b ON a.id = b.id",
        "SELECT id, if(id > 3, embed(text), null), coalesce(null, embed(text)), CASE WHEN k = 1 THEN embed(text) END FROM t",
        "SELECT id, CASE k WHEN 0 THEN embed(text) WHEN 1 THEN embed(upper(text)) ELSE embed('other') END FROM t",
        "SELECT id, if(embed(text)[0] > 0, embed(concat(text, ' again')), array(0f)) FROM t",
        "SELECT k, if(max(id) > 9, embed(max(text)), null) FROM t GROUP BY k",
        "SELECT k, if(count(*) > 4, max(embed(text)[0]), null), coalesce(max(id), max(embed(text)[1])) FROM t GROUP BY k",
        "SELECT id, transform(array(0, id), x -> if(x > 3, embed(text)[0], 0f)) FROM t",
        "SELECT id FROM t WHERE id / 20f > embed('a constant')[0]",
        "SELECT id, embed(text) v FROM t ORDER BY id DESC LIMIT 3",
        "SELECT sum(id), max(v[0]) FROM (SELECT id, embed(text) v FROM (SELECT * FROM t SORT BY k) ORDER BY k, id LIMIT 4)",
        "SELECT embed(col1) FROM VALUES ('a'), ('b')"
      })
  void rowsAreThoseOfAPlainFunction(String sql) {
    List<String> expected = rows(sql.replace("embed(", "plain("));
    assertThat(expected).isNotEmpty();
    List<String> rows = rows(sql);
    if (sql.contains("ORDER BY")) {
      assertThat(rows).isEqualTo(expected);
    } else {
      assertThat(rows).containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @Test
  void withoutAdaptiveExecutionAndWithoutCodegen() {
    String sql = "SELECT k, max(embed(text)[0]) FROM t WHERE embed(text)[1] > 0 GROUP BY k ORDER BY k";
    List<String> expected = rows(sql);
    for (String name : List.of("spark.sql.adaptive.enabled", "spark.sql.codegen.wholeStage")) {
      String before = session.conf().get(name);
      session.conf().set(name, "false");
      try {
        assertThat(rows(sql)).as(name).isEqualTo(expected);
      } finally {
        session.conf().set(name, before);
      }
    }
  }

  /** A text that would fail stands in a branch that is not reached. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "if(length(w) > 99, null, embed(w, o))",
        "CASE WHEN length(w) > 99 THEN null ELSE embed(w, o) END",
        "CASE WHEN w = 'x' THEN embed(concat(w, 'y'), o) WHEN length(w) < 100 THEN embed(w, o) END",
        "coalesce(if(length(w) > 99, array(1f), null), embed(w, o))"
      })
  void branchesThatAreNotReachedEmbedNothing(String expression) {
    String options = "map('maxTokens', '8', 'longTexts', 'fail')";
    String sql =
        "SELECT " + expression.replace("o)", options + ")") + " v FROM (SELECT explode(array('a', 'x', repeat('long ', 90))) AS w)";
    assertThat(session.sql(sql).collectAsList()).hasSize(3);
  }

  /** How many vectors of a row are computed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT embed(text), embed(text)[0] FROM t | 1",
        "SELECT embed(text) FROM t WHERE embed(text)[0] > 0 | 1",
        "SELECT embed(text)[3] FROM t WHERE embed(text)[0] > 0 ORDER BY embed(text)[1] | 1",
        "SELECT embed(text), embed(upper(text)) FROM t | 2",
        "SELECT id, v[0], v[1] FROM (SELECT id, embed(text) v FROM t) WHERE v[2] > 0 | 1",
        "SELECT id FROM (SELECT id, embed(text) v FROM t) | 0",
        "SELECT id, embed('a constant') FROM t | 0"
      })
  void commonTextsAreComputedOnce(String sql, int vectors) {
    assertThat(computed(sql)).isEqualTo(vectors);
  }

  private int computed(String sql) {
    return session.sql(sql).queryExecution().optimizedPlan().toString().split(" AS vector#", -1).length - 1;
  }

  @Test
  void filtersAndLimitsComeBeforeVectors() {
    assertThat(session.sql("SELECT v FROM (SELECT id, embed(text) v FROM t) WHERE id = 3").queryExecution().optimizedPlan().toString())
        .containsSubsequence("EmbedTexts", "Filter");
    assertThat(session.sql("SELECT embed(text) v FROM t WHERE embed(text)[0] > 0 AND k = 1").queryExecution().optimizedPlan().toString())
        .containsSubsequence("Filter", "EmbedTexts", "Filter");
    assertThat(session.sql("SELECT id, embed(text) v FROM t LIMIT 5").queryExecution().optimizedPlan().toString())
        .containsSubsequence("GlobalLimit", "EmbedTexts", "LocalLimit");
  }

  /** Spark takes the first rows of an order only where the limit is right above the sort: elsewhere a shuffle is between them. */
  @Test
  void theFirstRowsOfAnOrderAreFoundBeforeVectors() {
    String[] firstRows = {"EmbedTexts", "GlobalLimit", "LocalLimit", "Sort"};
    String sql = "SELECT id, embed(text) v FROM t ORDER BY id LIMIT 5";
    assertThat(session.sql(sql).queryExecution().optimizedPlan().toString()).containsSubsequence(firstRows);
    Dataset<Row> sorted = session.sql("SELECT id, text FROM t").orderBy("id");
    assertThat(sorted.selectExpr("embed(text) v").limit(5).queryExecution().optimizedPlan().toString()).containsSubsequence(firstRows);
    assertThat(session.sql(sql.replace("id LIMIT", "v[0] LIMIT")).queryExecution().optimizedPlan().toString())
        .containsSubsequence("GlobalLimit", "Sort", "EmbedTexts");
  }

  /** Spark analyses the text of a view in a configuration that has nothing but its own settings. */
  @Test
  void viewsUseTheModelOfTheSession() {
    session.sql("CREATE OR REPLACE TEMPORARY VIEW embedded AS SELECT id, embed(text) AS v FROM t");
    assertThat(rows("SELECT id, v FROM embedded")).isEqualTo(rows("SELECT id, plain(text) AS v FROM t"));
  }

  /** Spark makes such subqueries after it has optimised those of the query. */
  @Test
  void subqueriesThatSparkMakesEmbed(@TempDir Path folder) {
    String facts = folder.resolve("facts").toString();
    session.range(40).selectExpr("id", "id % 4 AS part").write().partitionBy("part").parquet(facts);
    session.read().parquet(facts).createOrReplaceTempView("facts");
    List<String> names = List.of("spark.sql.optimizer.dynamicPartitionPruning.reuseBroadcastOnly", "spark.sql.autoBroadcastJoinThreshold");
    try {
      session.conf().set(names.get(0), "false");
      session.conf().set(names.get(1), "-1");
      String sql = "SELECT f.id, t.id FROM facts f JOIN t ON f.part = t.k WHERE embed(t.text)[0] > 0";
      assertThat(session.sql(sql).queryExecution().optimizedPlan().toString()).contains("dynamicpruning");
      assertThat(rows(sql)).containsExactlyInAnyOrderElementsOf(rows(sql.replace("embed(", "plain(")));
    } finally {
      names.forEach(session.conf()::unset);
    }
  }

  /** Adaptive execution finds the operator by the tags that changes of its child keep. */
  @Test
  void operatorsKeepTheirTags() {
    SparkPlan plan = session.sql("SELECT embed(text) FROM t").queryExecution().sparkPlan();
    SparkPlan operator = plan.find(node -> node instanceof EmbedTextsExec).get();
    assertThat(operator.logicalLink().isDefined()).isTrue();
    SparkPlan changed = operator.mapChildren(child -> new ProjectExec(Scala.map(child.output(), column -> column), child));
    assertThat(changed).isNotEqualTo(operator);
    assertThat(changed.logicalLink()).isEqualTo(operator.logicalLink());
  }

  @Test
  void settingsOfTheConfigurationAndOfTheCall() {
    session.conf().set("spark.lanewise.embed.prefix", "query: ");
    try {
      Row row = session.sql("SELECT embed('x'), embed('x', map('prefix', '', 'dimensions', '8')) FROM t").first();
      float[] query = TestTexts.encoder().withPrefix("query: ").embed("x");
      assertThat(vector(row, 0)).isEqualTo(query);
      assertThat(vector(row, 1)).isEqualTo(TestTexts.encoder().withDimensions(8).embed("x"));
      Row other = session.sql("SELECT embed(text, '" + TestTexts.MODEL + "') FROM t WHERE id = 1").first();
      assertThat(vector(other, 0)).isEqualTo(TestTexts.encoder().withPrefix("query: ").embed("text long 1"));
    } finally {
      session.conf().unset("spark.lanewise.embed.prefix");
    }
  }

  private static float[] vector(Row row, int column) {
    List<Float> list = row.getList(column);
    float[] vector = new float[list.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = list.get(i);
    }
    return vector;
  }
}
