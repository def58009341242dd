package dev.lanewise.bench.verify.fuzz;

import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * An option of a call: its name, its values (the first is the simplest), how a value changes a call, and its rule, which excludes or adapts
 * other options. A {@link Plan} has a value for each of the {@link Options}.
 */
final class Option<T> {
  private final String name;
  private final List<T> values;
  private final BiConsumer<T, Call> change;
  private final Consumer<Plan> rule;

  private Option(String name, List<T> values, BiConsumer<T, Call> change, Consumer<Plan> rule) {
    this.name = name;
    this.values = values;
    this.change = change;
    this.rule = rule;
  }

  /** An option without a rule that only other code reads. */
  @SafeVarargs
  @SuppressWarnings("varargs") // the list is a copy
  static <T> Option<T> of(String name, T... values) {
    return new Option<>(name, List.of(values), (value, call) -> {}, plan -> {});
  }

  /** An option that changes a call. */
  @SafeVarargs
  @SuppressWarnings("varargs") // the list is a copy
  static <T> Option<T> changing(String name, BiConsumer<T, Call> change, T... values) {
    return new Option<>(name, List.of(values), change, plan -> {});
  }

  /** The same option with a rule. */
  Option<T> rule(Consumer<Plan> newRule) {
    return new Option<>(name, values, change, newRule);
  }

  T simplest() {
    return values.getFirst();
  }

  /** The values of an option that has a few; of a size or a layout, only the simplest. */
  List<T> values() {
    return values;
  }

  /** Sets the plan's value in a call, if this is an option of attention. */
  void apply(Call call) {
    change.accept(call.plan.get(this), call);
  }

  /** Adapts the other options of a plan to this one, or this one to the others. */
  void fit(Plan plan) {
    rule.accept(plan);
  }

  /** Simpler values than the given one, the simplest first. */
  Stream<?> simpler(Object value) {
    if (value instanceof Integer size && simplest() instanceof Integer least) {
      return Stream.of(least, least + 1, size / 4, size / 2, size - size / 4, size - 1).filter(n -> n >= least && n < size);
    }
    return value instanceof Layout layout ? layout.simpler().stream() : Stream.of(simplest());
  }

  /** The name with a value, as a description shows them. */
  String text(Object value) {
    return value.equals(true)
        ? name
        : name + " " + (value instanceof Enum<?> ? value.toString().toLowerCase(Locale.ROOT).replace('_', ' ') : value);
  }
}
