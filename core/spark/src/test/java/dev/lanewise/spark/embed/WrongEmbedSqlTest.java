package dev.lanewise.spark.embed;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.TestTexts;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong query fails on the driver, with a message that says what is wrong. */
class WrongEmbedSqlTest {
  private static final SparkSession SESSION = LocalSpark.session();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "embed() | embed has 0 arguments, must be embed(text) or embed(text, options)",
        "embed('a', 'MODEL', 'b') | embed has 3 arguments",
        "embed('a') | embed does not know its model: set spark.lanewise.embed.model",
        "embed('a', '/no/such/model') | there is no model at /no/such/model on this machine",
        "embed('a', 'nothing') | there is no model \"nothing\" among the files of --files and --archives",
        "embed('a', 'classpath:nothing') | nothing.onnx is not on the class path",
        "embed(42, 'MODEL') | embed reads a string, and this is of type int",
        "embed('a', concat('MODEL', id)) | must be a constant: the place of a model",
        "embed('a', 7) | the second argument of embed is 7, must be a constant",
        "embed('a', map('modell', 'x')) | there is no option modell, must be one of [dimensions, longTexts",
        "embed('a', map('model', 'MODEL', 'pooling', 'max')) | pooling is \"max\", must be first, mean or last",
        "embed('a', map('model', 'MODEL', 'longTexts', 'cut')) | longTexts is \"cut\", must be truncate, fail, windows",
        "embed('a', map('model', 'MODEL', 'onFailure', 'skip')) | onFailure is \"skip\", must be fail or null",
        "embed('a', map('model', 'MODEL', 'dimensions', '0')) | dimensions is \"0\", must be a whole number that is at least 1",
        "embed('a', map('model', 'MODEL', 'dimensions', '385')) | dimensions is 385, but the width of the model is 384",
        "embed('a', map('model', 'MODEL', 'normalised', 'yes')) | normalised is \"yes\", must be true or false",
        "embed('a', map('model', 'MODEL', 'maxTokens', '4', 'longTexts', 'fail'), 'x') | embed has 3 arguments",
        "embed('too many tokens', map('model', 'MODEL', 'maxTokens', '4', 'longTexts', 'fail')) | the number of tokens of the text is 6,"
            + " but maxTokens is 4",
        "transform(array('a'), x -> embed(x, 'MODEL')) | cannot be computed in this place"
      })
  void call(String call, String message) {
    String sql = "SELECT " + call.replace("MODEL", TestTexts.MODEL) + " FROM range(3)";
    assertThatThrownBy(() -> SESSION.sql(sql).queryExecution().executedPlan()).hasMessageContaining(message);
  }

  @Test
  void bothSidesOfAnOuterJoin() {
    String sql = "SELECT * FROM range(3) a LEFT JOIN range(3) b ON embed(concat(a.id, b.id), '" + TestTexts.MODEL + "')[0] > 0";
    assertThatThrownBy(() -> SESSION.sql(sql).queryExecution().executedPlan())
        .hasMessageContaining("embeds a text of both sides of a join that is LEFT OUTER; only an inner join can have one");
  }

  @Test
  void unknownNameInTheConfiguration() {
    SESSION.conf().set("spark.lanewise.embed.poling", "mean");
    try {
      assertThatThrownBy(() -> SESSION.sql("SELECT embed('a', '" + TestTexts.MODEL + "')"))
          .hasMessageContaining("there is no option spark.lanewise.embed.poling, must be one of spark.lanewise.embed.[dimensions");
    } finally {
      SESSION.conf().unset("spark.lanewise.embed.poling");
    }
  }
}
