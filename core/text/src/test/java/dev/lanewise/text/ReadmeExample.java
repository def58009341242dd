package dev.lanewise.text;

import java.io.IOException;
import java.util.List;

/** The sentence embeddings of README.md; {@link ReadmeTest} compares and runs them. */
final class ReadmeExample {
  private ReadmeExample() {}

  static void run() throws IOException {
    // begin
    MiniLm model = MiniLm.load(); // thread-safe: one for the whole program
    float[] law = model.embed("The law will never be perfect."); // 384 numbers, a vector of length 1
    float[][] others = model.embed(List.of("Justice must be done.", "It rained all day."));
    System.out.println(MiniLm.similarity(law, others[0])); // 0.38
    System.out.println(MiniLm.similarity(law, others[1])); // 0.12
    // end
  }
}
