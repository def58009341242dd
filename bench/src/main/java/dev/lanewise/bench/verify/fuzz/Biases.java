package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.fuzz.Numbers.Operand;
import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.kernels.data.Bias;

/** What is added to the scores of a plan. */
final class Biases {
  /** What is added. */
  enum Kind {
    NONE(""),
    OF_KEYS("of keys"),
    OF_QUERIES_AND_KEYS("of queries and keys"),
    ON_FOUR_AXES("on four axes"),
    HIDING("hiding"),
    LARGE("±1e4"),
    LOWEST("some −3.4e38");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  private Biases() {}

  static Bias of(Kind kind, Plan plan, Model.Extent extent, Numbers numbers) {
    int keys = extent.mostKeys();
    int queries = extent.mostQueries();
    Bias shape =
        switch (kind) {
          case OF_KEYS -> new Bias(new float[keys], 0, 0, 0, 0, 1);
          case OF_QUERIES_AND_KEYS -> new Bias(new float[queries * keys], 0, 0, 0, keys, 1);
          case NONE, ON_FOUR_AXES, HIDING, LARGE, LOWEST -> {
            int keyStride = 1 + numbers.below(2, Operand.BIAS, -1);
            int queryStride = keyStride * keys + numbers.below(3, Operand.BIAS, -2);
            int headStride = queries * queryStride + 3;
            int batchStride = extent.heads() * headStride + 1;
            yield new Bias(new float[5 + extent.entries() * batchStride], 5, batchStride, headStride, queryStride, keyStride);
          }
        };
    for (int n = 0; n < shape.data().length; n++) {
      shape.data()[n] = element(kind, plan, numbers, n);
    }
    return shape;
  }

  private static float element(Kind kind, Plan plan, Numbers numbers, int n) {
    float x = numbers.normal(Operand.BIAS, n);
    boolean third = numbers.below(3, Operand.BIAS, ~(long) n << 20) == 0;
    if (plan.has(Knob.POISON) && plan.get(Knob.POISON_PLACE) == Case.ANYWHERE && numbers.below(200, Operand.OTHER, 9000L + n) == 0) {
      return numbers.poison(plan.get(Knob.POISON), n);
    }
    if (kind == Kind.HIDING && third) {
      return Float.NEGATIVE_INFINITY;
    }
    if (kind == Kind.LARGE) {
      return 1e4f * x;
    }
    return kind == Kind.LOWEST && third ? -Float.MAX_VALUE : x;
  }
}
