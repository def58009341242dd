package dev.lanewise.spark.embed;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StringType;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/** The SQL function {@code embed}. */
public final class EmbedFunction {
  private static final String USAGE =
      """
      _FUNC_(text) - Returns the embedding of a text, an array<float>, by the model spark.lanewise.embed.model.
          _FUNC_(text, model) - The same by another model.
          _FUNC_(text, options) - The same with options that replace those of spark.lanewise.embed, such as map('prefix', 'query: ').\
      """;

  private EmbedFunction() {}

  /** What a session registers. */
  public static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>> description() {
    return new Tuple3<>(
        new FunctionIdentifier("embed"),
        new ExpressionInfo(Embed.class.getName(), null, "embed", USAGE, "", "", "", "", "", "", ""),
        arguments -> call(Scala.list(arguments)));
  }

  private static Expression call(List<Expression> arguments) {
    if (arguments.isEmpty() || arguments.size() > 2) {
      throw new IllegalArgumentException("embed has " + arguments.size() + " arguments, must be embed(text) or embed(text, options)");
    }
    Map<String, String> own = arguments.size() == 1 ? Map.of() : options(arguments.get(1));
    SparkSession session = SparkSession.active();
    // SQLConf.get() has nothing of ours while Spark reads the text of a view.
    EmbedSettings settings = Embedding.checked(EmbedOptions.of(session.sessionState().conf(), own).settings());
    Embedding.equip(session);
    return new Embed(arguments.getFirst(), settings);
  }

  private static Map<String, String> options(Expression argument) {
    if (!argument.foldable()) {
      throw wrong(argument);
    }
    Object value = argument.eval(null);
    if (value != null && argument.dataType() instanceof StringType) {
      return Map.of(EmbedOptions.MODEL, value.toString());
    }
    if (value instanceof MapData map
        && argument.dataType() instanceof MapType type
        && type.keyType() instanceof StringType
        && type.valueType() instanceof StringType) {
      Map<String, String> options = new TreeMap<>();
      for (int i = 0; i < map.numElements(); i++) {
        Object option = map.valueArray().get(i, DataTypes.StringType);
        if (option == null) {
          throw wrong(argument);
        }
        options.put(map.keyArray().get(i, DataTypes.StringType).toString(), option.toString());
      }
      return options;
    }
    throw wrong(argument);
  }

  private static IllegalArgumentException wrong(Expression argument) {
    return new IllegalArgumentException(
        "the second argument of embed is "
            + argument.sql()
            + ", must be a constant: the place of a model, or a map of options such as map('prefix', 'query: ')");
  }
}
