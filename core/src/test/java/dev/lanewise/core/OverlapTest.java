package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.pooling.AttentionPooling;
import dev.lanewise.core.pooling.Neighbours;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.pooling.RecurrentAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every result of every call in the array of every input and of every other result: the call is refused before anything is written, or the
 * result is right.
 */
@Tag("twice")
class OverlapTest {
  /** A call on arrays of one element each; {@code inPlace} lists pairs, as {@code result=input}, that may be the same view. */
  private record Door(String name, List<String> inputs, List<String> results, List<String> inPlace, Consumer<Map<String, float[]>> call) {
    Map<String, float[]> arrays() {
      Map<String, float[]> arrays = new HashMap<>();
      inputs.forEach(input -> arrays.put(input, new float[] {0.5f + arrays.size()}));
      results.forEach(result -> arrays.put(result, new float[] {-7}));
      return arrays;
    }
  }

  private static Heads view(float[] data) {
    return Heads.of(data, 1, 1, 1, 1);
  }

  private static SequenceBatch rows(float[] data) {
    return SequenceBatch.of(data, 1, 1, 1);
  }

  private static Matrix matrix(float[] data) {
    return Matrix.of(data, 1, 1);
  }

  private static Door door(String name, String inputs, String results, Consumer<Map<String, float[]>> call, String... inPlace) {
    return new Door(name, List.of(inputs.split(" ")), List.of(results.split(" ")), List.of(inPlace), call);
  }

  private static Results all(Map<String, float[]> a) {
    return Results.of()
        .withOutput(view(a.get("output")))
        .withLogSumExp(a.get("logSumExp"))
        .withWeights(view(a.get("weights")))
        .withScores(Stage.RAW, view(a.get("scores")))
        .withScores(Stage.CHANGED, view(a.get("scores at CHANGED")))
        .withColumnSums(a.get("columnSums"));
  }

  private static Attention biased(Map<String, float[]> a) {
    return Attention.standard().withBias(Bias.of(a.get("bias"), a.get("bias").length));
  }

