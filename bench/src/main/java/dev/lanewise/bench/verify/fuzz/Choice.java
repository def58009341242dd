package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model.Change;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * One choice of an option of attention: what it is called, and how it changes a call and the plain data beside it, which says what the call
 * must give.
 *
 * @param name for reading; empty if nothing is chosen
 * @param change sets it in a case
 */
record Choice(String name, Consumer<Case> change) {
  private static final Choice NONE = new Choice("", of -> {});

  static final List<Choice> SIMILARITIES =
      List.of(
          new Choice("dot", of -> of.compareBy(Similarity.dot(), new float[0])),
          new Choice("cosine", of -> of.compareBy(Similarity.cosine(), new float[0])),
          new Choice(
              "additive",
              of -> {
                float[] vector = new float[of.plan.get(Knob.HEAD_DIM)];
                for (int d = 0; d < vector.length; d++) {
                  vector[d] = of.numbers.normal(Operand.VECTOR, d);
                }
                of.compareBy(Similarity.additive(vector), vector);
              }));

  static final List<Choice> SCALES = numbers(Choice::scale, 0.3f, 0, -1, 3.7f, 1e-39f, -1e-42f);
  static final List<Choice> SOFTCAPS = numbers(Choice::softcap, 1.5f, 30, 0.001f, 20_000, 1e-39f, Float.MIN_VALUE, 3e38f);

  static final List<Choice> BIASES = Arrays.stream(Biases.Kind.values()).map(Choice::bias).toList();

  static final List<Choice> ALIBIS =
      List.of(
          NONE,
          new Choice("standard", of -> slope(of, Attention.standardSlopes(of.model.extent.heads()))),
          new Choice(
              "of both signs",
              of -> {
                float[] slopes = new float[of.model.extent.heads()];
                for (int head = 0; head < slopes.length; head++) {
                  slopes[head] = 0.3f * of.numbers.normal(Operand.OTHER, 80 + head);
                }
                slope(of, slopes);
              }));

  static final List<Choice> SCORE_FUNCTIONS =
      List.of(
          NONE,
          scores("halves and adds", 0.5, (x, b, head, i, j) -> 0.5 * x + 0.25 * ((b + 2 * head + 3 * i + 7 * j) % 5 - 2)),
          scores("hides", 1, (x, b, head, i, j) -> (b + head + i + j) % 3 == 0 ? Double.NEGATIVE_INFINITY : x),
          new Choice(
              "counts keys",
              of -> {
                of.model.scoreFunction = new Change(1, (x, b, head, i, j) -> x - of.seen().before(b, head, i, j) % 32 / 16.0);
                of.attention = of.attention.withScoreFunction(of.seen().function((x, n) -> x - n % 32 / 16f));
              }));

  static final List<Choice> WEIGHT_FUNCTIONS =
      List.of(
          NONE,
          weights("halves and adds", 0.5, (x, b, head, i, j) -> 0.5 * x + 0.0625 * ((b + 2 * head + 3 * i + 7 * j) % 5)),
          new Choice(
              "counts keys",
              of -> {
                of.model.weightFunction = new Change(0.5, (x, b, head, i, j) -> 0.5 * x + of.seen().before(b, head, i, j) % 8 / 16.0);
                of.attention = of.attention.withWeightFunction(of.seen().function((x, n) -> 0.5f * x + n % 8 / 16f));
              }));

  static final List<Choice> NORMALISERS =
      List.of(
          normaliser("softmax", of -> Normaliser.softmax()),
          normaliser("sinks", of -> Normaliser.softmaxWithSinks(sinks(of))),
          normaliser("relu", of -> Normaliser.relu()),
          normaliser("relu/keys", of -> Normaliser.relu().dividedByKeys()),
          normaliser("squared relu", of -> Normaliser.squaredRelu()),
          normaliser("sigmoid", of -> Normaliser.sigmoid()),
          normaliser("sigmoid/keys", of -> Normaliser.sigmoid().dividedByKeys()),
          normaliser("linear", of -> Normaliser.linear()),
          normaliser("linear/keys", of -> Normaliser.linear().dividedByKeys()),
          normaliser("squared relu/keys", of -> Normaliser.squaredRelu().dividedByKeys()));

  /** None, or one of these numbers. */
  private static List<Choice> numbers(Function<Float, Choice> of, float... numbers) {
    List<Choice> choices = new ArrayList<>(List.of(NONE));
    for (float number : numbers) {
      choices.add(of.apply(number));
    }
    return List.copyOf(choices);
  }

  private static Choice scale(float scale) {
    return new Choice(
        String.valueOf(scale),
        of -> {
          of.model.scale = scale;
          of.attention = of.attention.withScale(scale);
        });
  }

  private static Choice softcap(float softcap) {
    return new Choice(
        String.valueOf(softcap),
        of -> {
          of.model.softcap = softcap;
          of.attention = of.attention.withSoftcap(softcap);
        });
  }

  private static Choice bias(Biases.Kind kind) {
    return kind == Biases.Kind.NONE
        ? NONE
        : new Choice(kind.toString(), of -> of.add(Biases.of(kind, of.plan, of.model.extent, of.numbers)));
  }

  private static void slope(Case of, float[] slopes) {
    of.model.slopes = slopes;
    of.attention = of.attention.withAlibi(slopes);
  }

  private static Choice scores(String name, double slope, Change.Formula formula) {
    return new Choice(
        name,
        of -> {
          Change change = new Change(slope, formula);
          of.model.scoreFunction = change;
          of.attention = of.attention.withScoreFunction(function(change));
        });
  }

  private static Choice weights(String name, double slope, Change.Formula formula) {
    return new Choice(
        name,
        of -> {
          Change change = new Change(slope, formula);
          of.model.weightFunction = change;
          of.attention = of.attention.withWeightFunction(function(change));
        });
  }

  private static RowFunction function(Change change) {
    return (row, offset, length, b, head, i, first) -> {
      for (int n = 0; n < length; n++) {
        row[offset + n] = (float) change.of(row[offset + n], b, head, i, first + n);
      }
    };
  }

  private static Choice normaliser(String name, Function<Case, Normaliser> normaliser) {
    return new Choice(
        name,
        of -> {
          of.model.normaliser = normaliser.apply(of);
          of.attention = of.attention.withNormaliser(of.model.normaliser);
        });
  }

  private static float[] sinks(Case of) {
    float[] sinks = new float[of.model.extent.heads()];
    for (int head = 0; head < sinks.length; head++) {
      boolean none = of.numbers.below(5, Operand.SINKS, -head) == 0;
      sinks[head] = none ? Float.NEGATIVE_INFINITY : 2 * of.numbers.normal(Operand.SINKS, head);
    }
    return sinks;
  }

  /** The choice of a number. */
  static <E extends Enum<E>> E at(E[] choices, int number) {
    return List.of(choices).get(number);
  }

  /** The number of a choice. */
  static <E extends Enum<E>> int number(E choice) {
    return List.of(choice.getDeclaringClass().getEnumConstants()).indexOf(choice);
  }

  /** The names of choices, for reading. */
  static String[] names(List<Choice> choices) {
    return choices.stream().map(Choice::name).toArray(String[]::new);
  }

  /** The names of an enum's, for reading. */
  static String[] names(Enum<?>[] values) {
    return Stream.of(values).map(Enum::toString).toArray(String[]::new);
  }
}
