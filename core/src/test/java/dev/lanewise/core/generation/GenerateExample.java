package dev.lanewise.core.generation;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.position.InputPositions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The examples of README, section Generate, and in the Javadoc of {@link Generator}, in this order. */
final class GenerateExample {
  private GenerateExample() {}

  static List<Generator.Result> generate(LanguageModel model, int[] first, int[] second) {
    // begin
    Generator generator = Generator.of(model).withSampling(Sampling.random(7).withTemperature(0.8).withTopP(0.95)).withStopIds(2);
    List<Generator.Result> results = generator.generate(List.of(first, second)); // prompts of any length
    // end
    return results;
  }

  static List<Generator.Result> translate(
      TransformerStack decoder,
      Embedding embedding,
      Linear vocabulary,
      InputPositions positions,
      SequenceBatch memory,
      int startToken,
      int stopToken,
      Generator.Listener listener) {
    List<Generator.Result> results = new ArrayList<>();
    // begin
    LanguageModel writer = LanguageModel.of(embedding, decoder, vocabulary).withPositions(positions);
    List<int[]> starts = Collections.nCopies(memory.batch(), new int[] {startToken});
    try (StackState state = decoder.start(memory, 200)) {
      Generator generator = Generator.of(writer).withStopIds(stopToken).withMaxTokens(200);
      results.addAll(generator.generate(starts, state, listener));
    }
    // end
    return results;
  }

  static int[] shown(LanguageModel model, int[] firstPrompt, int[] secondPrompt) {
    // begin
    Generator generator = Generator.of(model).withSampling(Sampling.random(7).withTopP(0.9)).withMaxTokens(200).withStopIds(2);
    List<Generator.Result> results = generator.generate(List.of(firstPrompt, secondPrompt)); // of any length each
    int[] answer = results.get(0).tokens(); // without the prompt and without the stop token

    try (Generator.Run run = generator.start(List.of(firstPrompt))) { // each token as soon as it is known
      run.forEachRemaining(token -> System.out.println(token.sequence() + ": " + token.id()));
    }
    // end
    return answer;
  }
}