  private static List<Door> attention() {
    return List.of(
        new Door(
            "compute",
            List.of("query", "key", "value", "bias"),
            List.of("output", "logSumExp", "weights", "scores", "scores at CHANGED", "columnSums"),
            List.of(),
            a -> biased(a).compute(view(a.get("query")), view(a.get("key")), view(a.get("value")), all(a))),
        new Door(
            "compute, cached",
            List.of("query", "bias"),
            List.of("output", "logSumExp", "weights", "scores", "scores at CHANGED", "columnSums"),
            List.of(),
            a -> {
              try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(4).build()) {
                cache.append(view(new float[] {1}), view(new float[] {1}));
                biased(a).compute(view(a.get("query")), List.of(cache), all(a));
              }
            }),
        door(
            "weights",
            "query key bias",
            "weights",
            a -> biased(a).compute(view(a.get("query")), view(a.get("key")), Results.of().withWeights(view(a.get("weights"))))),
        door(
            "weights of rows",
            "query key bias",
            "weights",
            a ->
                biased(a)
                    .compute(view(a.get("query")), view(a.get("key")), Results.of().withWeights(new int[] {0}, view(a.get("weights"))))),
        door(
            "merge",
            "other otherLogSumExp",
            "output logSumExp",
            a -> Merge.into(view(a.get("output")), a.get("logSumExp"), view(a.get("other")), a.get("otherLogSumExp"))),
        door("entropy", "weights", "entropy", a -> AttentionWeights.entropy(view(a.get("weights")), a.get("entropy"))),
        door(
            "rollout",
            "layers[0] layers[1]",
            "rollout",
            a -> AttentionWeights.rollout(List.of(view(a.get("layers[0]")), view(a.get("layers[1]"))), rows(a.get("rollout")))));
  }

  private static Linear linear() {
    return Linear.of(new float[] {2}, new float[] {3}, 1, 1);
  }

  private static MultiHeadAttention layer(Map<String, float[]> a) {
    float[] one = {1};
    return MultiHeadAttention.builder(1, 1)
        .query(one, one)
        .key(one, one)
        .value(one, one)
        .output(one, one)
        .build()
        .withAttention(inner -> inner.withBias(Bias.of(a.get("bias"), a.get("bias").length)));
  }

  private static TransformerLayer encoderLayer(Map<String, float[]> a, Norm.Placement placement) {
    Norm norm = Norm.layer(new float[] {1}, new float[] {0.5f}, 1);
    return TransformerLayer.encoder(layer(a), norm, FeedForward.of(linear(), linear(), Activation.RELU), norm, placement);
  }

  private static List<Door> layers() {
    List<Door> doors = new ArrayList<>();
    doors.add(door("linear", "input", "output", a -> linear().forward(rows(a.get("input")), rows(a.get("output")))));
    doors.add(
        door(
            "norm",
            "x",
            "output",
            a -> Norm.layer(new float[] {1}, new float[] {2}, 1).forward(rows(a.get("x")), rows(a.get("output"))),
            "output=x"));
    doors.add(
        door(
            "feed-forward",
            "x",
            "output",
            a -> FeedForward.of(linear(), linear(), Activation.RELU).forward(rows(a.get("x")), rows(a.get("output")))));
    doors.add(door("mean", "x", "output", a -> Pooling.mean().forward(rows(a.get("x")), rows(a.get("output")))));
    doors.add(door("first token", "x", "output", a -> Pooling.firstToken().forward(rows(a.get("x")), rows(a.get("output")))));
    doors.add(
        door(
            "attention pooling",
            "key value",
            "output",
            a -> AttentionPooling.of(new float[] {1}, 1, 1).forward(rows(a.get("key")), rows(a.get("value")), rows(a.get("output")))));
    doors.add(
        door(
            "pooling weights",
            "key",
            "weights",
            a ->
                AttentionPooling.of(new float[] {1}, 1, 1)
                    .forward(rows(a.get("key")), rows(a.get("key")), Results.of().withWeights(view(a.get("weights"))))));
    doors.add(door("neighbours' mean", "x", "output", a -> Neighbours.mean(1, 1).forward(rows(a.get("x")), rows(a.get("output")))));
    doors.add(
        door("neighbours, dense", "x", "output", a -> Neighbours.dense(linear(), 0, 0).forward(rows(a.get("x")), rows(a.get("output")))));
    doors.add(
        door(
            "recurrent",
            "state",
            "context",
            a ->
                RecurrentAttention.of(RecurrentAttention.Scores.dot(), rows(new float[] {1}))
                    .forward(rows(a.get("state")), rows(a.get("context")))));
    doors.add(
        door(
            "recurrent weights",
            "query",
            "weights",
            a ->
                RecurrentAttention.of(RecurrentAttention.Scores.dot(), rows(new float[] {1}))
                    .forward(rows(a.get("query")), Results.of().withWeights(view(a.get("weights"))))));
    doors.add(
        door(
            "layer",
            "query key value bias",
            "output",
            a -> layer(a).forward(rows(a.get("query")), rows(a.get("key")), rows(a.get("value")), rows(a.get("output")))));
    doors.add(
        door(
            "layer's weights",
            "query key value bias",
            "output results",
            a ->
                layer(a)
                    .forward(
                        rows(a.get("query")),
                        rows(a.get("key")),
                        rows(a.get("value")),
                        rows(a.get("output")),
                        Results.of().withWeights(view(a.get("results"))))));
    for (Norm.Placement placement : Norm.Placement.values()) {
      doors.add(
          door(
              placement + " encoder layer",
              "x bias",
              "output",
              a -> encoderLayer(a, placement).forward(rows(a.get("x")), rows(a.get("output"))),
              "output=x"));
      doors.add(
          door(
              placement + " encoder layer's weights",
              "x bias",
              "output results[0]",
              a ->
                  encoderLayer(a, placement)
                      .forward(rows(a.get("x")), rows(a.get("output")), Views.weights(List.of(view(a.get("results[0]"))))),
              "output=x"));
      doors.add(
          door(
              placement + " encoder",
              "x bias",
              "output results[0] results[1]",
              a -> {
                TransformerLayer one = encoderLayer(a, placement);
                TransformerStack.of(List.of(one, one), null)
                    .forward(
                        rows(a.get("x")),
                        rows(a.get("output")),
                        Views.weights(List.of(view(a.get("results[0]")), view(a.get("results[1]")))));
              },
              "output=x"));
    }
    return doors;
  }

  private static List<Door> kernels() {
    Kernels kernels = Kernels.selected();
    return List.of(
        door("exp", "x", "result", a -> kernels.exp(matrix(a.get("x")), matrix(a.get("result"))), "result=x"),
        door("activate", "x", "result", a -> kernels.activate(Activation.SILU, matrix(a.get("x")), matrix(a.get("result"))), "result=x"),
        door(
            "gate",
            "gate up",
            "result",
            a -> kernels.gate(Activation.SILU, matrix(a.get("gate")), matrix(a.get("up")), matrix(a.get("result"))),
            "result=gate",
            "result=up"),
        door(
            "layer norm",
            "x weight bias",
            "result",
            a -> kernels.layerNorm(matrix(a.get("x")), a.get("weight"), a.get("bias"), 1, matrix(a.get("result"))),
            "result=x"),
        door(
            "sum and RMS norm",
            "x residual weight",
            "sum result",
            a ->
                kernels.addRmsNorm(
                    matrix(a.get("x")), matrix(a.get("residual")), matrix(a.get("sum")), a.get("weight"), 1, matrix(a.get("result"))),
            "sum=x",
            "sum=residual",
            "result=x",
            "result=residual",
            "result=sum",
            "sum=result"),
        door(
            "scores", "query key", "scores", a -> kernels.scores(matrix(a.get("query")), matrix(a.get("key")), 1, matrix(a.get("scores")))),
        door(
            "additive scores",
            "query key vector",
            "scores",
            a -> kernels.additiveScores(matrix(a.get("query")), matrix(a.get("key")), a.get("vector"), matrix(a.get("scores")))),
        door("softmax", "scores", "weights", a -> kernels.softmax(matrix(a.get("scores")), matrix(a.get("weights"))), "weights=scores"),
        door(
            "output",
            "weights value",
            "output",
            a -> kernels.output(matrix(a.get("weights")), matrix(a.get("value")), matrix(a.get("output")))),
        door(
            "product",
            "input bias",
            "result",
            a -> kernels.product(matrix(a.get("input")), kernels.pack(matrix(new float[] {2})), a.get("bias"), matrix(a.get("result")))));
  }

  @Test
  void attentionRefusesOverlap() {
    attention().forEach(OverlapTest::check);
  }

  @Test
  void layersRefuseOverlap() {
    layers().forEach(OverlapTest::check);
  }

  @Test
  void kernelsRefuseOverlap() {
    kernels().forEach(OverlapTest::check);
  }

  private static void check(Door door) {
    Map<String, float[]> apart = door.arrays();
    door.call.accept(apart); // right without an overlap
    for (String result : door.results) {
      List<String> others = new ArrayList<>(door.inputs);
      others.addAll(door.results);
      others.remove(result);
      for (String other : others) {
        Map<String, float[]> arrays = door.arrays();
        arrays.put(result, arrays.get(other));
        String what = door.name + ": " + result + " in the array of " + other;
        if (door.inPlace.contains(result + "=" + other)) {
          door.call.accept(arrays);
          assertThat(arrays.get(result)).as(what).isEqualTo(apart.get(door.results.contains(other) ? "result" : result));
          continue;
        }
        Map<String, float[]> before = new HashMap<>();
        arrays.forEach((name, array) -> before.put(name, array.clone()));
        assertThatThrownBy(() -> door.call.accept(arrays))
            .as(what)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("overlap")
            .satisfies(e -> assertThat(Arrays.asList(result, other)).anyMatch(name -> String.valueOf(e.getMessage()).contains(name)));
        arrays.forEach((name, array) -> assertThat(array).as(what + ": " + name).isEqualTo(before.get(name)));
      }
    }
  }
}
