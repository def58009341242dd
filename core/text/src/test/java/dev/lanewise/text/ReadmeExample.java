package dev.lanewise.text;

import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The examples of README.md; {@link ReadmeTest} compares and runs them. */
final class ReadmeExample {
  private ReadmeExample() {}

  static void embed() throws IOException {
    // begin
    TextEncoder encoder = TextEncoder.load(ModelFiles.onClassPath("all-minilm-l6-v2")); // thread-safe: one for the whole program
    float[] law = encoder.embed("The law will never be perfect."); // 384 numbers, a vector of length 1
    float[][] others = encoder.embed(List.of("Justice must be done.", "It rained all day."));
    System.out.println(TextEncoder.similarity(law, others[0])); // 0.38
    System.out.println(TextEncoder.similarity(law, others[1])); // 0.12
    // end
  }

  static float[] rerank(Path folder, List<String> texts) throws IOException {
    // begin
    Reranker reranker = Reranker.load(folder); // config.json, tokenizer.json, model.safetensors of a cross-encoder
    float[] scores = reranker.score("Who may change the law?", texts); // one for each text, the larger the better
    // end
    return scores;
  }

  static String generate(Path folder) throws IOException {
    // begin
    TextGenerator generator = TextGenerator.load(folder).withMaxTokens(200).withStop("\n\n"); // a CausalModel and its tokenizer
    String text = generator.generate("The law will never be").text();
    generator.generate("The law will never be", System.out::print); // piece by piece, as soon as it is certain
    // end
    return text;
  }
}
