package dev.lanewise.text.causal;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.kernels.data.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The examples in the Javadoc of {@link CausalModel} and in the README; {@link CausalModelTest} compares and runs them. */
final class CausalExample {
  private CausalExample() {}

  static float[] load(Path folder) throws IOException {
    // begin
    CausalModel llama = CausalModel.load(folder); // config.json, and model.safetensors or shards with their index
    LanguageModel model = llama.model().withThreads(2);
    SequenceBatch logits = SequenceBatch.zeros(1, 1, llama.vocabulary());
    try (StackState state = model.stack().start(1, 512)) {
      model.forward(new int[] {1, 15, 7}, state, logits); // logits of the token after the last one
    }
    // end
    return logits.data();
  }

  static CausalModel quantise(Path folder, Path smaller) throws IOException {
    // begin
    CausalModel.quantise(folder, smaller, WeightFormat.INT8_BLOCK);
    CausalModel llama = CausalModel.load(smaller);
    // end
    return llama;
  }

  static List<Integer> generate(Path folder, int... promptIds) throws IOException {
    List<Integer> printed = new ArrayList<>();
    // begin
    CausalModel llama = CausalModel.builder(folder).format(WeightFormat.INT8_BLOCK).threads(2).build();
    Generator generator = Generator.of(llama.model()).withStopIds(llama.stopIds()).withSampling(Sampling.random(7).withTemperature(0.8));
    generator.generate(List.of(promptIds), (sequence, token) -> printed.add(token)); // each token as soon as it is known
    // end
    return printed;
  }
}
