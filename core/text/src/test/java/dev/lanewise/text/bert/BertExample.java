package dev.lanewise.text.bert;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.data.PackedSequences;
import java.io.IOException;
import java.nio.file.Path;

/** The examples in the Javadoc of {@link BertWeights} and {@link BertEncoder}; {@link BertWeightsTest} compares and runs them. */
final class BertExample {
  private BertExample() {}

  static void load(Path path, SequenceBatch sentence) throws IOException {
    // begin
    try (Safetensors file = Safetensors.open(path)) {
      BertEncoder encoder = BertWeights.of(file, 12).encoder(); // 12 heads; embeddings.word_embeddings.weight, and so on
      encoder.forward(new int[] {101, 7592, 102}, PackedSequences.of(0, 3), Pooling.mean(), sentence);
    }
    // end
  }

  static void run(BertEncoder encoder, SequenceBatch hidden, SequenceBatch sentences) {
    // begin
    int[] ids = {101, 7592, 102, 101, 2088, 4066, 102}; // two texts
    PackedSequences texts = PackedSequences.of(0, 3, 7);
    encoder.forward(ids, texts, hidden); // 1 × 7 × embedDim, one row for each token
    encoder.forward(ids, texts, Pooling.mean(), sentences); // 2 × 1 × embedDim, one row for each text
    // end
  }
}
