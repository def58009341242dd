package dev.lanewise.text;

import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.onnx.OnnxWeights;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Examples of a few lines in the Javadoc of this module; {@link ShortExamplesTest} compares the two and runs these. */
final class ShortExamples {
  private ShortExamples() {}

  static int[] tokens() throws IOException {
    // begin
    Tokens tokens = MiniLmArtifact.tokenizer().encode("The law will never be perfect.");
    int[] ids = tokens.ids(); // rows of the vocabulary, those of [CLS] and [SEP] included
    // end
    return ids;
  }

  static int width(Path path) throws IOException {
    // begin
    try (InputStream file = Files.newInputStream(path)) {
      BertEncoder encoder = BertWeights.of(OnnxWeights.read(file), 12).encoder(); // 12 heads
      // end
      return encoder.embedDim();
    }
  }
}
