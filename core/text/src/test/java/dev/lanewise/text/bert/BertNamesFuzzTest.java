package dev.lanewise.text.bert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.testing.NamedShapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tensors that are missing, renamed, have another shape or are extra are refused with a message, whatever their names are. */
@Timeout(1200) // prevents endless tests
class BertNamesFuzzTest {
  private static final long SEED = 20261129;
  private static final int WIDTH = NamedShapes.WIDTH;

  /** Names of an encoder of the BERT family, with the right shapes. */
  private static Map<String, long[]> bert() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (String table : List.of("word", "position", "token_type")) {
      shapes.put("embeddings." + table + "_embeddings.weight", new long[] {5, WIDTH});
    }
    String layer = "encoder.layer.0.";
    for (String square : List.of("self.query", "self.key", "self.value", "output.dense")) {
      shapes.put(layer + "attention." + square + ".weight", new long[] {WIDTH, WIDTH});
      shapes.put(layer + "attention." + square + ".bias", new long[] {WIDTH});
    }
    shapes.put(layer + "intermediate.dense.weight", new long[] {2 * WIDTH, WIDTH});
    shapes.put(layer + "intermediate.dense.bias", new long[] {2 * WIDTH});
    shapes.put(layer + "output.dense.weight", new long[] {WIDTH, 2 * WIDTH});
    shapes.put(layer + "output.dense.bias", new long[] {WIDTH});
    for (String norm : List.of("embeddings.", layer + "attention.output.", layer + "output.")) {
      shapes.put(norm + "LayerNorm.weight", new long[] {WIDTH});
      shapes.put(norm + "LayerNorm.bias", new long[] {WIDTH});
    }
    return shapes;
  }

  private static NamedTensors tensors(Map<String, long[]> shapes) {
    NamedTensors.Builder builder = NamedTensors.builder();
    shapes.forEach((name, shape) -> builder.add(name, NamedShapes.elements(shape), shape));
    return builder.build();
  }

  @Test
  void changedTensorsAreLoadedOrRefused() {
    NamedShapes.fuzz(bert(), SEED, BertNamesFuzzTest::tensors, tensors -> BertWeights.of(tensors, 2).encoder());
  }

  @Test
  void manyEmbeddings() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (int i = 0; i < 20_000; i++) {
      shapes.put(i + ".embeddings.word_embeddings.weight", new long[] {0});
    }
    NamedTensors many = tensors(shapes);
    assertThatThrownBy(() -> BertWeights.of(many, 2).encoder())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("20000 tensors")
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(NamedShapes.LONGEST_MESSAGE));
  }
}
