package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.runtime.Checks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;

/**
 * Changes parameters by their gradients: {@link Sgd} or {@link AdamW}. Frozen parameters are skipped. Mutable, and for one thread at a
 * time.
 *
 * <pre>{@code
 * Optimiser optimiser = AdamW.of(model.parameters());
 * GradientClip clip = GradientClip.globalNorm(1);
 * for (long step = 0; step < steps; step++) {
 *   optimiser.clearGradients();
 *   model.forward(x, y, trace.train(seed, step));
 *   loss.compute(y, targets, y);
 *   model.backward(trace, y, null); // adds to the gradients
 *   double norm = clip.norm(optimiser.parameters());
 *   optimiser.step(schedule.rate(step), clip.factor(norm));
 * }
 * }</pre>
 */
public abstract sealed class Optimiser permits Sgd, AdamW {
  /** Elements of a task: the parameters, gradients and state of a block fit into an L2 cache. */
  static final int BLOCK = 1 << 15;

  /** Multiply-adds that take as long as a step for one element, which waits for memory. */
  private static final long WORK = 16;

  static final float[][] NONE = {};

  private final List<Parameter> parameters;
  private final boolean[] decays;
  private final List<String> stateNames;
  private final int threads;

  /** The state of each parameter; {@link #NONE} if it has never been trained. */
  private final float[][][] state;

  private long steps;

  Optimiser(Settings settings, List<String> stateNames) {
    this.parameters = settings.parameters;
    this.stateNames = stateNames;
    this.threads = settings.threads;
    this.decays = new boolean[parameters.size()];
    this.state = new float[parameters.size()][][];
    Arrays.fill(state, NONE);
    for (int i = 0; i < decays.length; i++) {
      decays[i] = settings.decays.test(parameters.get(i));
    }
    createState();
  }

  /** What is common to the builders of optimisers. */
  static final class Settings {
    private final List<Parameter> parameters;
    private Predicate<Parameter> decays = parameter -> parameter.shape().length >= 2;
    private int threads = 1;

    Settings(List<Parameter> parameters) {
      Objects.requireNonNull(parameters, "parameters");
      this.parameters = List.copyOf(parameters);
      for (int i = 0; i < parameters.size(); i++) {
        for (int j = 0; j < i; j++) {
          checkDifferent(parameters.get(j), j, parameters.get(i), i);
        }
      }
    }

    private static void checkDifferent(Parameter first, int at, Parameter second, int other) {
      boolean same = first.isSameAs(second);
      if (same || first.name().equals(second.name())) {
        throw new IllegalArgumentException(
            "parameters["
                + at
                + "], "
                + first.name()
                + ", and parameters["
                + other
                + "], "
                + second.name()
                + (same ? ", are the same parameter" : ", have the same name"));
      }
    }

    void decays(Predicate<Parameter> predicate) {
      decays = Objects.requireNonNull(predicate, "decays");
    }

    void threads(int count) {
      Checks.atLeast("threads", count, 1);
      threads = count;
    }

    /** Checks a setting that is at least 0 and below a limit. */
    static double in(String name, double value, double limit) {
      if (!(value >= 0 && value < limit)) {
        String limitText = limit == Double.POSITIVE_INFINITY ? " and finite" : " and below " + limit;
        throw new IllegalArgumentException(name + " is " + value + ", must be at least 0" + limitText);
      }
      return value;
    }
  }

  /** Changes the elements {@code from} to {@code to} of one parameter. */
  @FunctionalInterface
  interface Update {
    void run(float[] values, float[] gradient, float[][] state, boolean decays, int from, int to);
  }

  /**
   * The update of the next step.
   *
   * @param step its number, from 1
   */
  abstract Update update(long step, double learningRate, double gradientFactor);

  /** The parameters, frozen ones included, in the order in which they were given. */
  public final List<Parameter> parameters() {
    return parameters;
  }

  /** The number of steps so far. */
  public final long steps() {
    return steps;
  }

  /** Sets all gradients to 0. */
  public final void clearGradients() {
    parameters.forEach(Parameter::clearGradient);
  }

  /** Changes the parameters by their gradients as they are. */
  public final void step(double learningRate) {
    step(learningRate, 1);
  }

  /**
   * Changes the parameters. An interrupt does not stop a step: it changes all parameters, and the interrupt status stays set.
   *
   * @param learningRate at least 0 and finite
   * @param gradientFactor each gradient is multiplied by it, for clipping and for the mean over several batches; finite
   */
  public final void step(double learningRate, double gradientFactor) {
    Settings.in("learningRate", learningRate, Double.POSITIVE_INFINITY);
    if (!Double.isFinite(gradientFactor)) {
      throw new IllegalArgumentException("gradientFactor is " + gradientFactor + ", must be finite");
    }
    createState();
    List<Block> blocks = Block.of(parameters);
    Update update = update(steps + 1, learningRate, gradientFactor);
    boolean[] done = new boolean[blocks.size()];
    Workers.Task task =
        index -> {
          Block block = blocks.get(index);
          Parameter parameter = parameters.get(block.parameter());
          float[][] own = state[block.parameter()];
          update.run(parameter.values(), parameter.gradient(), own, decays[block.parameter()], block.from(), block.to());
          done[index] = true;
        };
    try {
      Workers.run(threads, WORK * BLOCK * blocks.size(), blocks.size(), task);
    } catch (CancellationException e) {
      // An interrupted step would leave some parameters changed and others not. Its rest takes less time than a backward pass.
    } finally {
      for (int index = 0; index < done.length; index++) {
        if (!done[index]) {
          task.run(index);
        }
      }
      steps++;
    }
  }

  private void createState() {
    for (int i = 0; i < state.length; i++) {
      Parameter parameter = parameters.get(i);
      if (state[i].length < stateNames.size() && !parameter.isFrozen()) {
        state[i] = new float[stateNames.size()][parameter.size()];
      }
    }
  }

  /**
   * The arrays in which the optimiser remembers earlier steps. Their names are PyTorch's, a dot and the name of the parameter. The arrays
   * are the optimiser's own, not copies. A frozen parameter has none, unless it was trained before.
   */
  public final Map<String, float[]> state() {
    Map<String, float[]> named = new LinkedHashMap<>();
    for (int i = 0; i < state.length; i++) {
      float[][] own = state[i];
      for (int which = 0; which < own.length; which++) {
        named.put(stateNames.get(which) + "." + parameters.get(i).name(), own[which]);
      }
    }
    return Collections.unmodifiableMap(named);
  }

  /** The names of a parameter's state. */
  final List<String> stateNames(Parameter parameter) {
    List<String> names = new ArrayList<>();
    stateNames.forEach(name -> names.add(name + "." + parameter.name()));
    return names;
  }

  /** Continues after a number of steps, with the state of each parameter or {@link #NONE}, in the order of {@link #parameters}. */
  final void restore(long newSteps, List<float[][]> newState) {
    steps = newSteps;
    for (int i = 0; i < state.length; i++) {
      state[i] = newState.get(i);
    }
    createState();
  }
}
