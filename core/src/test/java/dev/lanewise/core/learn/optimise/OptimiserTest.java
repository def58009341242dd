package dev.lanewise.core.learn.optimise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Optimisers compared with plain double code over some steps, and with PyTorch. */
@Tag("twice")
class OptimiserTest {
  private static final int STEPS = 12;

  /** Two matrices, the larger of several blocks, and a vector; the second matrix is frozen. */
  private static List<Parameter> parameters(long seed) {
    Random random = new Random(seed);
    List<Parameter> parameters =
        List.of(
            Parameter.of("a.weight", gaussians(random, 3 * 12_000), 3, 12_000),
            Parameter.of("b.weight", gaussians(random, 12), 4, 3),
            Parameter.of("a.bias", gaussians(random, 31), 31));
    parameters.get(1).setFrozen(true);
    return parameters;
  }

  private static float[] gaussians(Random random, int length) {
    float[] x = new float[length];
    for (int i = 0; i < length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static void setGradients(List<Parameter> parameters, long seed) {
    Random random = new Random(seed);
    for (Parameter parameter : parameters) {
      float scale = (float) Math.exp(random.nextDouble(-6, 2));
      for (int i = 0; i < parameter.size(); i++) {
        float g = (float) random.nextGaussian() * scale;
        if (!parameter.isFrozen()) {
          parameter.gradient()[i] = i % 17 == 3 ? 0 : g;
        }
      }
    }
  }

  private static double rate(int step) {
    return 0.01 * (1 + step % 3);
  }

  @ParameterizedTest
  @CsvSource({"0.9,0.999,1e-8,0.01", "0.9,0.98,1e-6,0.3", "0,0.5,0.1,0"})
  void adamW(double beta1, double beta2, double epsilon, double decay) {
    List<Parameter> parameters = parameters(1);
    float[] frozen = parameters.get(1).values().clone();
    List<PlainOptimiser> exact = plain(false, parameters);
    List<PlainOptimiser> plain = plain(true, parameters);
    AdamW optimiser = AdamW.builder(parameters).betas(beta1, beta2).epsilon(epsilon).decay(decay).build();
    for (int step = 0; step < STEPS; step++) {
      setGradients(parameters, step);
      for (List<PlainOptimiser> optimisers : List.of(exact, plain)) {
        for (int i = 0; i < 3; i += 2) {
          double own = i == 0 ? decay : 0; // a bias does not decay
          optimisers.get(i).adamW(parameters.get(i).gradient(), rate(step), 0.5, beta1, beta2, epsilon, own);
        }
      }
      optimiser.step(rate(step), 0.5);
    }
    assertThat(optimiser.steps()).isEqualTo(STEPS);
    assertThat(optimiser.state().keySet())
        .containsExactly("exp_avg.a.weight", "exp_avg_sq.a.weight", "exp_avg.a.bias", "exp_avg_sq.a.bias");
    for (int i = 0; i < 3; i += 2) {
      Parameter parameter = parameters.get(i);
      Budget.assertWithin(parameter.name(), parameter.values(), plain.get(i).values, exact.get(i).values);
      float[] first = optimiser.state().get("exp_avg." + parameter.name());
      float[] second = optimiser.state().get("exp_avg_sq." + parameter.name());
      Budget.assertWithin("means of " + parameter.name(), first, plain.get(i).first, exact.get(i).first);
      Budget.assertWithin("squares of " + parameter.name(), second, plain.get(i).second, exact.get(i).second);
    }
    Views.assertSameBits(parameters.get(1).values(), frozen, "a frozen parameter");
  }

  @ParameterizedTest
  @CsvSource({"0,false,0", "0,false,0.1", "0.9,false,0", "0.9,false,0.05", "0.8,true,0.05"})
  void sgd(double momentum, boolean nesterov, double decay) {
    List<Parameter> parameters = parameters(2);
    float[] frozen = parameters.get(1).values().clone();
    List<PlainOptimiser> exact = plain(false, parameters);
    List<PlainOptimiser> plain = plain(true, parameters);
    Sgd.Builder builder = Sgd.builder(parameters).momentum(momentum).decay(decay).decays(parameter -> parameter.name().endsWith("bias"));
    Sgd optimiser = (nesterov ? builder.nesterov() : builder).build();
    for (int step = 0; step < STEPS; step++) {
      setGradients(parameters, step);
      for (List<PlainOptimiser> optimisers : List.of(exact, plain)) {
        for (int i = 0; i < 3; i += 2) {
          optimisers.get(i).sgd(parameters.get(i).gradient(), rate(step), 1, momentum, nesterov, i == 0 ? 0 : decay);
        }
      }
      optimiser.step(rate(step));
    }
    for (int i = 0; i < 3; i += 2) {
      Parameter parameter = parameters.get(i);
      Budget.assertWithin(parameter.name(), parameter.values(), plain.get(i).values, exact.get(i).values);
      if (momentum > 0) {
        float[] buffer = optimiser.state().get("momentum_buffer." + parameter.name());
        Budget.assertWithin("momentum of " + parameter.name(), buffer, plain.get(i).first, exact.get(i).first);
      }
    }
    assertThat(optimiser.state()).hasSize(momentum > 0 ? 2 : 0);
    Views.assertSameBits(parameters.get(1).values(), frozen, "a frozen parameter");
  }

  private static List<PlainOptimiser> plain(boolean inFloat, List<Parameter> parameters) {
    return parameters.stream().map(parameter -> new PlainOptimiser(inFloat, parameter.values())).toList();
  }

  private static List<Optimiser> optimisers(List<List<Parameter>> parameters, int threads) {
    return List.of(
        AdamW.builder(parameters.get(0)).threads(threads).build(),
        Sgd.builder(parameters.get(1)).momentum(0.9).threads(threads).build(),
        Sgd.builder(parameters.get(2)).momentum(0.9).nesterov().decay(0.1).threads(threads).build(),
        Sgd.builder(parameters.get(3)).threads(threads).build());
  }

  /** All values after some steps, with an interrupt before one of them. */
  private static List<float[]> run(int threads, boolean interrupt) {
    List<List<Parameter>> parameters = List.of(parameters(3), parameters(3), parameters(3), parameters(3));
    for (Optimiser optimiser : optimisers(parameters, threads)) {
      for (int step = 0; step < 4; step++) {
        setGradients(optimiser.parameters(), step);
        if (interrupt && step == 2) {
          Thread.currentThread().interrupt();
        }
        optimiser.step(rate(step));
        assertThat(Thread.interrupted()).isEqualTo(interrupt && step == 2);
      }
      assertThat(optimiser.steps()).isEqualTo(4);
    }
    List<float[]> values = new ArrayList<>();
    parameters.forEach(all -> all.forEach(parameter -> values.add(parameter.values())));
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void theBitsDependOnNeitherThreadsNorInterrupts(int threads) {
    List<float[]> expected = run(1, false);
    for (boolean interrupt : new boolean[] {false, true}) {
      List<float[]> actual = run(threads, interrupt);
      for (int i = 0; i < expected.size(); i++) {
        Views.assertSameBits(actual.get(i), expected.get(i), "parameter " + i);
      }
    }
  }

  @Test
  void aParameterMayFreezeAndThawBetweenSteps() {
    List<Parameter> parameters = parameters(4);
    AdamW optimiser = AdamW.of(parameters);
    float[] before = parameters.get(1).values().clone();
    parameters.get(0).setFrozen(true);
    float[] other = parameters.get(0).values().clone();
    setGradients(parameters, 1);
    optimiser.step(0.1);
    parameters.get(1).setFrozen(false);
    setGradients(parameters, 2);
    optimiser.step(0.1);
    assertThat(parameters.get(1).values()).isNotEqualTo(before);
    Views.assertSameBits(parameters.get(0).values(), other, "a frozen parameter");
    assertThat(optimiser.state()).hasSize(6);
    optimiser.clearGradients();
    assertThat(parameters.get(1).gradient()).containsOnly(0);
  }

  /** Values of PyTorch 2.10 (libtorch) after five steps with the learning rate 0.01 and the gradients sin(1 + 3i + 0.7 step). */
  @Test
  void fiveStepsEndWhereThoseOfPyTorchEnd() {
    assertGolden(
        parameters -> AdamW.builder(parameters).decay(0.1).decays(all -> true).build(),
        new float[] {0.9527991f, -1.946136f, 0.45229575f, 3.0311694f, -0.2953537f});
    assertGolden(
        parameters -> Sgd.builder(parameters).momentum(0.9).decay(0.1).decays(all -> true).build(),
        new float[] {0.9056079f, -1.889184f, 0.40723592f, 3.0467606f, -0.3309905f});
    assertGolden(
        parameters -> Sgd.builder(parameters).momentum(0.9).nesterov().decay(0.1).decays(all -> true).build(),
        new float[] {0.8910307f, -1.8684933f, 0.38982013f, 3.0532928f, -0.34909084f});
  }

  private static void assertGolden(Function<List<Parameter>, Optimiser> kind, float[] expected) {
    Parameter parameter = Parameter.of("w", new float[] {1, -2, 0.5f, 3, -0.25f}, 5);
    Optimiser optimiser = kind.apply(List.of(parameter));
    for (int step = 0; step < 5; step++) {
      for (int i = 0; i < 5; i++) {
        parameter.gradient()[i] = (float) Math.sin(1 + 3 * i + 0.7 * step);
      }
      optimiser.step(0.01);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(parameter.values()[i]).isCloseTo(expected[i], within(1e-6f));
    }
  }

  @Test
  void theGlobalNormIsClipped() {
    List<Parameter> parameters = parameters(5);
    setGradients(parameters, 6);
    double sum = 0;
    for (int i = 0; i < 3; i += 2) {
      for (float g : parameters.get(i).gradient()) {
        sum += (double) g * g;
      }
    }
    GradientClip clip = GradientClip.globalNorm(0.5);
    double norm = clip.norm(parameters);
    assertThat(norm).isCloseTo(Math.sqrt(sum), within(1e-12 * norm));
    for (int threads = 2; threads < 5; threads++) {
      assertThat(clip.withThreads(threads).norm(parameters)).isEqualTo(norm);
    }
    assertThat(clip.factor(norm)).isEqualTo(0.5 / norm);
    assertThat(clip.factor(0.5)).isEqualTo(1);
    assertThat(clip.factor(0)).isEqualTo(1);
    assertThat(GradientClip.globalNorm(Double.POSITIVE_INFINITY).factor(1e30)).isEqualTo(1);
    float[] before = parameters.get(2).gradient().clone();
    assertThat(clip.apply(parameters)).isEqualTo(norm);
    assertThat(clip.norm(parameters)).isCloseTo(0.5, within(1e-6));
    assertThat(parameters.get(2).gradient()[1]).isEqualTo(before[1] * (float) (0.5 / norm));
    float[] clipped = parameters.get(2).gradient().clone();
    assertThat(GradientClip.globalNorm(0.6).apply(parameters)).isCloseTo(0.5, within(1e-6));
    Views.assertSameBits(parameters.get(2).gradient(), clipped, "a gradient below the limit");
  }

  @Test
  void aGradientThatIsNotFiniteCannotBeClipped() {
    List<Parameter> parameters = parameters(5);
    GradientClip clip = GradientClip.globalNorm(1);
    for (float wrong : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      parameters.get(2).gradient()[30] = wrong;
      assertThat(clip.norm(parameters)).isNotFinite();
      assertThatThrownBy(() -> clip.apply(parameters))
          .isInstanceOf(ArithmeticException.class)
          .hasMessageContaining("norm of the gradients");
    }
  }

  @Test
  void wrongArguments() {
    Parameter parameter = Parameter.of("w", new float[6], 2, 3);
    List<Parameter> one = List.of(parameter);
    List<Parameter> twice = List.of(parameter, Parameter.of("v", new float[1], 1), parameter.under("x."));
    List<Parameter> sameName = List.of(parameter, Parameter.of("w", new float[1], 1));
    GradientClip clip = GradientClip.globalNorm(1);
    List.of(
            Wrong.argument("a parameter twice", t -> AdamW.of(twice), "parameters[0]", "w", "parameters[2]", "x.w", "parameter"),
            Wrong.argument("a name twice", t -> Sgd.of(sameName), "parameters[0]", "parameters[1]", "w", "name"),
            Wrong.argument("beta1", t -> AdamW.builder(one).betas(1, 0.9), "beta1", "1.0"),
            Wrong.argument("beta2", t -> AdamW.builder(one).betas(0.9, -0.1), "beta2", "-0.1", "0", "below", "1.0"),
            Wrong.argument("epsilon", t -> AdamW.builder(one).epsilon(Double.NaN), "epsilon", "NaN", "finite"),
            Wrong.argument("decay", t -> AdamW.builder(one).decay(-1), "decay", "-1.0"),
            Wrong.argument("momentum", t -> Sgd.builder(one).momentum(1), "momentum", "1.0"),
            Wrong.incomplete("Nesterov", t -> Sgd.builder(one).nesterov().build(), "momentum", "0.0"),
            Wrong.argument("threads", t -> Sgd.builder(one).threads(0), "threads", "0", "1"),
            Wrong.argument("learningRate", t -> Sgd.of(one).step(Double.NaN), "learningRate", "NaN"),
            Wrong.argument("learningRate", t -> AdamW.of(one).step(-0.1), "learningRate", "-0.1"),
            Wrong.argument("gradientFactor", t -> AdamW.of(one).step(0.1, Double.NaN), "gradientFactor", "NaN"),
            Wrong.argument("limit", t -> GradientClip.globalNorm(0), "limit", "0.0"),
            Wrong.argument("threads", t -> clip.withThreads(0), "threads", "0"),
            Wrong.isNull("parameters", t -> AdamW.of(Wrong.nothing())),
            Wrong.isNull("parameters", t -> clip.norm(Wrong.nothing())))
        .forEach(Wrong::verify);
  }
}
